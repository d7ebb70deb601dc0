#!/bin/bash
# On another kind of volume: a backup under load, its verification, a restore of it in the place of the
# server's data. For lab/combinations.sh; no case by itself. Usage: round_trip.sh FILESYSTEM VOLUME
source "$(dirname "$0")/lib.sh" # and so that e2e.sh takes it for no case
source "$(dirname "$0")/volumes.sh"

lay_out "$1" "$2"
sql 'CREATE TABLE shop.lab_ledger (n INT PRIMARY KEY) ENGINE=InnoDB'
: >/tmp/acknowledged
write_rows() {
  local n=0
  while [[ ! -e /tmp/stop ]] && sql "INSERT INTO shop.lab_ledger VALUES ($((++n)))"; do
    echo "$n" >>/tmp/acknowledged
  done
}
write_rows &
writer=$!
sleep 2
before=$(wc -l </tmp/acknowledged)
((before > 0)) || fail 'the writer does not write'
backup
expect_status 0
expect_clean
[[ $(lvs --noheadings --options lv_name vg_mysql | wc -l) == $([[ $2 == thin ]] && echo 2 || echo 1) ]] ||
  fail 'more volumes than before'
sql 'DROP TABLE shop.orders, shop.order_items'
touch /tmp/stop
wait "$writer"

/app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || fail "it does not verify: $(cat /tmp/stdout)"
systemctl stop mariadb
mkdir /backups/broken
find /var/lib/mysql -mindepth 1 -maxdepth 1 ! -name lost+found -exec mv -t /backups/broken {} +
/app/restore_mysql.sh --target=/var/lib/mysql </dev/null >/tmp/stdout 2>/tmp/stderr || fail "it does not restore: $(cat /tmp/stderr)"
systemctl start mariadb || fail 'the server does not start on what was restored'
[[ $(sql 'SELECT COUNT(*) FROM shop.orders') == 10000 ]] || fail 'the dropped table is not as it was'
after=$(sql 'SELECT COUNT(*) FROM shop.lab_ledger')
((after >= before && after == $(sql 'SELECT MAX(n) FROM shop.lab_ledger'))) ||
  fail "$before rows were acknowledged before, $after are there"
mariadb-check --all-databases --silent >/tmp/check 2>&1 || fail "mariadb-check: $(cat /tmp/check)"
backup
expect_status 0
expect_clean
