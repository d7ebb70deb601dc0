#!/bin/bash
# What a run leaves that was killed in the middle, the next run puts right, unattended.
source "$(dirname "$0")/lib.sh"
with_bulk

/app/backup_mysql.sh </dev/null 2>/tmp/stderr &
run=$!
in_log 'rsync: started'
sleep 0.5
expect 'the copy is over already' pgrep -x rsync
kill -KILL "$run"
wait "$run"
sleep 1
expect 'the snapshot was to be left by the crash' test -e "$snapshot"
expect 'the mount was to be left by the crash' mountpoint -q /mnt/mysql_snapshot
# Law 2: not even now is the server locked.
takes_writes || fail 'the server is still locked'
expect 'something was published' test -z "$(published)"
backup
expect_status 0
expect_log 'removed vg_mysql/mysql_snapshot'
expect_clean
expect 'backups' test "$(published | wc -l)" = 1

# By hand, worse: a snapshot without our tag, mounted twice over; a fifo; half a copy, half a deletion.
lvcreate --quiet --yes --snapshot --name mysql_snapshot --size 64M vg_mysql/lv_mysql_data >/dev/null
mount -o ro "$snapshot" /mnt/mysql_snapshot
mount -o ro "$snapshot" /mnt/mysql_snapshot
mkfifo /run/mysql-backup/lock.fifo
mkdir -p "$root/.backup_20200101_020000.partial/shop" "$root/.backup_20200102_020000.deleting/shop"
# And a renamed one with our tag.
lvcreate --quiet --yes --snapshot --name renamed --addtag mysql_lvm_backup --size 64M \
  vg_mysql/lv_mysql_data >/dev/null
backup
expect_status 0
expect_clean
expect 'backups' test "$(published | wc -l)" = 2

# Not ours: a volume of that name that is no snapshot of our origin, and a foreign snapshot.
lvcreate --quiet --yes --name mysql_snapshot --size 16M vg_mysql >/dev/null
lvcreate --quiet --yes --snapshot --name theirs --size 64M vg_mysql/lv_mysql_data >/dev/null
: >"$log_file"
backup
expect_status 2
expect_log 'preflight: FAILED .*is no snapshot of lv_mysql_data: it is left untouched'
expect_not_in_log 'quiesce: started'
expect 'a foreign volume was removed' lvs vg_mysql/mysql_snapshot vg_mysql/theirs
lvremove --quiet --yes vg_mysql/mysql_snapshot >/dev/null
backup
expect_status 0
expect 'a foreign snapshot was removed' lvs vg_mysql/theirs
lvremove --quiet --yes vg_mysql/theirs >/dev/null
expect_clean
