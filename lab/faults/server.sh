#!/bin/bash
# What the server itself has in the way of a backup: long statements, open transactions, DDL under the
# lock, no connection left, replication; and data that the snapshot would not contain. Usage: see
# options.sh.
# shellcheck disable=SC2317  # the trials are called by their names
source /lab/cases/lib.sh
source /lab/faults/trial.sh
source /lab/faults/options.sh

# in_background STATEMENT: a session that runs it; gone with forget_sessions.
sessions=()
in_background() {
  mariadb --unbuffered -e "$1" >/dev/null 2>>/tmp/sessions.log &
  sessions+=($!)
}
forget_sessions() {
  if ((${#sessions[@]})); then # wait without a number would be for the ledger
    kill "${sessions[@]}" 2>/dev/null
    wait "${sessions[@]}" 2>/dev/null
    sessions=()
  fi
  # The server notices a client's end only when it next speaks to it.
  sql "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '%SLEEP(%' AND id <> CONNECTION_ID()" |
    mariadb --force 2>/dev/null
}

wait_until() { # COMMAND...
  local i
  for ((i = 0; i < 100; i++)); do
    "$@" && return
    sleep 0.05
  done
  problem "waited in vain for: $*"
}
is_running() { # PATTERN
  [[ $(sql "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '$1' AND id <> CONNECTION_ID()") -gt 0 ]]
}

# expect_run CODE [PATTERN]: a run ends with it, and its log has the words.
expect_run() {
  local since
  since=$(acknowledged)
  : >"$log_file"
  backup
  check_writable
  check_backups "$since"
  check_verdict "$1"
  [[ -z ${2-} ]] || grep -qE -- "$2" "$log_file" || problem "not in the log: $2"
}
never_locked() {
  ! grep -q 'quiesce: started' "$log_file" || problem 'the lock was asked for'
}

long_write() {
  in_background 'UPDATE shop.orders SET note = note WHERE id = 1 AND SLEEP(300) = 0'
  wait_until is_running 'UPDATE%'
  sleep 3.2
  sed -i 's/^LOCK_WAIT=.*/LOCK_WAIT=3/' /etc/mysql-backup.conf
  local before longest
  before=$(acknowledged)
  expect_run 75 'quiesce: FAILED .*the read lock was not requested.*UPDATE shop.orders'
  configure_trial
  # They have not queued up behind it.
  longest=$(longest_gap "$before")
  ((longest < 2500)) || problem "(c) a writer waited for $longest ms"
}
# One that begins when there is none in the way, and then is: the lock is asked for, and not granted in
# time. On MySQL, where a read is in the way as well, the error comes with part of the lock held.
flush_times_out() {
  local statement='UPDATE shop.orders SET note = note WHERE id = 1 AND SLEEP(300) = 0'
  [[ $server == mariadb ]] || statement='SELECT SLEEP(300) FROM shop.orders LIMIT 1'
  wrap fsfreeze_lock <<END
#!/bin/bash
mariadb -e '$statement' >/dev/null 2>&1 </dev/null &
sleep 0.2
exec "\$0.real" "\$@"
END
  local before longest
  before=$(acknowledged)
  expect_run 75 'WARNING fsfreeze_lock: attempt 1 of .* was not granted within 1s .*shop.orders'
  # For as long as the lock is waited for, and no longer.
  longest=$(longest_gap "$before")
  ((longest < 3000)) || problem "(c) a writer waited for $longest ms"
  mv /app/bin/fsfreeze_lock.real /app/bin/fsfreeze_lock
  undo=("${undo[0]}")
}
long_read() {
  in_background 'SELECT SLEEP(300)'
  wait_until is_running 'SELECT SLEEP%'
  expect_run 0
}
locked_table() {
  in_background 'LOCK TABLES shop.orders WRITE; DO SLEEP(300)'
  wait_until is_running 'DO SLEEP%'
  expect_run 75 'quiesce: FAILED'
}
idle_transaction() {
  in_background 'BEGIN; UPDATE shop.orders SET note = "idle" WHERE id = 2; SELECT SLEEP(300)'
  wait_until is_running 'SELECT SLEEP%'
  expect_run 0
}
# A transaction that has been idle and commits under the lock: that waits for its end, and none of it
# is in the backup. Its row is one that the ledger never wrote, which (a) would find.
commit_under_lock() {
  mkfifo /tmp/idle
  mariadb --unbuffered </tmp/idle >/dev/null 2>/tmp/idle.log &
  local client=$!
  exec 5>/tmp/idle
  echo 'BEGIN; INSERT INTO shop.lab_ledger_innodb VALUES (999999999); DO SLEEP(0.01);' >&5
  wrap snapshot_create <<'END'
#!/bin/bash
if [[ $* != *--prepare\ * ]]; then
  echo 'COMMIT; CREATE TABLE shop.lab_committed (a INT);' >/tmp/idle
  sleep 0.5
fi
exec "$0.real" "$@"
END
  expect_run 0
  mv /app/bin/snapshot_create.real /app/bin/snapshot_create
  undo=("${undo[0]}")
  exec 5>&-
  wait "$client" || problem "the commit failed: $(</tmp/idle.log)"
  [[ $(sql 'DELETE FROM shop.lab_ledger_innodb WHERE n = 999999999; SELECT ROW_COUNT()') == 1 ]] ||
    problem 'what was committed under the lock is lost'
  sql 'DROP TABLE shop.lab_committed'
  rm /tmp/idle
}
# Another program's lock, such as another backup's, keeps writers out as well, and is let be.
flush_by_another() {
  local before since
  in_background 'FLUSH TABLES WITH READ LOCK; DO SLEEP(300)'
  wait_until is_running 'DO SLEEP%'
  before=$(acknowledged)
  : >"$log_file"
  backup
  since=$(acknowledged)
  ((since <= before + 1)) || problem 'the other lock was broken'
  forget_sessions
  check_writable
  check_backups "$before"
  check_verdict 0
}
# What a server says in another language is not what is gone by.
german_messages() {
  restart_with --lc-messages=de_DE
  systemctl start mariadb
  [[ $(mariadb -e 'SELECT * FROM shop.none' 2>&1) == *existiert* ]] || problem 'the server speaks no German'
  expect_run 0
  locked_table
  forget_sessions
  restart_with
}
# A replica that applies in several threads, with its source's writers at it all the time, and
# somebody who stops it under the lock. The backup is where the recorded position says.
parallel_replica() {
  local name position rows events i
  local source=(mariadb --no-defaults --socket=/tmp/source.sock --batch --skip-column-names)
  local options=(--no-defaults --user=mysql --datadir=/tmp/source)
  local reset='RESET MASTER' stop='STOP SLAVE' start='START SLAVE' forget='RESET SLAVE ALL'
  local position_of='SHOW MASTER STATUS' await=MASTER_POS_WAIT binlog=mariadb-binlog
  local follow="CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=3307, MASTER_USER='lab_replica',
    MASTER_PASSWORD='lab', MASTER_LOG_FILE='source-bin.000001', MASTER_LOG_POS=4"
  local in_parallel=(--skip-slave-start --slave-parallel-threads=4 --slave-parallel-mode=optimistic --log-slave-updates)
  if [[ $server == mysql ]]; then
    reset='RESET BINARY LOGS AND GTIDS' stop='STOP REPLICA' start='START REPLICA' forget='RESET REPLICA ALL'
    position_of='SHOW BINARY LOG STATUS' await=SOURCE_POS_WAIT binlog=mysqlbinlog
    follow="CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=3307, SOURCE_USER='lab_replica',
      SOURCE_PASSWORD='lab', SOURCE_LOG_FILE='source-bin.000001', SOURCE_LOG_POS=4, GET_SOURCE_PUBLIC_KEY=1"
    in_parallel=(--skip-replica-start --replica-parallel-workers=4)
  fi
  ip link set lo up
  install -d -o mysql -g mysql /tmp/source
  if [[ $server == mysql ]]; then
    mysqld "${options[@]}" --initialize-insecure >/tmp/source.log 2>&1
  else
    mariadb-install-db "${options[@]}" --skip-test-db --auth-root-authentication-method=socket \
      --innodb-log-file-size=4M >/tmp/source.log 2>&1
  fi
  "$server_program" "${options[@]}" --socket=/tmp/source.sock --port=3307 --bind-address=127.0.0.1 \
    --pid-file=/tmp/source/pid --log-bin=source-bin --binlog-format=STATEMENT --server-id=1 \
    --innodb-buffer-pool-size=24M --loose-mysqlx=OFF >>/tmp/source.log 2>&1 &
  local source_server=$!
  wait_until "${source[@]}" -e 'SELECT 1' >/dev/null 2>&1
  "${source[@]}" -e "$reset; CREATE USER lab_replica@'127.0.0.1' IDENTIFIED BY 'lab';
    GRANT REPLICATION SLAVE ON *.* TO lab_replica@'127.0.0.1'; CREATE DATABASE lab_replicated;
    CREATE TABLE lab_replicated.t (n INT PRIMARY KEY AUTO_INCREMENT, m INT) ENGINE=InnoDB"
  restart_with --server-id=2 "${in_parallel[@]}" --log-bin=replica-bin
  systemctl start mariadb
  sql "$follow; $start"
  for ((i = 0; i < 3; i++)); do
    while [[ ! -e /tmp/source.stop ]]; do
      printf 'INSERT INTO lab_replicated.t (m) VALUES (%d);\n' {1..20}
      sleep 0.02
    done | "${source[@]}" &
  done
  wait_until sql 'SELECT 1 FROM lab_replicated.t LIMIT 1' >/dev/null 2>&1
  wrap snapshot_create <<END
#!/bin/bash
if [[ \$* != *--prepare\ * ]]; then
  sleep 0.3
  mariadb -e '$stop; $start' >/dev/null 2>&1 </dev/null &
  sleep 0.3
fi
exec "\$0.real" "\$@"
END
  expect_run 0 'source_host=127.0.0.1'
  mv /app/bin/snapshot_create.real /app/bin/snapshot_create
  undo=("${undo[0]}")
  touch /tmp/source.stop
  name=$(newest)
  position=$(grep -oE 'source_log_pos=[0-9]+' "$root/$name/backup.manifest")
  rows=$(query_backup "$name" 'SELECT COUNT(*), MAX(n) FROM lab_replicated.t' 2>/dev/null)
  events=$($binlog --no-defaults --stop-position="${position#*=}" /tmp/source/source-bin.000001 |
    grep -c '^INSERT INTO lab_replicated.t')
  [[ $events != 0 && $rows == "$events"$'\t'* ]] ||
    problem "the position says $events rows, and the backup has (rows, highest) $rows"
  # It goes on, and comes to where its source is.
  read -r name position _ < <("${source[@]}" -e "$position_of")
  i=$(sql "SELECT $await('$name', $position, 10)")
  [[ $i -ge 0 ]] || problem 'the replica does not go on'
  sql "$stop; $forget; DROP DATABASE lab_replicated; $reset"
  kill "$source_server"
  wait "$source_server"
  rm -rf /tmp/source /tmp/source.stop
  restart_with
}
# What ddl_under_lock asked for.
all_done() {
  [[ $(sql "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'shop' AND
    (column_name = 'extra' OR table_name = 'lab_new')") == 2 && $(sql 'SELECT COUNT(*) FROM shop.search_terms') == 0 &&
  $(sql "SELECT COUNT(*) FROM mysql.user WHERE user = 'lab_user'") == 1 ]]
}
# DDL and account statements that begin under the lock wait for its end, and do not hold it up.
ddl_under_lock() {
  wrap snapshot_create <<'END'
#!/bin/bash
if [[ $* != *--prepare\ * ]]; then
  for statement in 'ALTER TABLE shop.orders ADD COLUMN extra INT' 'CREATE USER lab_user@localhost' \
    'CREATE TABLE shop.lab_new (a INT)' 'TRUNCATE shop.search_terms'; do
    mariadb -e "$statement" >/dev/null 2>>/tmp/ddl.log </dev/null &
  done
  sleep 0.5
fi
exec "$0.real" "$@"
END
  : >/tmp/ddl.log
  expect_run 0
  mv /app/bin/snapshot_create.real /app/bin/snapshot_create
  undo=("${undo[0]}")
  local made
  wait_until all_done >/dev/null 2>&1
  [[ ! -s /tmp/ddl.log ]] || problem "a statement failed under the lock: $(head -n 1 /tmp/ddl.log)"
  made=$(query_backup "${new[0]}" "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'shop' AND
    (column_name = 'extra' OR table_name = 'lab_new') UNION ALL SELECT COUNT(*) FROM mysql.user WHERE user = 'lab_user'" 2>/dev/null)
  [[ $made == 0 || $made == $'0\n0' ]] || problem 'what came under the lock is in the backup'
  mariadb -e 'ALTER TABLE shop.orders DROP COLUMN extra; DROP USER lab_user@localhost; DROP TABLE shop.lab_new'
}
no_connection_left() {
  local i
  sql 'SET GLOBAL max_connections = 10'
  for ((i = 0; i < 10; i++)); do in_background 'SELECT SLEEP(300)'; done
  sleep 0.5
  : >"$log_file"
  backup
  # The only way back in.
  systemctl restart mariadb
  check_backups 0
  check_verdict any
  ((status != 0)) || problem 'there was a connection left'
  grep -q 'Too many connections' "$log_file" || problem 'the reason is not told'
}

# Data elsewhere: each is refused before the lock, with the variable and the path.
restart_with() { # [OPTION...]
  systemctl stop mariadb
  rm -f /run/mysqld/options
  ((!$#)) || printf '%s\n' "$@" >/run/mysqld/options
}
redo_elsewhere() {
  local redo='#innodb_redo'
  [[ $server == mysql ]] || redo=ib_logfile0
  restart_with --innodb-log-group-home-dir=/srv/elsewhere
  mv "/var/lib/mysql/$redo" /srv/elsewhere/
  systemctl start mariadb
  expect_run 2 'preflight: FAILED .*innodb_log_group_home_dir.*/srv/elsewhere'
  never_locked
  restart_with
  mv "/srv/elsewhere/$redo" /var/lib/mysql/
}
system_tablespace_elsewhere() {
  restart_with --innodb-data-home-dir=/srv/elsewhere
  mv /var/lib/mysql/ibdata1 /srv/elsewhere/
  systemctl start mariadb
  expect_run 2 'preflight: FAILED .*/srv/elsewhere'
  never_locked
  restart_with
  mv /srv/elsewhere/ibdata1 /var/lib/mysql/
}
aria_log_elsewhere() {
  restart_with --aria-log-dir-path=/srv/elsewhere
  mv /var/lib/mysql/aria_log* /srv/elsewhere/
  systemctl start mariadb
  expect_run 2 'preflight: FAILED .*aria.*/srv/elsewhere'
  never_locked
  restart_with
  mv /srv/elsewhere/aria_log* /var/lib/mysql/
}
binary_log_elsewhere() {
  restart_with --log-bin=/srv/elsewhere/binlog
  systemctl start mariadb
  expect_run 2 'preflight: FAILED .*/srv/elsewhere'
  never_locked
  restart_with
  rm -f /srv/elsewhere/binlog*
}
table_elsewhere() {
  # MySQL wants to know the directory beforehand.
  restart_with --loose-innodb-directories=/srv/elsewhere
  systemctl start mariadb
  sql "CREATE TABLE shop.lab_moved (a INT) ENGINE=InnoDB DATA DIRECTORY='/srv/elsewhere'"
  expect_run 2 'preflight: FAILED .*DATA DIRECTORY'
  never_locked
  sql 'DROP TABLE shop.lab_moved'
  restart_with
}
schema_elsewhere() {
  sql 'CREATE DATABASE lab_schema'
  mv /var/lib/mysql/lab_schema /srv/elsewhere/
  ln -s /srv/elsewhere/lab_schema /var/lib/mysql/lab_schema
  expect_run 2 'preflight: FAILED .*lab_schema leads to lies at /srv/elsewhere/lab_schema'
  never_locked
  rm /var/lib/mysql/lab_schema
  mv /srv/elsewhere/lab_schema /var/lib/mysql/
  sql 'DROP DATABASE lab_schema'
}
mount_within() {
  mkdir /var/lib/mysql/lab_mounted
  mount -t tmpfs none /var/lib/mysql/lab_mounted
  expect_run 2 'preflight: FAILED .*/var/lib/mysql/lab_mounted'
  never_locked
  umount /var/lib/mysql/lab_mounted
  rmdir /var/lib/mysql/lab_mounted
}
server_down() {
  systemctl stop mariadb
  : >"$log_file"
  backup
  never_locked
  systemctl start mariadb # which the verdict looks at
  check_backups 0
  check_verdict 2
}

begin_trials
install -d -o mysql -g mysql /srv/elsewhere
trials=(long_write flush_times_out long_read locked_table idle_transaction commit_under_lock ddl_under_lock
  no_connection_left flush_by_another parallel_replica
  redo_elsewhere system_tablespace_elsewhere binary_log_elsewhere table_elsewhere schema_elsewhere
  mount_within server_down)
[[ $server == mysql ]] || trials+=(aria_log_elsewhere german_messages)
index=0
for name in "${trials[@]}"; do
  chosen $((index++)) "$name@server" || continue
  problems=()
  "$name"
  first=$status
  forget_sessions
  systemctl start mariadb
  next_run
  report "$suite/$name@server" "exit code $first"
done
exit 0 # the trials speak for themselves
