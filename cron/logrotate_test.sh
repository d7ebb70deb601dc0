#!/bin/bash
# The logrotate file, by the real logrotate, on a log that a run is writing to.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

readonly log=$test_dir/mysql_backup.log config=$test_dir/config state=$test_dir/state

expect 'this test runs as root' test "$(id -u)" = 0
expect 'logrotate is installed (Debian package logrotate)' test -x /usr/sbin/logrotate

# logrotate trusts only files and directories that others cannot write to.
chmod 0700 "$test_dir"
sed "s|/var/log/mysql_backup.log|$log|" cron/mysql-backup.logrotate >"$config"
expect 'the log is named once' test "$(grep -c "^$log {" "$config")" = 1
chmod 0644 "$config"

# rotate: as logrotate does when the month is over.
rotate() {
  run /usr/sbin/logrotate --force --state "$state" "$config"
  expect_exit 0
  expect_no_stderr
}

# The file itself, without the substitution.
install -m 0644 cron/mysql-backup.logrotate "$test_dir/original"
run /usr/sbin/logrotate --debug --state "$state" "$test_dir/original"
expect_exit 0
expect_stderr 'considering log /var/log/mysql_backup.log'
expect 'no complaint' test -z "$(grep -i error "$test_dir/stderr")"

# No log yet, and an empty one: nothing to do, no error.
rotate
expect 'no log made' test ! -e "$log"
: >"$log"
rotate
expect 'an empty log stays' test ! -e "$log.1"

# In the middle of a run, which holds the log open as cron's >> does.
exec 3>>"$log"
echo 'before' >&3
rotate
echo 'after' >&3
expect 'the run goes on in the renamed file' test "$(cat "$log.1")" = $'before\nafter'
expect 'the new log is there and empty' test -e "$log" -a ! -s "$log"
expect 'mode and owner of the new log' test "$(stat -c '%a %U %G' "$log")" = '640 root adm'
exec 3>&-

# The next rotation compresses it, with every line.
echo 'second run' >>"$log"
rotate
expect 'compressed with every line' test "$(zcat "$log.2.gz")" = $'before\nafter'
expect 'the last one is plain' test "$(cat "$log.1")" = 'second run'

# Twelve are kept.
for i in {3..20}; do
  echo "run $i" >>"$log"
  rotate
done
expect 'twelve old logs' test "$(find "$test_dir" -name 'mysql_backup.log.*' | wc -l)" = 12
expect 'the newest is kept' test "$(cat "$log.1")" = 'run 20'
expect 'the oldest that is kept' test "$(zcat "$log.12.gz")" = 'run 9'
