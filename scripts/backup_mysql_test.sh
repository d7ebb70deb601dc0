#!/bin/bash
# The order in which backup_mysql.sh does things, and its word on how it ended, with stand-ins for its
# tools: for what happens too rarely, or at too short a moment, to be provoked in lab/.

# A /run of its own: on this machine there may be real runs.
[[ ${IN_NAMESPACE-} == yes ]] || IN_NAMESPACE=yes exec unshare --mount "$0"
mount -t tmpfs none /run

source base/testing/shell.sh

app=$test_dir/app
bin=$app/bin
root=$test_dir/backups
log=$test_dir/log
mkdir -p "$bin" "$app/lib"
cp scripts/backup_mysql.sh "$app"
cp scripts/lib/steps.sh "$app/lib"
ln -s "$PWD/config/read_config" "$bin"

stand_in() { # TOOL [LINE...]
  printf '%s\n' '#!/bin/bash' "${@:2}" >"$bin/$1"
  chmod +x "$bin/$1"
}
for tool in unmount_snapshot snapshot_remove remove_leftovers check_room snapshot_create snapshot_await \
  mount_snapshot snapshot_check; do
  stand_in "$tool"
done
stand_in check_datadir 'echo bytes=1 files=1 subdirectory='
stand_in snapshot_watch 'echo bytes=1 files=1'
# Errors of the disk are told to who has had the root open since before the copy.
stand_in publish_backup "[[ \$* == *' --witness_fd=5'* && \$(readlink /proc/\$\$/fd/5) == $root ]] || exit 2" \
  "mkdir -p $root/backup_20260101_020000 && echo $root/backup_20260101_020000"
stand_in list_backups 'echo end 0'
# These read to the end, as the real ones do.
stand_in plan_retention 'exec cat'
stand_in expire_backups 'exec cat'
# after LINE...: what the lock's holder does once it has said that it has the lock.
after() {
  # shellcheck disable=SC2016  # the stand-in's own
  stand_in fsfreeze_lock 'for argument; do [[ $argument != --fifo=* ]] || fifo=${argument#*=}; done' \
    'mkfifo "$fifo"' 'echo locked connection_id=1' "$@"
}
# shellcheck disable=SC2016
holds() {
  after 'exec <"$fifo"' 'while read -r word; do' '  [[ $word != check ]] || echo held held_ms=1' \
    '  [[ $word != release ]] || break' 'done' 'rm "$fifo"' 'echo released held_ms=2'
}

# backup [KEY=VALUE...]
backup() {
  printf '%s\n' "LOG_FILE=$log" "BACKUP_ROOT=$root" "$@" >"$test_dir/mysql-backup.conf"
  chmod 600 "$test_dir/mysql-backup.conf"
  : >"$log"
  rm -rf "$root"
  run timeout --signal=KILL 60 "$app/backup_mysql.sh" --config="$test_dir/mysql-backup.conf"
}
expect_log() {
  grep -qE -- "$1" "$log" || fail "not in the log: $1: $(cat "$log")"
}
order_of() { # STEP|STEP...: in which these ended
  sed -nE "s/.* ($1): (OK|FAILED) .*/\\1/p" "$log" | paste -sd ' '
}

# --- all goes well
holds
backup
expect_exit 0
expect_log "end: OK .duration [0-9.]+ s, locked 2 ms, bytes=1 files=1, backup $root/backup_20260101_020000"
expect "the order: $(cat "$log")" test "$(order_of '[a-z]+')" = \
  'preflight quiesce snapshot mount rsync check unmount cleanup release publish retention end'

# --- whatever fails before it is published, nothing is
# fails TOOL CODE STEP CONDITION: where CONDITION holds of the tool's arguments.
fails() {
  mv "$bin/$1" "$test_dir/whole"
  stand_in "$1" "if $4; then" "  [[ \$1 != --reason_file=* ]] || echo 'as told' >>\"\${1#*=}\"" "  exit $2" 'fi' \
    "exec '$test_dir/whole' \"\$@\""
  backup
  mv "$test_dir/whole" "$bin/$1"
  expect_exit "$2"
  expect_log "$3: FAILED .*exit code $2.: as told"
  expect_log "end: FAILED .exit code $2, "
  expect "it was published" test ! -e "$root/backup_20260101_020000"
}
fails fsfreeze_lock 75 quiesce true
# shellcheck disable=SC2016  # the stand-in's own
fails snapshot_create 2 snapshot '[[ $* == *--prepared=* ]]'
fails mount_snapshot 2 mount true
fails snapshot_watch 3 rsync true
fails snapshot_check 3 check true
# What is left behind outweighs what failed first.
stand_in snapshot_remove "! grep -q 'rsync: FAILED' '$log' || exit 4"
stand_in snapshot_watch 'exit 2'
backup
expect_exit 4
expect_log 'end: FAILED .exit code 4, '
stand_in snapshot_remove
stand_in snapshot_watch 'echo bytes=1 files=1'

# --- a log that takes nothing costs no backup, and is told
log=/dev/full backup
expect_exit 2
expect_stderr "end: FAILED .exit code 2, .*backup $root/backup_20260101_020000"

# --- the copy fails: the server is unlocked before it is removed
# shellcheck disable=SC2016
stand_in snapshot_watch '[[ "$*" == *" --keep_failed "* ]] && exit 2' 'exit 1'
backup
expect_exit 2
expect "the order: $(cat "$log")" test "$(order_of 'rsync|release|discard')" = 'rsync release discard'
stand_in snapshot_watch 'echo bytes=1 files=1'

# --- with LOCK_SCOPE=snapshot the lock goes before LVM's command ends, or after it where that cannot be
# seen, and only once
for order in '0:release: OK:release snapshot' '2:snapshot: started:snapshot release'; do
  IFS=: read -r watcher step state steps <<<"$order"
  stand_in snapshot_await "exit $watcher"
  # shellcheck disable=SC2016
  stand_in snapshot_create "[[ \"\$*\" != *--prepared=* ]] || until grep -q '$step:$state' '$log'; do sleep 0.05; done"
  backup LOCK_SCOPE=snapshot
  expect_exit 0
  expect "the order: $(cat "$log")" test "$(order_of 'snapshot|release')" = "$steps"
done
stand_in snapshot_await
stand_in snapshot_create

# --- a backup root that cannot be made is no wrong usage
touch "$test_dir/file"
root=$test_dir/file/backups backup
expect_exit 2
expect_log "preflight: FAILED .*exit code 2.*$test_dir/file.*Not a directory"

# --- a record that cannot be kept would be missing from the manifest
ln -sf /dev/full /run/mysql-backup/records
backup
expect_exit 2
expect_log 'preflight: FAILED .*cannot write to /run/mysql-backup/records'
rm /run/mysql-backup/records

# --- a lock that cannot be had for another reason than another run
stand_in flock 'exit 71'
mount --bind "$bin/flock" /usr/bin/flock
on_exit umount /usr/bin/flock
backup
expect_exit 2
expect_log 'ERROR backup_mysql.sh: cannot lock /run/mysql-backup/lock'
umount /usr/bin/flock
undo=()

# --- the lock's holder is killed as it is told to let go: then nobody knows whether it had the lock
# shellcheck disable=SC2016
after 'exec <"$fifo"' 'read -r' 'echo held held_ms=1' 'read -r' 'kill -KILL $$'
backup
expect_exit 3
expect_log "release: FAILED .*exit code 3.*the lock's holder was ended by SIGKILL"
expect "it was published" test ! -e "$root/backup_20260101_020000"

# --- one that ends while a tool is at work, which then takes its time: the server was not locked for that
after 'sleep 0.2' 'exit 3'
# shellcheck disable=SC2016
stand_in mount_snapshot 'trap "kill \$!; sleep 2; exit 2" TERM' 'sleep 60 & wait'
backup
expect_exit 3
[[ $(<"$log") =~ duration\ ([0-9]+)\.([0-9]+)\ s,\ locked\ ([0-9]+)\ ms ]]
expect "the lock is said to have been held until the tool's end" \
  test "${BASH_REMATCH[3]}" -lt $((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]} - 1500))
stand_in mount_snapshot

# --- one that is stopped with more to say than is read is killed in the end
# shellcheck disable=SC2016
after 'echo and more' 'kill -STOP $$'
stand_in mount_snapshot 'exit 2'
backup
expect_exit 2
expect_log 'release: OK \(2[0-9]\.'
stand_in mount_snapshot
holds

# --- a signal reaches all of a pipeline, also what is stopped
stand_in expire_backups 'kill -STOP $$'
start timeout --signal=KILL 60 "$app/backup_mysql.sh" --config="$test_dir/mysql-backup.conf"
until pgrep --full "$bin/expire_backups" >"$test_dir/pid" && grep -q '^State:.*stopped' "/proc/$(<"$test_dir/pid")/status"; do
  kill -0 "$started"
  sleep 0.05
done
pkill -TERM --parent "$started" --full backup_mysql.sh
finish
expect_exit 2
expect "the stopped one is left" not kill -0 "$(<"$test_dir/pid")"
