#!/bin/bash
# A snapshot that fills during the copy: told, extended where that is allowed and possible, and a
# copy whose snapshot is lost ends at once.
source "$(dirname "$0")/lib.sh"
with_bulk
with_slow_copy 4M # of about 150 MB
on_exit rm -f /var/lib/mysql/lab_noise /etc/lvm/lvmlocal.conf
on_exit lvremove --quiet --quiet --yes vg_mysql/lab_filler

# run_until PATTERN: a run in the background, until the log has this.
run_until() {
  : >"$log_file"
  /app/backup_mysql.sh </dev/null 2>/tmp/stderr &
  run=$!
  in_log "$1"
}
end_run() {
  status=0
  wait "$run" || status=$?
}

# --- how long the copy takes when nothing is in its way
configure
backup
expect_status 0
expect_not_in_log 'snapshot_watch'
seconds_of rsync
whole_copy=$REPLY
((whole_copy > 25)) || fail "the copy is too quick to be ended early: $whole_copy s"
rm -rf "$root"

# --- lost in the middle, while dmeventd watches it and while it does not
for monitoring in 1 0; do
  lvm_settings "monitoring = $monitoring"
  configure SNAPSHOT_SIZE=8M
  run_until 'rsync: started'
  monitor=$(lvs --noheadings -o seg_monitor vg_mysql/mysql_snapshot)
  echo "monitoring = $monitoring: dmeventd says '${monitor// /}'"
  sleep 2
  write_origin 40
  end_run
  expect_status 3
  expect_log 'WARNING snapshot_watch: ending /app/bin/sync_tree: .*has overflowed'
  expect_log 'rsync: FAILED .*exit code 3.*is not valid: it has overflowed'
  expect_not_in_log 'check: started'
  seconds_of rsync
  echo "the copy ended after $REPLY s of $whole_copy s"
  ((REPLY < whole_copy / 2)) || fail "the copy was not ended early: $REPLY s of $whole_copy s"
  expect 'an overflowed snapshot was published' test -z "$(published)"
  expect_clean
done
rm /etc/lvm/lvmlocal.conf

# --- removed under the copy's feet: it cannot be while it is mounted, but it can be made invalid and
# gone by force
configure
run_until 'rsync: started'
sleep 2
dmsetup suspend --noflush --nolockfs vg_mysql-mysql_snapshot && dmsetup load vg_mysql-mysql_snapshot \
  --table "0 $(blockdev --getsz /dev/vg_mysql/lv_mysql_data) error" && dmsetup resume vg_mysql-mysql_snapshot
end_run
[[ $status != 0 ]] || fail 'a copy from a device with errors passed'
echo "reads give errors: $(grep 'rsync: FAILED' "$log_file")"
expect 'a broken copy was published' test -z "$(published)"
expect 'left: the next run cannot put it right' test "$(backup && echo "$status")" = 0
expect_clean
rm -rf "$root"

# --- written without a pause, many times its first size: extended again and again
configure SNAPSHOT_SIZE=16M SNAPSHOT_MAX_SIZE=512M
run_until 'rsync: started'
for ((at = 0; at < 80; at += 2)); do
  kill -0 "$run" 2>/dev/null || break
  write_origin 2 "$at"
  sleep 0.7
done
end_run
expect_status 0
grep snapshot_watch "$log_file"
((at > 32)) || fail "not enough was written for the trial: $at MB"
expect_log 'INFO snapshot_watch: .*: extended to [0-9]+ MiB'
expect_log 'snapshot: used_percent='
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

# --- lvs fails now and then: no reason to lose the copy
printf '%s\n' '#!/bin/bash' '((RANDOM % 2)) || { echo "  no mood" >&2; exit 5; }' \
  'exec /usr/sbin/lvm "$@"' >/tmp/moody_lvm
chmod 755 /tmp/moody_lvm
wrap snapshot_watch <<'END'
#!/bin/sh
exec /app/bin/snapshot_watch.real --lvm=/tmp/moody_lvm "$@"
END
configure
run_until 'rsync: started'
end_run
expect_status 0
expect_log 'WARNING snapshot_watch: cannot see how full .*no mood'
expect_clean
cp -a /app/bin/snapshot_watch.real /app/bin/snapshot_watch

# --- the watch is killed: the copy ends, the run fails and cleans up
run_until 'rsync: started'
sleep 2
expect 'a watch to be killed' pgrep -x snapshot_watch
pkill -KILL -x snapshot_watch
end_run
expect_status 2
expect_clean
# --- the copy is killed
run_until 'rsync: started'
sleep 2
pkill -KILL -x sync_tree.real
end_run
expect_status 2
expect_log 'rsync: FAILED .*/app/bin/sync_tree was killed by SIGKILL'
expect_clean
