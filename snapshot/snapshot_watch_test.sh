#!/bin/bash
# snapshot_watch beside commands of all kinds, with an lvm program that says what the test wants.
# The real one is met in the lab.

source base/testing/shell.sh
watch=$PWD/snapshot/snapshot_watch

# lvs runs $on_lvs, vgs $on_vgs, lvextend $on_lvextend; calls are recorded.
state=$test_dir/state
calls=$test_dir/calls
cat >"$test_dir/lvm" <<END
#!/bin/bash
exec 9>"$test_dir/lock"
flock 9
echo "\$*" >>"$calls"
. "$test_dir/on_\$1"
END
chmod +x "$test_dir/lvm"
# Percentage and MiB of the snapshot, the group's free MiB.
given() { # PERCENT SIZE FREE [ATTRIBUTES]
  snapshot "$@" >"$state"
  echo "cat '$state'" >"$test_dir/on_lvs"
  echo "echo '  $(($3 << 20))|4194304'" >"$test_dir/on_vgs"
  # The size asked for, and the same bytes in use.
  cat >"$test_dir/on_lvextend" <<END
sed -i "s/|$(($2 << 20))|$1|/|\${3%b}|10.00|/" "$state"
END
  : >"$calls"
}
snapshot() {
  printf '  %s\n' 'lv_mysql_data||owi-aos---||1258291200||/dev/vg_mysql/lv_mysql_data|254|0||'
  printf '  %s\n' "mysql_snapshot|lv_mysql_data|${4-swi-aos---}|mysql_lvm_backup|$(($2 << 20))|$1|/dev/vg_mysql/mysql_snapshot|254|3||"
}
# The state for the looks from now on; one that has begun is let finish.
then_given() {
  snapshot "$@" >"$state.new"
  flock "$test_dir/lock" mv "$state.new" "$state"
}
looks() { grep -c '^lvs' "$calls"; }
# So often, and the command is under way.
looked() { (($(looks) >= $1)) && grep -qs started "$test_dir/stdout"; }

# begin [FLAG...] -- COMMAND...: in the background, looking every second.
begin() {
  start "$watch" --lvm="$test_dir/lvm" --interval=1 "$@"
}
watch_run() {
  run "$watch" --lvm="$test_dir/lvm" --interval=1 "$@"
}

# A command that waits to be told: by SIGTERM, or by a file.
cat >"$test_dir/copy" <<END
#!/bin/bash
trap 'echo cleaned; exit \$(cat "$test_dir/on_term")' TERM
echo \$\$ >"$test_dir/copy.pid"
echo started
until [[ -e $test_dir/go ]]; do sleep 0.02; done
rm "$test_dir/go"
END
chmod +x "$test_dir/copy"
echo 2 >"$test_dir/on_term"

# --- wrong usage
run "$watch" --help
expect_exit 0
expect_no_stderr
expect "the exit codes are not in --help" grep -q '^  3  ' "$test_dir/stdout"
for bad in --bogus=1 --vg= --lvm=lvm --max_size=1X --max_size=0 --interval=0 --deadline=0; do
  run "$watch" "$bad" -- /bin/echo ran
  expect_exit 1
  expect_stdout ''
done
for command in '' echo; do
  run "$watch" -- "$command"
  expect_exit 1
  expect_stderr 'a command with an absolute path is needed'
done
run "$watch"
expect_exit 1

# --- the command is as without the watch: streams, arguments, exit code
given 0.00 100 0
cat >"$test_dir/command" <<'END'
#!/bin/bash
cat
printf '[%s]' "$@"
ls /proc/self/fd >&2
exit 75
END
chmod +x "$test_dir/command"
run bash -c "echo given | \"\$@\" 7</dev/null" bash "$watch" --lvm="$test_dir/lvm" -- "$test_dir/command" --vg=x 'a b' ''
expect_exit 75
expect_stdout "given
[--vg=x][a b][]"
expect_stderr "ERROR snapshot_watch: $test_dir/command ended with exit code 75"
expect "descriptors above 2 came through" test "$(grep -xE '[0-9]+' "$test_dir/stderr" | tr '\n' ' ')" = '0 1 2 3 '
watch_run -- /bin/true
expect_exit 0
expect_no_stderr
watch_run -- /nonexistent/copy
expect_exit 2
expect_stderr 'cannot run /nonexistent/copy: No such file'
# shellcheck disable=SC2016
watch_run -- /bin/bash -c 'kill -KILL $$'
expect_exit 2
expect_stderr '/bin/bash was killed by SIGKILL'

# --- a line at each tenth passed, and none for what has not changed
given 1.00 100 0
begin -- "$test_dir/copy"
wait_for looked 2
then_given 34.00 100 0
seen=$(looks)
wait_for looked $((seen + 3))
touch "$test_dir/go"
finish
expect_exit 0
expect "not one line" test "$(wc -l <"$test_dir/stderr")" = 1
expect_stderr 'INFO snapshot_watch: the snapshot vg_mysql/mysql_snapshot is 34 % full \(34 of 100 MiB\), and will be full in [0-9]+s at the present rate'
expect_stdout started

# --- no limit: one warning, in time, and no extension
given 72.00 100 4096
begin -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect "not one warning" test "$(grep -c WARNING "$test_dir/stderr")" = 1
expect_stderr 'WARNING .*is 72 % full \(72 of 100 MiB\); .*not extended: SNAPSHOT_MAX_SIZE is not set.*lvextend --size \+100M vg_mysql/mysql_snapshot'
expect "extended" not grep -q lvextend "$calls"

# --- a limit and room
given 72.00 100 4096
begin --max_size=1G -- "$test_dir/copy"
wait_for grep -q lvextend "$calls"
seen=$(looks)
wait_for looked $((seen + 2))
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'INFO .*is 72 % full .*: extended to 152 MiB'
expect "how lvextend was called" test "$(grep lvextend "$calls")" = 'lvextend --size 159383552b vg_mysql/mysql_snapshot'
expect "a warning" not grep -q WARNING "$test_dir/stderr"
expect "our own extension was taken for another's" not grep -q 'not by this program' "$test_dir/stderr"

# --- far from full, but filling fast
given 1.00 1000 4096
begin --max_size=100G -- "$test_dir/copy"
wait_for looked 1
then_given 40.00 1000 4096
sed -i 's/|1.00|/|40.00|/' "$test_dir/on_lvextend"
wait_for grep -q lvextend "$calls"
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'is 40 % full .* will be full in [0-9.]+s .*: extended to '

# --- a group without room; lvextend that fails: warnings that say so, and the copy goes on
given 72.00 100 0
begin --max_size=1G -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'WARNING .*is 72 % full .*not extended: the volume group has no free extents.*vgextend'
expect "not one warning" test "$(grep -c WARNING "$test_dir/stderr")" = 1
given 72.00 100 4096
echo 'echo "  no luck" >&2; exit 5' >"$test_dir/on_lvextend"
begin --max_size=1G -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'WARNING .*not extended: .*lvextend failed: exit code 5: no luck'
expect "not one warning" test "$(grep -c WARNING "$test_dir/stderr")" = 1

# --- somebody else extends it
given 50.00 100 0
begin -- "$test_dir/copy"
wait_for looked 1
then_given 25.00 200 0
seen=$(looks)
wait_for looked $((seen + 2))
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'INFO .*was extended from 100 MiB, not by this program .*is 25 % full \(50 of 200 MiB\)'

# --- lost: the command is ended at once, cleans up, and its exit code does not count
for lost in '50.00 100 0 swi-Ios---' '100.00 100 0' gone; do
  given 50.00 100 0
  begin -- "$test_dir/copy"
  wait_for looked 1
  if [[ $lost == gone ]]; then
    snapshot 0 0 0 | sed -n 1p >"$state"
  else
    # shellcheck disable=SC2086
    then_given $lost
  fi
  finish
  expect_exit 3
  expect_stdout "started
cleaned"
  expect_stderr 'WARNING .*ending .*/copy: '
  expect_stderr 'ERROR .*(is not valid: it has overflowed|there is no snapshot)'
done

# --- a thin pool: its use is told, it is never extended, and before it is full the command is ended
given_pool() { # DATA METADATA
  printf '  %s\n' 'lv_mysql_data||Vwi-aotz--||1258291200|9.00|/dev/vg_mysql/lv_mysql_data|254|5|pool|' \
    "pool||twi-aotz--||$((1000 << 20))|$1||254|4||$2" \
    'mysql_snapshot|lv_mysql_data|Vwi-aotz--|mysql_lvm_backup|1258291200|9.00|/dev/vg_mysql/mysql_snapshot|254|6|pool|' \
    >"$state.new"
  mv "$state.new" "$state"
}
given 0.00 100 4096
given_pool 94.00 20.00
begin --max_size=100G -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'INFO .*the thin pool vg_mysql/pool is 94 % full \(940 of 1000 MiB\)'
expect_stderr 'WARNING .*the thin pool vg_mysql/pool is 94 % full .*, its metadata 20 %; once it is full the server cannot write. Extend it now: lvextend --size \+1G vg_mysql/pool,'
expect "more was said" test "$(wc -l <"$test_dir/stderr")" = 2
expect "extended" not grep -q lvextend "$calls"
# By its data, by its metadata, and by the rate at which it fills.
for states in '98.90 20.00 99.00 20.00' '94.00 20.00 94.00 90.00' '60.00 20.00 96.00 20.00'; do
  read -r data metadata then_data then_metadata <<<"$states"
  given_pool "$data" "$metadata"
  : >"$calls"
  begin -- "$test_dir/copy"
  wait_for looked 2
  given_pool "$then_data" "$then_metadata"
  until ! kill -0 "$started" 2>/dev/null || looked 8; do sleep 0.05; done
  touch "$test_dir/go" # which a watch that works does not need
  finish
  rm -f "$test_dir/go"
  expect_exit 3
  expect_stdout "started
cleaned"
  expect_stderr 'ERROR .*the thin pool vg_mysql/pool is 9. % full .*so the copy ends here'
done

# --- lost, and the command leaves something behind: that is what has to be known
echo 4 >"$test_dir/on_term"
given 50.00 100 0 swi-Ios---
begin -- "$test_dir/copy"
finish
expect_exit 4
expect_stderr 'ERROR .*has overflowed.*; .*/copy ended with exit code 4'
echo 2 >"$test_dir/on_term"

# --- lost, and the command is stopped
given 50.00 100 0
begin -- "$test_dir/copy"
wait_for looked 1
kill -STOP "$(cat "$test_dir/copy.pid")"
then_given 100.00 100 0
finish
expect_exit 3

# --- the command fails for the loss before the watch has seen it
given 50.00 100 0
begin --interval=1000 -- "$test_dir/copy"
wait_for looked 1
then_given 100.00 100 0
kill -TERM "$(cat "$test_dir/copy.pid")"
finish
expect_exit 3
expect_stderr 'has overflowed.*; .*/copy ended with exit code 2'
# It fails for another reason.
given 50.00 100 0
watch_run -- /bin/false
expect_exit 1
# It succeeds: then the watch has nothing to say, and snapshot_check has.
given 50.00 100 0
begin --interval=1000 -- "$test_dir/copy"
wait_for looked 1
then_given 100.00 100 0
touch "$test_dir/go"
finish
expect_exit 0

# --- lvs fails once, or knows nothing: a warning, and the copy goes on
given 5.00 100 0
printf '%s\n' "if ! test -e '$test_dir/failed'; then touch '$test_dir/failed'; echo '  oops' >&2; exit 5; fi" \
  "cat '$state'" >"$test_dir/on_lvs"
begin -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'WARNING .*cannot see how full.*lvs failed: exit code 5: oops'
expect_stderr 'INFO .*can be seen again'
expect "more was said" test "$(wc -l <"$test_dir/stderr")" = 2
for unknown in '5.00 100 0 swi-Xos---' '5.00 100 0 swi-sos---'; do
  # shellcheck disable=SC2086
  given $unknown
  begin -- "$test_dir/copy"
  wait_for looked 3
  touch "$test_dir/go"
  finish
  expect_exit 0
  expect_stderr 'WARNING .*cannot see how full.*LVM cannot tell'
  expect "more was said" test "$(wc -l <"$test_dir/stderr")" = 1
done
watch_run --lvm=/nonexistent/lvm -- /bin/sleep 1
expect_exit 0
expect_stderr 'WARNING .*cannot run /nonexistent/lvm'

# --- lvs hangs: past its deadline it is a warning; the end of the command does not wait for it
given 5.00 100 0
echo 'exec sleep 1000' >"$test_dir/on_lvs"
begin --deadline=1 -- "$test_dir/copy"
wait_for looked 2
touch "$test_dir/go"
finish
expect_exit 0
expect_stderr 'WARNING .*cannot see how full.*no end within 1s'
began=$SECONDS
begin --deadline=1000 -- "$test_dir/copy"
wait_for looked 3
touch "$test_dir/go"
finish
expect_exit 0
expect "the command's end waited for lvs" test $((SECONDS - began)) -lt 20
expect_no_stderr

# --- a signal: the command gets it first, also while lvs hangs
for on_term in 2 4 9 0; do
  echo "$on_term" >"$test_dir/on_term"
  : >"$calls"
  begin --deadline=1000 -- "$test_dir/copy"
  wait_for looked 1
  kill -TERM "$started"
  finish
  expect_exit $((on_term == 0 ? 2 : on_term))
  expect_stdout "started
cleaned"
  expect_stderr 'ERROR .*interrupted by SIGTERM'
done

# --- the watch is killed outright: the command is asked to end
given 5.00 100 0
begin -- "$test_dir/copy"
wait_for looked 1
kill -KILL "$started"
finish
expect_exit 137
until grep -q cleaned "$test_dir/stdout"; do sleep 0.05; done
