#!/usr/bin/env bash
# sync_tree's progress: a bar on a terminal, lines in a log, nothing for a short copy.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

sync_tree=$PWD/syncer/sync_tree
root=$test_dir/root
copy=$root/.backup_20261123_020000.partial
mkdir "$root" "$test_dir/source"
head -c 5M /dev/urandom >"$test_dir/source/ibdata1"

# A stand-in that reports one state a tenth of a second, so that a copy takes as long as is needed.
cat >"$test_dir/slow" <<'SLOW'
#!/bin/bash
[[ " $* " != *' --include=*/ '* ]] || exec /usr/bin/rsync "$@"
for tenth in {1..15}; do
  printf '\r%15d %3d%%   10.00MB/s    0:00:09  ' "$((tenth * 262144))" "$((tenth * 5))"
  sleep 0.1
done
printf '\nentry >f+++++++++ 99aa06d3014798d86001c324468d497f 5242880 ibdata1\n'
SLOW
chmod +x "$test_dir/slow"

tool=("$sync_tree" --source="$test_dir/source" --destination="$copy")

# script(1) gives the command a terminal and keeps what is shown there.
on_terminal() {
  script -qec "$(printf '%q ' "$@")" "$test_dir/typescript" </dev/null
}

run on_terminal "${tool[@]}"
expect_exit 0
expect "no full bar with its end of line" \
  grep -qP '\r\[={30}\] 100%  5\.0 MiB  [0-9.]+ [KMG]iB/s  0:00:00 left\x1b\[K\r$' "$test_dir/typescript"
expect "no data line" grep -qP '^bytes=5242880 files=1\r$' "$test_dir/typescript"
rm -r "$copy"

# The bar moves.
run on_terminal "${tool[@]}" --rsync="$test_dir/slow"
expect_exit 0
expect "the bar does not move" \
  grep -qP '\r\[=+>? *\]  *[1-9][0-9]?%.*\r\[={30}\] 100%' "$test_dir/typescript"
expect "a log line beside the bar" bash -c "! grep -q INFO '$test_dir/typescript'"
rm -r "$copy"

# A failure takes the bar's line to its end before anything else is said.
cat >"$test_dir/failing" <<'FAILING'
#!/bin/bash
sleep 0.3
printf '\r 524288 6%% 1.0MB/s 0:00:01  \r'
exit 23
FAILING
chmod +x "$test_dir/failing"
run on_terminal "${tool[@]}" --rsync="$test_dir/failing"
expect_exit 2
expect "the error stands in the bar's line" grep -qP '^[^\r]*ERROR sync_tree' "$test_dir/typescript"
expect "no bar" grep -qP ' 10%  512.0 KiB' "$test_dir/typescript"

# On a descriptor of the caller's choice: the terminal shows the bar, stderr stays free of it.
# shellcheck disable=SC2016
run on_terminal bash -c '"$@" --progress_fd=3 3>&1 >"$0/out" 2>"$0/err"' "$test_dir" "${tool[@]}"
expect_exit 0
expect "no bar on descriptor 3" grep -q '100%' "$test_dir/typescript"
expect "no data line" test "$(cat "$test_dir/out")" = 'bytes=5242880 files=1'
expect "something on stderr" test ! -s "$test_dir/err"
rm -r "$copy"

# Without a terminal: now and then a line, and none for a short copy.
run "${tool[@]}" --rsync="$test_dir/slow" --progress_every=1
expect_exit 0
expect_stdout 'bytes=5242880 files=1'
expect_stderr 'INFO sync_tree: copied [0-9.]+ MiB, [0-9]+%, [0-9.]+ [KM]iB/s, 0:00:0[0-9] left$'
rm -r "$copy"
run "${tool[@]}" --progress_fd=99
expect_exit 0
expect_no_stderr
