#!/bin/bash
# read_config, run on files of all kinds.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

readonly tool=config/read_config
readonly file=$test_dir/test.conf

readonly defaults='VG=vg_mysql
LV=lv_mysql_data
SNAPSHOT=mysql_snapshot
SNAPSHOT_SIZE=1G
SNAPSHOT_MAX_SIZE=
MOUNT_POINT=/mnt/mysql_snapshot
DATADIR=/var/lib/mysql
BACKUP_ROOT=/backups/mysql
KEEP=7
LOG_FILE=/var/log/mysql_backup.log
SOCKET=
DEFAULTS_FILE=
SERVER_OPTIONS_FILE=
LOCK_SCOPE=backup
LOCK_WAIT=5
LOCK_MAX_HOLD=3600
REUSE=none
COPY_JOBS=
COPY_RATE=
COPY_PRIORITY=normal'

expect 'this test runs as root' test "$(id -u)" = 0
umask 022

run "$tool" --help
expect_exit 0
expect 'help names the flag' grep -q -- '--config' "$test_dir/stdout"
expect_no_stderr

run "$tool" --colour
expect_exit 1
expect_stdout ''
expect_stderr 'colour'

run "$tool" --config=
expect_exit 1
expect_stderr 'ERROR read_config: --config is empty'

run "$tool" "$file"
expect_exit 1
expect_stderr 'unexpected argument'

# The file that is installed: as it is, and with every line of settings in force.
cp config/mysql-backup.conf "$file"
run "$tool" --config="$file"
expect_exit 0
expect_stdout "$defaults"
expect_no_stderr

sed -E 's/^#([A-Z_]+=)/\1/' config/mysql-backup.conf >"$file"
expect 'the installed file has every key once, in the order of the output' \
  diff <(grep -oE '^[A-Z_]+=' "$file") <(grep -oE '^[A-Z_]+=' <<<"$defaults")
run "$tool" --config="$file"
expect_exit 0
expect_stdout "$defaults"
expect_no_stderr

# What the scripts do with the output.
cat >"$file" <<'END'
# weekly
  KEEP = 0004
BACKUP_ROOT=/my backups//mysql/
SOCKET=/run/db\1.sock
END
run "$tool" --config="$file"
expect_exit 0
expect_no_stderr
declare -A config=()
while IFS='=' read -r key value; do
  config[$key]=$value
done <"$test_dir/stdout"
expect 'all keys' test "${#config[@]}" = "$(wc -l <<<"$defaults")"
expect 'number without zeros' test "${config[KEEP]}" = 4
expect 'path in its plain form' test "${config[BACKUP_ROOT]}" = '/my backups/mysql'
expect 'backslash kept' test "${config[SOCKET]}" = '/run/db\1.sock'
expect 'empty value' test "${config[DEFAULTS_FILE]-unset}" = ''
expect 'default' test "${config[VG]}" = vg_mysql

# Everything wrong is told in one go, and nothing goes to stdout.
printf 'KEEP=0\nVG="vg"\nbell=\a\n' >"$file"
run "$tool" --config="$file"
expect_exit 2
expect_stdout ''
expect_stderr "ERROR read_config: $file:1: KEEP=0: must be a whole number from 1 to 9999"
expect_stderr "ERROR read_config: $file:2: VG=\"vg\": quotes"
expect_stderr "ERROR read_config: $file:3: contains a control character"
expect_stderr "configuration $file is not used: 3 error"
expect 'one line an event' test "$(wc -l <"$test_dir/stderr")" = 4

# Who may write to it.
echo KEEP=3 >"$file"
for mode in 0620 0602 0664 0666; do
  chmod "$mode" "$file"
  run "$tool" --config="$file"
  expect_exit 2
  expect_stdout ''
  expect_stderr "configuration $file can be written by others.*chmod go-w $file"
done
for mode in 0400 0600 0644; do
  chmod "$mode" "$file"
  run "$tool" --config="$file"
  expect_exit 0
done
chown 65534 "$file"
run "$tool" --config="$file"
expect_exit 2
expect_stdout ''
expect_stderr "configuration $file belongs to user 65534.*chown root:root $file"

# A link counts for what it leads to.
ln -s "$file" "$test_dir/link"
run "$tool" --config="$test_dir/link"
expect_exit 2
expect_stderr 'belongs to user 65534'
chown root "$file"
run "$tool" --config="$test_dir/link"
expect_exit 0
expect 'read through the link' grep -qx KEEP=3 "$test_dir/stdout"

# What is no file of text.
run "$tool" --config="$test_dir/missing"
expect_exit 2
expect_stdout ''
expect_stderr "cannot read configuration $test_dir/missing: No such file or directory"
ln -s nowhere "$test_dir/dangling"
run "$tool" --config="$test_dir/dangling"
expect_exit 2
expect_stderr 'No such file or directory'
mkfifo "$test_dir/fifo"
for path in "$test_dir" "$test_dir/fifo" /dev/null; do
  run "$tool" --config="$path"
  expect_exit 2
  expect_stdout ''
  expect_stderr "cannot read configuration $path: it is not a regular file"
done
head -c 70000 /dev/zero >"$file"
run "$tool" --config="$file"
expect_exit 2
expect_stderr 'longer than 64 KiB'

# The default file: in a mount namespace of its own, /etc is what this test says.
default_file() {
  # shellcheck disable=SC2016 # the inner shell's
  run unshare --mount --propagation=private /bin/bash -c \
    'mount -t tmpfs none /etc && eval "$1" && exec "$2"' bash "$1" "$tool"
}
default_file true
expect_exit 0
expect_stdout "$defaults"
expect_stderr 'INFO read_config: no /etc/mysql-backup.conf: every key has its default'
default_file 'echo KEEP=2 >/etc/mysql-backup.conf'
expect_exit 0
expect_no_stderr
expect 'the default file is read' grep -qx KEEP=2 "$test_dir/stdout"
default_file 'ln -s nowhere /etc/mysql-backup.conf'
expect_exit 2
expect_stdout ''
expect_stderr 'cannot read configuration /etc/mysql-backup.conf: No such file or directory'

# An output that cannot be written is no success.
if "$tool" --config=config/mysql-backup.conf >/dev/full 2>"$test_dir/stderr"; then
  fail 'expected a failure on a full device'
fi
