#!/bin/bash
# LVM's own automatic extension (70 %, by 20 %): the copy is good where the group has room, and void
# where it has none.
# long
source "$(dirname "$0")/lib.sh"
with_bulk
with_slow_copy 4M
on_exit rm -f /var/lib/mysql/lab_noise /etc/lvm/lvmlocal.conf
on_exit lvremove --quiet --quiet --yes vg_mysql/lab_filler
lvm_settings 'monitoring = 1' 'snapshot_autoextend_threshold = 70' 'snapshot_autoextend_percent = 20'
configure SNAPSHOT_SIZE=40M

run_until 'rsync: started'
expect 'dmeventd does not watch it' grep -q monitored <<<"$(lvs --noheadings -o seg_monitor vg_mysql/mysql_snapshot)"
write_origin 32
in_log 'was extended from 40 MiB, not by this program'
write_origin 8 32
end_run
grep snapshot_watch "$log_file"
expect_status 0
expect 'backups' test "$(published | wc -l)" = 1
expect_clean

# dmeventd has nothing to give.
leave_room 40
run_until 'rsync: started'
write_origin 32
in_log 'WARNING snapshot_watch: .*not extended: SNAPSHOT_MAX_SIZE is not set'
sleep 12
write_origin 16 32
end_run
grep snapshot_watch "$log_file"
expect_status 3
expect_log 'rsync: FAILED .*is not valid: it has overflowed'
expect 'backups' test "$(published | wc -l)" = 1
expect_clean
