#!/bin/bash
# fsfreeze_lock against a real server.

source base/testing/shell.sh
source base/testing/mariadb.sh
lock=$PWD/quiesce/fsfreeze_lock
fifo=$server_dir/fifo

# start_lock [FLAG...]: in the background, its answers on descriptor 7, its fifo on 8 once locked.
start_lock() {
  mkfifo "$test_dir/answers"
  # A shell starts what runs in the background with INT ignored.
  env --default-signal=INT "$lock" --socket="$socket" --fifo="$fifo" --max_hold=60 "$@" >"$test_dir/answers" \
    2>"$test_dir/stderr" &
  lock_pid=$!
  exec 7<"$test_dir/answers"
  rm "$test_dir/answers"
  read -r -u 7 locked || fail "not locked: $(cat "$test_dir/stderr")"
  exec 8>"$fifo"
}

# Waits for the holder's end; its exit code is then what expect_exit looks at.
end_lock() {
  test_command=fsfreeze_lock
  cat <&7 >"$test_dir/stdout"
  test_exit=0
  wait "$lock_pid" || test_exit=$?
  exec 7<&- 8>&-
  expect "the fifo is left behind" test ! -e "$fifo"
}

# A write waits for as long as the lock is held.
write() { sql "SET lock_wait_timeout = $1; INSERT INTO t.t VALUES (1)" 2>"$test_dir/write.err"; }
is_locked() { ! write 1 && grep -q 'ERROR 1205' "$test_dir/write.err"; }
is_free() { write 20; }

# --- wrong usage, before any server is asked
run "$lock" --help
expect_exit 0
expect "no purpose in --help" grep -q 'holds FLUSH TABLES WITH READ LOCK' "$test_dir/stdout"
expect_no_stderr
run "$lock" --bogus
expect_exit 1
expect_stderr 'bogus'
run "$lock"
expect_exit 1
expect_stderr 'ERROR fsfreeze_lock: --fifo is needed'
run "$lock" --fifo=relative
expect_exit 1
run "$lock" --fifo="$fifo" --lock_wait=0
expect_exit 1
expect_stderr 'lock_wait=0'
run "$lock" --fifo="$fifo" --lock_wait=ten
expect_exit 1
run "$lock" --fifo="$fifo" release
expect_exit 1
expect_stderr "unexpected argument 'release'"

# --- no server
run "$lock" --fifo="$fifo" --socket="$server_dir/nothing.sock"
expect_exit 2
expect_stderr 'nothing.sock.*is the server running'
expect "the fifo is left behind" test ! -e "$fifo"

# InnoDB writes commits to the disk when it has to, and not once a second.
start_mariadb --log-bin=binlog --server-id=7 --innodb-flush-log-at-timeout=2700
sql 'CREATE DATABASE t; CREATE TABLE t.t (a INT) ENGINE=InnoDB; CREATE TABLE t.m (a INT) ENGINE=MyISAM'

# --- something else where the fifo is to be
echo keep >"$test_dir/file"
run "$lock" --fifo="$test_dir/file" --socket="$socket"
expect_exit 2
expect_stderr 'something else is there'
expect "the file was touched" grep -q keep "$test_dir/file"

# --- an option file that others can read
printf '[client]\nuser=root\n' >"$test_dir/options"
chmod 644 "$test_dir/options"
run "$lock" --fifo="$fifo" --socket="$socket" --defaults_file="$test_dir/options" --max_hold=1
expect_exit 2
expect_stderr 'chmod 600'
chmod 600 "$test_dir/options"
chown 65534 "$test_dir/options"
run "$lock" --fifo="$fifo" --socket="$socket" --defaults_file="$test_dir/options" --max_hold=1
expect_exit 2
expect_stderr 'belongs to user 65534'
chown root "$test_dir/options"

# --- an account that cannot see what is in the way
sql "CREATE USER blind@localhost IDENTIFIED BY 'x'; GRANT RELOAD, BINLOG MONITOR, SLAVE MONITOR ON *.* TO blind@localhost"
printf '[client]\nuser=blind\npassword=x\n' >"$test_dir/options"
run "$lock" --fifo="$fifo" --socket="$socket" --defaults_file="$test_dir/options" --max_hold=1
expect_exit 2
expect_stderr 'PROCESS privilege.*GRANT PROCESS'
sql 'DROP USER blind@localhost'
printf '[client]\nuser=root\n' >"$test_dir/options"

# --- lock, check, release
sql 'INSERT INTO t.t VALUES (1)'
start_lock --defaults_file="$test_dir/options"
pattern='^locked connection_id=[0-9]+ waited_ms=[0-9]+ time=20[^ ]+Z flavour=mariadb version=10[^ ]+ server_id=7 '
pattern+='server_uuid= binlog_file=binlog.000001 binlog_position=[0-9]+ gtid=0-7-[0-9]+$'
[[ $locked =~ $pattern ]] || fail "position record: $locked"
# What has been committed is in InnoDB's log on the disk, and not only in memory.
unwritten() {
  sql "SELECT SUM(IF(variable_name = 'INNODB_LSN_CURRENT', variable_value, -variable_value))
    FROM information_schema.global_status WHERE variable_name IN ('INNODB_LSN_CURRENT', 'INNODB_LSN_FLUSHED')"
}
expect "commits are not on the disk" test "$(unwritten)" = 0
expect "a write went through" is_locked
echo check >&8
read -r -u 7 answer
[[ $answer =~ ^held\ connection_id=[0-9]+\ held_ms=[0-9]+$ ]] || fail "check: $answer"
expect "a write went through after check" is_locked
echo release >&8
end_lock
expect_exit 0
grep -qE '^released connection_id=[0-9]+ held_ms=[0-9]+$' "$test_dir/stdout" || fail 'release'
expect_no_stderr
expect "still locked after release" is_free

# --- what takes time comes first, without the lock, and gets into no binary log; failing there is no reason to fail
sql "SET GLOBAL log_output = 'TABLE', general_log = ON"
position=$(sql 'SELECT @@gtid_binlog_pos')
start_lock --datadir="$server_dir/nothing"
sql 'SET GLOBAL general_log = OFF'
expect "the order of statements" test "$(sql "SELECT argument FROM mysql.general_log WHERE argument LIKE 'FLUSH%'" |
  paste -sd ';')" = "FLUSH NO_WRITE_TO_BINLOG TABLES;FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS;\
FLUSH TABLES WITH READ LOCK;FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS"
expect "the binary log has grown" test "$(sql 'SELECT @@gtid_binlog_pos')" = "$position"
echo release >&8
end_lock
expect_exit 0
expect_stderr 'WARNING fsfreeze_lock: cannot sync the filesystem of .*nothing: No such file'

# --- a replica: its source's coordinates as well
sql "CHANGE MASTER TO master_host='db 0', master_log_file='source-bin.000003', master_log_pos=4711"
start_lock
[[ $locked == *' source_host=db%200 source_log_file=source-bin.000003 source_log_pos=4711' ]] ||
  fail "the position of a replica: $locked"
echo release >&8
end_lock
expect_exit 0
sql 'RESET SLAVE ALL'

# --- the run dies: end of file
start_lock
expect "a write went through" is_locked
exec 8>&-
end_lock
expect_exit 2
expect_stderr 'ended without a release; the read lock was released after'
expect "still locked after end of file" is_free

# --- signals
for signal in TERM INT HUP; do
  start_lock
  kill -"$signal" "$lock_pid"
  end_lock
  expect_exit 2
  expect_stderr "interrupted by SIG$signal"
  expect "still locked after SIG$signal" is_free
done

# --- the parent dies, with nobody else holding the fifo open
exec 7< <(
  "$lock" --socket="$socket" --fifo="$fifo" &
  read -r -t 5 _ < <(sleep 2)
)
read -r -u 7 locked
[[ $locked == locked\ * ]] || fail "not locked: $locked"
cat <&7 >/dev/null # until the last of them has gone
exec 7<&-
expect "still locked after the parent's death" is_free

# --- killed: nothing to clean up with, and the next one replaces the fifo
start_lock
kill -KILL "$lock_pid"
cat <&7 >/dev/null
wait "$lock_pid" || true
exec 7<&- 8>&-
expect "still locked after SIGKILL" is_free
expect "no fifo left to be replaced" test -p "$fifo"
start_lock
echo release >&8
end_lock
expect_exit 0

# --- stopped: the server ends the session by itself, in time
start_lock --max_hold=2
kill -STOP "$lock_pid"
expect "still locked although the holder is stopped" is_free
kill -CONT "$lock_pid"
end_lock
expect "a lost lock was not noticed" test "$test_exit" -ne 0

# --- the longest hold
start_lock --max_hold=1
end_lock
expect_exit 2
expect_stderr 'LOCK_MAX_HOLD'
expect "still locked after the longest hold" is_free

# --- an unknown word
start_lock
echo relaese >&8
end_lock
expect_exit 2
expect_stderr "unknown word 'relaese'"
expect "still locked after an unknown word" is_free

# --- the session is killed: the lock is lost, and that is the answer
for word in check release; do
  start_lock
  [[ $locked =~ connection_id=([0-9]+) ]]
  sql "KILL ${BASH_REMATCH[1]}"
  echo "$word" >&8
  end_lock
  expect_exit 3
  expect_stderr 'the read lock is lost: session [0-9]+ does not answer'
  expect_stdout ''
done

# --- a long write in the way: no FLUSH is tried, and the statement is named
sql "INSERT INTO t.t VALUES (1); UPDATE t.t SET a = a + SLEEP(8) LIMIT 1" &
blocker=$!
sleep 2.5
run "$lock" --socket="$socket" --fifo="$fifo" --lock_wait=1 --attempts=2
expect_exit 75
expect_stdout ''
expect_stderr 'attempt 1 of 2: the read lock was not requested'
expect_stderr 'ERROR .*user root.*has been running for [0-9]+ s: UPDATE t.t SET a = a \+ SLEEP'
expect "writes wait although the lock was not taken" write 1
wait "$blocker"

# --- a table lock in the way, which no running statement shows
mkfifo "$test_dir/session"
mariadb --no-defaults --socket="$socket" --user=root <"$test_dir/session" &
session=$!
exec 6>"$test_dir/session"
echo 'LOCK TABLES t.m WRITE;' >&6
sleep 1
run "$lock" --socket="$socket" --fifo="$fifo" --lock_wait=1 --attempts=1
expect_exit 75
# The server itself gave up, not the client, which waits five seconds longer.
expect_stderr 'was not granted within 1s .*error 1205.*LOCK TABLES'
expect "writes wait although the lock was not taken" write 1
exec 6>&-
wait "$session"

# --- stopped while it waits for the lock: what the server grants later it takes back in time
mariadb --no-defaults --socket="$socket" --user=root <"$test_dir/session" &
session=$!
exec 6>"$test_dir/session"
echo 'LOCK TABLES t.m WRITE;' >&6
sleep 1
start "$lock" --socket="$socket" --fifo="$fifo" --lock_wait=10 --max_hold=3 6>&-
until sql 'SHOW PROCESSLIST' | grep -q 'FLUSH TABLES WITH READ LOCK'; do sleep 0.1; done
kill -STOP "$started"
exec 6>&-
wait "$session"
expect "still locked although the holder is stopped" is_free
kill -CONT "$started"
finish
expect "a lost lock was not noticed" test "$test_exit" -ne 0

# --- told to end before it has asked: it does not ask
sql "SET GLOBAL log_output = 'FILE', general_log_file = '$server_dir/run/statements', general_log = 1"
kill -STOP "$server_pid"
start "$lock" --socket="$socket" --fifo="$fifo"
wait_for heeds_term fsfreeze_lock
kill -TERM "$started"
kill -CONT "$server_pid"
finish
expect_exit 2
expect_stderr 'interrupted by SIGTERM'
expect "it was not at work yet" grep -q 'FLUSH NO_WRITE_TO_BINLOG' "$server_dir/run/statements"
expect "the lock was asked for" not grep -q 'READ LOCK' "$server_dir/run/statements"
sql 'SET GLOBAL general_log = 0'

# --- an option file cannot lead to another server
printf '[client]\nhost=127.0.0.1\nport=1\nprotocol=tcp\n' >"$test_dir/options"
start_lock --defaults_file="$test_dir/options"
echo release >&8
end_lock
expect_exit 0

# --- a long read is not in the way on MariaDB
sql "SELECT SLEEP(6) FROM t.t LIMIT 1" >/dev/null &
reader=$!
sleep 2.5
start_lock --lock_wait=1
echo release >&8
end_lock
expect_exit 0
kill "$reader" 2>/dev/null || true
wait "$reader" || true

# --- the server is shut down under the lock
start_lock
stop_mariadb
end_lock
expect_exit 3
