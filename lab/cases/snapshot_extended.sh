#!/bin/bash
# A snapshot that fills during the copy is extended, where that is allowed and possible; a warning
# says why not.
# long
source "$(dirname "$0")/lib.sh"
with_bulk
with_slow_copy 4M # of about 200 MB
on_exit rm -f /var/lib/mysql/lab_noise
on_exit lvremove --quiet --quiet --yes vg_mysql/lab_filler

# --- written without a pause, more than its first size holds: extended in time
configure SNAPSHOT_SIZE=64M SNAPSHOT_MAX_SIZE=512M
run_until 'rsync: started'
for ((at = 0; at < 160; at += 2)); do
  kill -0 "$run" 2>/dev/null || break
  write_origin 2 "$at"
  sleep 0.5
done
end_run
expect_status 0
grep snapshot_watch "$log_file"
((at > 64)) || fail "not enough was written for the trial: $at MB"
expect_log 'INFO snapshot_watch: .*: extended to [0-9]+ MiB'
expect_log 'snapshot used_percent='
expect 'backups' test "$(published | wc -l)" = 1
expect_clean
expect 'the backup has no rows' test "$(query_backup "$(newest)" 'SELECT COUNT(*) > 0 FROM shop.orders')" = 1
rm -rf "$root"

# --- the limit is reached: a warning, and the loss
configure SNAPSHOT_SIZE=16M SNAPSHOT_MAX_SIZE=20M
run_until 'rsync: started'
write_origin 13
in_log 'extended to 20 MiB'
write_origin 5 13
in_log 'WARNING snapshot_watch: .*not extended: it has reached SNAPSHOT_MAX_SIZE, which is 20 MiB'
write_origin 20 18
end_run
expect_status 3
expect_log 'rsync: FAILED .*is not valid: it has overflowed'
expect 'an overflowed snapshot was published' test -z "$(published)"
expect_clean

# --- allowed, but the group has no room: a warning that says so; the copy is good as long as it holds
leave_room 16
configure SNAPSHOT_SIZE=16M SNAPSHOT_MAX_SIZE=512M
run_until 'rsync: started'
write_origin 13
in_log 'WARNING snapshot_watch: .*not extended: the volume group has no free extents: add a physical volume'
end_run
expect_status 0
expect_log 'end: OK'
expect_clean
rm -rf "$root"
run_until 'rsync: started'
write_origin 13
in_log 'WARNING snapshot_watch: .*no free extents'
write_origin 20 13
end_run
expect_status 3
expect_log 'rsync: FAILED .*is not valid: it has overflowed'
expect 'an overflowed snapshot was published' test -z "$(published)"
expect_clean
lvremove --quiet --yes vg_mysql/lab_filler >/dev/null

# --- not allowed: a warning, and room by hand makes the copy good, as the warning says
configure SNAPSHOT_SIZE=16M
run_until 'rsync: started'
write_origin 13
in_log 'WARNING snapshot_watch: .*SNAPSHOT_MAX_SIZE is not set.*by hand: lvextend --size '
remedy=$(grep -oE 'lvextend --size [^;]+' "$log_file")
$remedy >/dev/null
write_origin 10 13
end_run
expect_status 0
expect_log 'INFO snapshot_watch: .*was extended from 16 MiB, not by this program'
expect_clean
rm -rf "$root"
