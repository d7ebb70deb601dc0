#!/bin/bash
# What backup_mysql.sh, verify_restore.sh and restore_mysql.sh do before anything is touched, and with their log. See
# backup_mysql_test.sh for whole runs with stand-ins, and lab/cases for real ones.

# A /run of its own: on this machine there may be real runs.
[[ ${IN_NAMESPACE-} == yes ]] || IN_NAMESPACE=yes exec unshare --mount "$0"
mount -t tmpfs none /run

source base/testing/shell.sh

# As installed, and where every user reaches it.
installed=$(mktemp -d /var/tmp/scripts_test.XXXXXX)
on_exit rm -rf "$installed"
chmod 755 "$installed"
app=$installed/app
mkdir -p "$app/bin" "$app/lib"
cp scripts/{backup_mysql,verify_restore,restore_mysql}.sh "$app"
cp scripts/lib/steps.sh "$app/lib"
for tool in */*; do
  [[ -x $tool && -f $tool && $tool != *.sh && $tool != *_test ]] && ln -s "$PWD/$tool" "$app/bin"
done
config=$test_dir/mysql-backup.conf
log=$test_dir/log
configure() { # LINE...
  printf '%s\n' "LOG_FILE=$log" "BACKUP_ROOT=$test_dir/backups" "$@" >"$config"
  chmod 600 "$config"
}

# A tool's help fits a page, and its usage line names each flag that it asks for when it is left out.
for tool in "$app"/bin/*; do
  usage=$("$tool" --help | sed -n 's/^Usage: //p')
  expect "${tool##*/} has no usage line" test -n "$usage"
  wide=$("$tool" --help | sed -nE '/^.{101}/p')
  expect "${tool##*/} --help has a long line: $wide" test -z "$wide"
  given=()
  for _ in 1 2 3 4; do
    run "$tool" "${given[@]}" </dev/null
    [[ $(<"$test_dir/stderr") =~ --([a-z_]+)\ is\ needed ]] || break
    flag=${BASH_REMATCH[1]}
    expect "--$flag is not in: $usage" grep -q -e "--$flag=" <<<"$usage"
    given+=("--$flag=$([[ $usage == *"--$flag=N"* ]] && echo 0 || echo /nonexistent/x)")
  done
done

for script in backup_mysql.sh verify_restore.sh restore_mysql.sh; do
  needed=()
  [[ $script != restore_mysql.sh ]] || needed=(--target="$test_dir/target")
  # Nor is a function of the caller's run, which would come before any program.
  run env "BASH_FUNC_readlink%%=() { touch '$test_dir/hostile'; command readlink \"\$@\"; }" "$app/$script" --help
  expect_exit 0
  expect "a function of the caller's was run by $script" test ! -e "$test_dir/hostile"
  run "$app/$script" --help
  expect_exit 0
  expect_no_stderr
  expect "--help of $script" grep -q "^Usage: $script" "$test_dir/stdout"
  expect "--help of $script has no exit codes" grep -q '^  75 ' "$test_dir/stdout"

  for bad in --bogus --config= --config "--help=no" extra $'a\nb' ''; do
    run "$app/$script" "$bad"
    expect_exit 1
    expect_stdout ''
    expect_stderr "^$script: unknown argument '"
  done

  run setpriv --reuid=65534 --regid=65534 --clear-groups "$app/$script" "${needed[@]}"
  expect_exit 2
  expect_stderr 'not running as root.*use sudo'

  run "$app/$script" "${needed[@]}" --config="$test_dir/missing.conf"
  expect_exit 2
  expect_stderr 'ERROR read_config: .*missing.conf'

  configure 'KEPP=7' 'KEEP=0'
  run "$app/$script" "${needed[@]}" --config="$config"
  expect_exit 2
  expect_stderr "ERROR read_config: $config:3: .*KEPP"
  expect_stderr "ERROR read_config: $config:4: .*KEEP"
  expect "a log was begun" test ! -e "$log"

  configure
  chmod 666 "$config"
  run "$app/$script" "${needed[@]}" --config="$config"
  expect_exit 2
  expect_stderr 'chmod'
  expect "something was made" test ! -e "$test_dir/target"
done

# --- a restore is told where, and until when by what
run "$app/restore_mysql.sh"
expect_exit 1
expect_stderr '^restore_mysql.sh: --target=DIR is needed; see restore_mysql.sh --help$'
for half in '--until=2026-11-23 14:05:00' --binlogs=/nowhere; do
  run "$app/restore_mysql.sh" --target="$test_dir/target" "$half"
  expect_exit 1
  expect_stderr '^restore_mysql.sh: --until and --binlogs are needed together'
done

# --- a run that fails before the lock: the log tells the whole of it, stderr and stdout nothing
configure VG=vg_none SOCKET="$test_dir/none.sock"
run "$app/backup_mysql.sh" --config="$config"
expect_exit 2
expect_stdout ''
expect_no_stderr
form='^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2} (INFO|WARNING|ERROR) [a-z_.]+: '
expect "a line of another form" not grep -vE "$form" "$log"
expect "start" grep -q ' INFO backup_mysql.sh: start: vg_none/lv_mysql_data to ' "$log"
expect "step" grep -q ' INFO backup_mysql.sh: preflight: started$' "$log"
# There is no such group; and on a machine without LVM not even that can be told.
expect "reason" grep -qE ' ERROR backup_mysql.sh: preflight: FAILED \([0-9.]+ s, exit code 2\): .*(vg_none|/usr/sbin/lvm)' "$log"
expect "end" grep -qE ' ERROR backup_mysql.sh: end: FAILED \(exit code 2, duration ' "$log"
expect "the log can be read by others" test "$(stat -c %a "$log")" = 600
expect "the backup root was made" test ! -e "$test_dir/backups"

# --- the variables of whoever calls are not the run's
lines=$(wc -l <"$log")
run env mounted=x snapshotted=x half_done=x published=x holder=none log_failed=x locked_ms=7 exit_code=75 \
  "$app/backup_mysql.sh" --config="$config"
expect_exit 2
expect_no_stderr
expect "the log is another" test "$(wc -l <"$log")" = $((lines * 2))
head -n "$lines" "$log" >"$test_dir/log.first"
mv "$test_dir/log.first" "$log"

# --- appended to, and copied to a terminal
lines=$(wc -l <"$log")
run script --quiet --return --command "'$app/backup_mysql.sh' --config='$config'" "$test_dir/typescript"
expect_exit 2
expect "the log was not appended to" test "$(wc -l <"$log")" = $((lines * 2))
expect "nothing on the terminal" grep -q 'backup_mysql.sh: end: FAILED' "$test_dir/typescript"

# --- a log that cannot be written is no reason to stop, but to say so
configure VG=vg_none
sed -i "s|^LOG_FILE=.*|LOG_FILE=$test_dir/no/such/directory/log|" "$config"
run "$app/backup_mysql.sh" --config="$config"
expect_exit 2
expect_stderr 'ERROR backup_mysql.sh: cannot write to the log .*/no/such/directory/log'
expect_stderr 'backup_mysql.sh: end: FAILED'
sed -i 's|^LOG_FILE=.*|LOG_FILE=/dev/full|' "$config"
run "$app/backup_mysql.sh" --config="$config"
expect_exit 2
expect_stderr 'backup_mysql.sh: end: FAILED'
# A run in which nothing else goes wrong fails for its log alone.
mkdir -p "$test_dir/ok/bin" "$test_dir/ok/lib"
cp scripts/verify_restore.sh "$test_dir/ok"
cp scripts/lib/steps.sh "$test_dir/ok/lib"
for tool in unmount_snapshot mount_backup check_manifest scratch_server keep_verdict; do
  printf '#!/bin/sh\nexit 0\n' >"$test_dir/ok/bin/$tool"
done
printf '#!/bin/sh\nprintf "backup_20260101_020000\\nend 1\\n"\n' >"$test_dir/ok/bin/list_backups"
chmod +x "$test_dir"/ok/bin/*
ln -s "$app/bin/read_config" "$test_dir/ok/bin"
run "$test_dir/ok/verify_restore.sh" --config="$config"
expect_exit 2
expect_stderr 'verify_restore.sh: end: FAILED .exit code 2, good'
sed -i "s|^LOG_FILE=.*|LOG_FILE=$log|" "$config"
run "$test_dir/ok/verify_restore.sh" --config="$config"
expect_exit 0
# The command's own exit codes, or those of a program that was killed, mean nothing to who runs it.
for code in 37 137; do
  printf '#!/bin/sh\nexit %s\n' "$code" >"$test_dir/ok/bin/scratch_server"
  run "$test_dir/ok/verify_restore.sh" --config="$config"
  expect_exit 2
  expect_stdout "unknown backup=$test_dir/backups/backup_20260101_020000"
done
: >"$log"

# --- verification: no backups at all, then none in the root
configure
run "$app/verify_restore.sh" --config="$config"
expect_exit 2
expect_stdout 'unknown backup=none'
mkdir "$test_dir/backups"
run "$app/verify_restore.sh" --config="$config"
expect_exit 3
expect_stdout 'unknown backup=none'
expect "reason" grep -q "preflight: FAILED .*there is no backup in $test_dir/backups" "$log"

mkdir "$test_dir/backups/backup_20260101_020000"
for name in backup_20260102_020000 'end 1' ../backups/backup_20260101_020000; do
  run "$app/verify_restore.sh" --config="$config" --backup="$name"
  expect_exit 3
  expect_stdout 'unknown backup=none'
  expect "reason" grep -q "preflight: FAILED .*there is no backup '$name' in $test_dir/backups" "$log"
done
# One without a manifest is neither good nor bad.
run "$app/verify_restore.sh" --config="$config" --backup=backup_20260101_020000
expect_exit 2
expect_stdout "unknown backup=$test_dir/backups/backup_20260101_020000"
expect "reason" grep -q 'manifest: FAILED .*/backup.manifest: No such file .*before there were manifests.*--without-manifest' "$log"
rmdir "$test_dir/backups/backup_20260101_020000"

# --- while another run has the lock
configure VG=vg_none
for pair in backup_mysql.sh:/run/mysql-backup verify_restore.sh:/run/mysql-backup-verify \
  restore_mysql.sh:/run/mysql-backup-restore; do
  mkdir -p "${pair#*:}"
  needed=()
  [[ $pair != restore_mysql.sh:* ]] || needed=(--target="$test_dir/target")
  flock "${pair#*:}/lock" "$app/${pair%%:*}" "${needed[@]}" --config="$config" >"$test_dir/stdout" && fail 'exit code 0'
  test_exit=$?
  expect_exit 75
  expect "the holder is not named" grep -q "another run is under way: it holds ${pair#*:}/lock" "$log"
done

# --- a signal is not lost while a file is read: bash had lost one in four here
cat >"$test_dir/reader.sh" <<'END'
here=/ source "$1/lib/steps.sh"
at_the_end :
echo line >"$2"
(sleep "$3" && kill -TERM "$$") &
while first_line "$2"; do :; done
END
for milliseconds in {11..40}; do
  run timeout --signal=KILL 10 bash "$test_dir/reader.sh" "$app" "$test_dir/line" "0.0$milliseconds"
  expect_exit 2
done

# --- a job that a signal ended while another was waited for is not waited for until the lock's holder ends
cat >"$test_dir/waiter.sh" <<'END'
here=/ source "$1/lib/steps.sh"
sleep 100 &
holder=$!
sleep 100 &
maker=$!
sleep 0.5 &
watcher=$!
kill -KILL "$maker"
await "$watcher" || exit 1
await "$maker"
status=$?
kill "$holder"
exit "$status"
END
run timeout 20 bash "$test_dir/waiter.sh" "$app"
expect_exit 137
