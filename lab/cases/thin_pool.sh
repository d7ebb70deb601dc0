#!/bin/bash
# A thin pool that is nearly full, or fills up during the copy: the server goes on, whatever the backup does.
# long
# lab:
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/volumes.sh"
lay_out ext4 thin 640
with_bulk
on_exit rm -f /var/lib/mysql/lab_noise
pool_percent() { lvs --noheadings --options data_percent vg_mysql/pool | tr -d ' '; }

# --- it works, and says how full the pool was
configure SNAPSHOT_SIZE=100M
backup
expect_status 0
expect_log 'snapshot_create: the snapshot goes into the thin pool vg_mysql/pool'
expect_log 'created vg_mysql/mysql_snapshot, a snapshot of lv_mysql_data'
expect_log 'snapshot used_percent=[0-9.]+ .* pool=pool metadata_percent=[0-9.]+'
expect_clean
echo "the pool is $(pool_percent) % full"

# --- not the room that SNAPSHOT_SIZE asks for: refused before the lock
configure SNAPSHOT_SIZE=1G
: >"$log_file"
backup
expect_status 2
expect_log 'preflight: FAILED .*thin pool vg_mysql/pool has [0-9]+ MiB free, and what is written during a backup may need 800 MiB'
expect_not_in_log 'quiesce: started'

# --- it fills up during the copy: the copy ends, its snapshot goes, and the server has never waited
configure SNAPSHOT_SIZE=50M
with_slow_copy 2M
write_origin 100 # once before, so that only the snapshot makes it take room
run_until 'rsync: started'
sleep 2
fill() { # until the copy ends, a little at a time
  local at
  for ((at = 0; at < 400; at += 10)); do
    grep -q 'rsync: FAILED' "$log_file" && return
    write_origin 10 "$at"
    sleep 1
  done
}
fill
end_run
expect_status 3
expect_log 'snapshot_watch: ending .*thin pool vg_mysql/pool is 9[0-9] % full .*the copy ends here'
expect_log 'rsync: FAILED .*exit code 3'
expect 'something was published' test "$(published | wc -l)" = 1
[[ $(lvs --noheadings --options lv_attr vg_mysql/pool) != *D* ]] || fail 'the pool ran full'
! dmesg | grep -E 'thin.*(out of|no free)' || fail 'the pool ran full'
expect_clean

# --- with room again, so does the next one
rm /var/lib/mysql/lab_noise
fstrim /var/lib/mysql
backup
expect_status 0
expect_clean
