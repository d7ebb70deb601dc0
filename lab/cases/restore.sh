#!/bin/bash
# A table is dropped under load: the database comes back as it was in the second before, and elsewhere.
# long
source "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2317  # called by on_exit

if [[ -d /run/stand-in ]]; then
  options=/run/mysqld/options
  echo '--log-bin=/var/lib/mysql/mysql-bin' >"$options"
else
  options=/etc/mysql/conf.d/zz-lab.cnf
  printf '[mysqld]\nlog_bin=/var/lib/mysql/mysql-bin\n' >"$options"
fi
without_binlog() {
  systemctl stop mariadb
  rm -f "$options" /var/lib/mysql/mysql-bin.*
  systemctl start mariadb
}
on_exit without_binlog
systemctl restart mariadb || fail 'the server does not start with a binary log'

# What the two servers call differently.
position='SHOW MASTER STATUS' last_gtid='SELECT @@gtid_binlog_pos' separator=-
if [[ $server == mysql ]]; then
  position='SHOW BINARY LOG STATUS' separator=:
  last_gtid="SELECT CONCAT(SUBSTRING_INDEX(@@gtid_executed, ':', 1), ':', SUBSTRING_INDEX(@@gtid_executed, '-', -1))"
fi

target=/backups/restored
on_exit rm -rf "$target" /backups/binlogs /backups/broken

restore() { # OPTION...
  status=0
  /app/restore_mysql.sh --target="$target" "$@" </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}

# Asks a scratch server on what was restored, which it does not change.
query_restored() {
  mkdir -p /backups/scratch
  /app/bin/scratch_server --datadir="$target" --scratch=/backups/scratch/.verify --socket=/run/restored.sock -- \
    /usr/bin/mariadb --no-defaults --user=root --socket=/run/restored.sock --batch --skip-column-names -e "$1"
}

# --- a writer, and a ledger outside of the server: what was issued when, and what was answered when
sql 'DROP TABLE IF EXISTS shop.lab_restore; CREATE TABLE shop.lab_restore (n INT PRIMARY KEY) ENGINE=InnoDB'
# Nothing refers to this one.
sql 'DROP TABLE IF EXISTS shop.lab_dropped; CREATE TABLE shop.lab_dropped AS SELECT * FROM shop.orders' ||
  fail 'no table to drop'
on_exit sql 'DROP TABLE IF EXISTS shop.lab_restore, shop.lab_dropped'
ledger=$(mktemp -d)
on_exit rm -rf "$ledger"
write_rows() {
  local n=0
  while [[ ! -e $ledger/stop ]]; do
    echo "$((++n)) ${EPOCHREALTIME/./}" >>"$ledger/issued"
    mariadb -e "INSERT INTO shop.lab_restore VALUES ($n)" || break
    echo "$n ${EPOCHREALTIME/./}" >>"$ledger/answered"
  done
}
write_rows &
writer=$!
wait_for_rows() { # how many more
  local have
  have=$(wc -l <"$ledger/answered")
  until (($(wc -l <"$ledger/answered") >= have + $1)); do sleep 0.1; done
}
touch "$ledger/answered"
wait_for_rows 10

backup
expect_status 0
name=$(newest)
/app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || fail "it does not verify: $(cat /tmp/stdout)"
/app/bin/show_backup "$name" | grep -qE '^verified: good, ' || fail 'the verdict is not kept'
wait_for_rows 10
sql 'FLUSH BINARY LOGS'
wait_for_rows 10

# The mistake, at the beginning of a second.
wrong=$(($(date +%s) + 1))
while (($(date +%s) < wrong)); do sleep 0.02; done
rows=$(sql 'SELECT COUNT(*) FROM shop.lab_dropped')
sql 'DROP TABLE shop.lab_dropped' || fail 'the mistake cannot be made'
wait_for_rows 20
# Of one moment.
mapfile -t later < <(sql "FLUSH TABLES WITH READ LOCK; $position; $last_gtid; SELECT COUNT(*) FROM shop.lab_restore")
read -r later_file later_position _ <<<"${later[0]}"
later_gtid=${later[1]} later_rows=${later[2]}
wait_for_rows 5
touch "$ledger/stop"
wait "$writer"
sql 'FLUSH BINARY LOGS'
mkdir -p /backups/binlogs
cp /var/lib/mysql/mysql-bin.0* /backups/binlogs

# --- the backup alone
restore --backup="$name"
expect_status 0
grep -qxF "restored target=$target backup=$root/$name" /tmp/stdout || fail "stdout: $(cat /tmp/stdout)"
grep -q 'restore_mysql.sh --target=/var/lib/mysql --backup=' /tmp/stdout || fail "no next commands: $(cat /tmp/stdout)"
[[ $(query_restored 'SELECT COUNT(*) FROM shop.lab_dropped') == "$rows" ]] || fail 'the dropped table is not as it was'
restore
expect_status 2
expect_log 'preflight: FAILED .*is not empty'
rm -rf "$target"

# --- the second before the mistake
moment=$(date -d "@$wrong" '+%F %T')
restore --backup=latest --until="$moment" --binlogs=/backups/binlogs
expect_status 0
[[ ! -e $target/RESTORE_UNFINISHED && ! -e $target/.verify ]] || fail 'the target is not finished'
[[ $(query_restored 'SELECT COUNT(*) FROM shop.lab_dropped') == "$rows" ]] || fail 'the dropped table is not there'
query_restored 'SELECT n FROM shop.lab_restore ORDER BY n' >"$ledger/restored"
awk -v limit="${wrong}000000" '
  FILENAME ~ /restored$/ { restored[$1]; next }
  FILENAME ~ /issued$/ { if ($2 >= limit && $1 in restored) { print "too much: " $1; bad = 1 } next }
  $2 < limit { due++; if (!($1 in restored)) { print "lost: " $1; bad = 1 } }
  END { print due " rows answered before, " length(restored) " restored"; exit bad || due < 20 }
  ' "$ledger/restored" "$ledger/issued" "$ledger/answered" || fail 'the ledger says otherwise'
rm -rf "$target"

# --- a place, and a transaction, after it
for until in "$later_file:$later_position" "$later_gtid"; do
  restore --until="$until" --binlogs=/backups/binlogs
  expect_status 0
  [[ $(query_restored 'SELECT COUNT(*) FROM shop.lab_restore') == "$later_rows" ]] ||
    fail "not the rows of $until"
  [[ -z $(query_restored "SHOW TABLES FROM shop LIKE 'lab_dropped'") ]] || fail "the table is still there at $until"
  rm -rf "$target"
done

# --- a time after the last thing that happened: all of it
restore --until='2037-01-01 00:00:00' --binlogs=/backups/binlogs
expect_status 0
[[ $(query_restored 'SELECT COUNT(*) FROM shop.lab_restore') == "$(sql 'SELECT COUNT(*) FROM shop.lab_restore')" ]] ||
  fail 'not all rows'
rm -rf "$target"

# --- what cannot be: told before anything is touched
expect_refused() { # PATTERN OPTION...
  : >"$log_file"
  restore "${@:2}"
  expect_status 2
  expect_log "preflight: FAILED .*$1"
  [[ ! -e $target ]] || fail "the target was touched: $1"
}
expect_refused 'ends at [0-9]+, before the position 99999999' --until="$later_file:99999999" --binlogs=/backups/binlogs
expect_refused "2020-01-01 00:00:00 is before .*, the backup's own: restore an older backup" \
  --until='2020-01-01 00:00:00' --binlogs=/backups/binlogs
expect_refused 'is in the backup already' --until="${later_gtid%[:-]*}${separator}1" --binlogs=/backups/binlogs
expect_refused 'the binary log after mysql-bin.000003 is missing' --until=mysql-bin.000099:4 --binlogs=/backups/binlogs
mv /backups/binlogs/mysql-bin.000001 /backups/aside
expect_refused 'mysql-bin.000001, at which the replay begins, is missing \(in /backups/binlogs\)' --until="$moment" --binlogs=/backups/binlogs
mv /backups/aside /backups/binlogs/mysql-bin.000001
: >"$log_file"
restore --until=yesterday --binlogs=/backups/binlogs
[[ $status == 1 || $status == 2 ]] || fail "exit code $status"
expect_log "'yesterday' is neither a local time"

# --- a transaction that the logs do not have: told when they have been replayed, and no server can enter
restore --until="${later_gtid%[:-]*}${separator}99999999" --binlogs=/backups/binlogs
expect_status 4
expect_log 'replay: FAILED .*(the binary logs end before|do not have the transaction)'
[[ -e $target/RESTORE_UNFINISHED && $(stat -c '%u %a' "$target") == '0 700' ]] || fail 'a half restore is open'
rm -rf "$target"

# --- interrupted in the middle of the replay: plainly unfinished, and it can be run again
: >"$log_file"
/app/restore_mysql.sh --target="$target" --until="$later_file:$later_position" --binlogs=/backups/binlogs \
  </dev/null >/tmp/stdout 2>/tmp/stderr &
run=$!
in_log 'replay: started'
kill -TERM "$run"
status=0
wait "$run" || status=$?
expect_status 4
[[ -e $target/RESTORE_UNFINISHED ]] || fail 'an interrupted restore does not show'
restore --until="$later_file:$later_position" --binlogs=/backups/binlogs
expect_status 0
expect_log 'holds an unfinished restore: beginning anew'
[[ $(query_restored 'SELECT COUNT(*) FROM shop.lab_restore') == "$later_rows" ]] || fail 'not the rows of a whole replay'
rm -rf "$target"

# --- a damaged backup is found on the way, and into a server at work nothing is restored
cp -a "$root/$name" "$root/backup_20990101_020000"
printf x | dd of="$root/backup_20990101_020000/ibdata1" bs=1 seek=5000 conv=notrunc status=none
restore --backup=backup_20990101_020000
expect_status 3
expect_log 'restore: FAILED .*ibdata1 was changed'
[[ -e $target/RESTORE_UNFINISHED ]] || fail 'a damaged restore does not show'
rm -rf "$target" "$root/backup_20990101_020000"
target=/var/lib/mysql
restore
expect_status 2
expect_log 'in use by process [0-9]+ \((mariadbd|mysqld)\)'

# --- in the place of the server's data: the steps that README tells
systemctl stop mariadb
mkdir -p /backups/broken
find /var/lib/mysql -mindepth 1 -maxdepth 1 ! -name lost+found -exec mv -t /backups/broken {} +
restore --until="$moment" --binlogs=/backups/broken
expect_status 0
[[ $(tail -n 2 /tmp/stdout | head -n 1) == '  systemctl start m'* ]] || fail "next: $(cat /tmp/stdout)"
systemctl start mariadb || fail 'the server does not start on what was restored'
[[ $(sql 'SELECT COUNT(*) FROM shop.lab_dropped') == "$rows" ]] || fail 'the dropped table is not there'
mariadb-check --all-databases --extended --silent >/tmp/check 2>&1 || fail "mariadb-check: $(cat /tmp/check)"
backup
expect_status 0
