#!/bin/bash
# replay_binlogs: where it begins and ends, with stand-ins for the server's programs. With these, and
# servers, it is at work in lab/cases/restore.sh.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

replay_binlogs=$PWD/restorer/replay_binlogs
backup=$test_dir/backup
binlogs=$test_dir/binlogs
uuid=3e11fa47-71ca-11e1-9e33-c80aa9429562
mkdir "$backup" "$binlogs"
for number in 7 8; do head -c 1000 /dev/zero >"$binlogs/binlog.00000$number"; done
export TZ=UTC

# What the backup says of the moment of its lock.
taken() { # RECORD...
  local text checksum
  text=$(printf '%s\n' 'mysql-backup-manifest 1' "$@")$'\n'
  checksum=$(printf '%s' "$text" | xxh128sum | cut -d ' ' -f 1)
  printf '%send entries=0 xxh128=%s\n' "$text" "$checksum" >"$backup/backup.manifest"
}
stub() { # NAME LINE...
  printf '%s\n' '#!/bin/bash' "${@:2}" >"$test_dir/$1"
  chmod +x "$test_dir/$1"
}
# What the reader says of the logs, and with which arguments it was called.
# shellcheck disable=SC2016
stub reader 'echo "$TZ" >"$0.zone"' "printf '%s\n' \"\$@\" >'$test_dir/arguments'" "cat '$test_dir/words' >&2" 'echo statements'
stub client "cat >'$test_dir/applied'"
replay() { # UNTIL [FLAG...]
  run "$replay_binlogs" --backup="$backup" --binlogs="$binlogs" --until="$1" --socket="$test_dir/socket" \
    --binlog_program="$test_dir/reader" --client="$test_dir/client" "${@:2}"
}
expect_refused() { # UNTIL PATTERN
  local how
  for how in --dry_run --nodry_run; do
    rm -f "$test_dir/applied"
    replay "$1" "$how"
    expect_exit 2
    expect_stderr "$2"
    expect "something was replayed" test ! -e "$test_dir/applied"
  done
}

run "$replay_binlogs" --help
expect_exit 0
replay yesterday
expect_exit 1

# --- an end that lies before the backup
mariadb='flavour=mariadb binlog_file=binlog.000007 binlog_position=400 gtid=0-1-42'
taken 'run started=2026-11-23T02:00:01+00:00' "locked connection_id=6 time=2026-11-23T02:00:02.500Z $mariadb"
: >"$test_dir/words"
expect_refused binlog.000007:399 "binlog.000007:399 is before binlog.000007:400, the backup's own: restore an older backup"
expect_refused '2026-11-23 02:00:02' "2026-11-23 02:00:02 is before 2026-11-23 02:00:02.500, the backup's own"
expect_refused 0-1-42 "0-1-42 is in the backup already, which has 0-1-42"
for until in '2026-11-23 02:00:03' binlog.000007:400 0-1-43; do
  replay "$until" --dry_run
  expect_exit 0
done
# One that does not tell the moment of its lock tells when its run began.
taken 'run started=2026-11-23T02:00:01+00:00' "locked connection_id=6 $mariadb"
expect_refused '2026-11-23 02:00:00' "2026-11-23 02:00:00 is before 2026-11-23 02:00:01"
replay '2026-11-23 02:00:01' --dry_run
expect_exit 0
taken "locked connection_id=6 flavour=mysql binlog_file=binlog.000007 binlog_position=400 gtid=$uuid:1-42"
expect_refused "$uuid:42" "$uuid:42 is in the backup already, which has $uuid:1-42: restore an older backup"
replay "$uuid:43" --dry_run
expect_exit 0

# --- beyond the last log
expect_refused binlog.000008:1001 'binlog.000008 ends at 1000, before the position 1001'
expect_refused binlog.000009:4 'the binary log after binlog.000008 is missing .in .*name the directory that has it'
# Of a time that is no end of the logs, but of what happened.
taken "locked connection_id=6 $mariadb"
echo 'WARNING: Did not reach stop datetime' >"$test_dir/words"
replay '2026-11-23 14:05:00'
expect_exit 0
expect_stderr 'WARNING .*Did not reach stop datetime'
expect "nothing was applied" test -s "$test_dir/applied"
expect "how the logs were read: $(cat "$test_dir/arguments")" test "$(paste -sd ' ' "$test_dir/arguments")" = \
  "--no-defaults --start-position=400 --stop-datetime=2026-11-23 14:05:00 $binlogs/binlog.000007 $binlogs/binlog.000008"
expect 'another time zone' test "$(cat "$test_dir/reader.zone")" = UTC
echo 'WARNING: Did not reach stop position' >"$test_dir/words"
replay 0-1-99
expect_exit 4
expect_stderr 'the binary logs end before the place at which the replay was to stop'

# --- a server without a binary log, and a program that is missing
taken 'locked connection_id=6 flavour=mariadb binlog_file= binlog_position=0 gtid='
expect_refused '2026-11-23 14:05:00' 'no binary log position: the server had its binary log switched off'
taken "locked connection_id=6 $mariadb"
replay 0-1-99 --client=/no/such/client --dry_run
expect_exit 2
expect_stderr 'cannot run /no/such/client: No such file or directory; install the client package'

# --- a statement that fails: what came before is applied
stub client 'echo "ERROR 1050 at line 7" >&2; exit 1'
: >"$test_dir/words"
replay 0-1-99
expect_exit 4
expect_stderr 'ERROR 1050 at line 7; what came before is applied, so restore again'
