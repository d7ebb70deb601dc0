#!/bin/bash
# A snapshot that a killed run has left is mounted in the data's place, as can happen at boot: both have
# the same UUID. The live data is then on the snapshot: told, never removed.
# long
source "$(dirname "$0")/lib.sh"

remount() { # DEVICE
  systemctl stop mariadb || fail 'the server does not stop'
  umount /var/lib/mysql || fail 'the data is in use'
  mount "$1" /var/lib/mysql || fail "$1 cannot be mounted"
  systemctl start mariadb || fail "the server does not start on $1"
}
origin=/dev/vg_mysql/lv_mysql_data

backup
expect_status 0
lvcreate --quiet --yes --snapshot --name mysql_snapshot --addtag mysql_lvm_backup --size 64M \
  vg_mysql/lv_mysql_data >/dev/null
remount "$snapshot"
sql 'CREATE TABLE shop.lab_swapped (a INT)'
for _ in 1 2; do
  : >"$log_file"
  backup
  expect_status 4
  expect_log 'preflight: FAILED .*cannot remove the snapshot vg_mysql/mysql_snapshot.*mount /var/lib/mysql'
  expect_not_in_log 'quiesce: started'
done
grep -m 1 -oE 'cannot remove the snapshot .*' "$log_file"
expect 'the server does not write' takes_writes
expect 'what it had written is lost' sql 'SELECT * FROM shop.lab_swapped'
expect 'backups' test "$(published | wc -l)" = 1

# A snapshot of another name, not ours: the data is not on the volume that the configuration names.
remount "$origin"
lvremove --quiet --yes vg_mysql/mysql_snapshot >/dev/null
lvcreate --quiet --yes --snapshot --name theirs --size 64M vg_mysql/lv_mysql_data >/dev/null
remount /dev/vg_mysql/theirs
: >"$log_file"
backup
expect_status 2
expect_log 'preflight: FAILED .*/var/lib/mysql.* is not on the volume that is to be snapshotted'
expect_not_in_log 'quiesce: started'
remount "$origin"
lvremove --quiet --yes vg_mysql/theirs >/dev/null
backup
expect_status 0
expect_clean
