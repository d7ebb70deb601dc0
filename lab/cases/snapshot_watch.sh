#!/bin/bash
# A copy whose snapshot is lost ends at once; a watch that cannot see, or is killed, costs no more.
# long
source "$(dirname "$0")/lib.sh"
with_bulk
with_slow_copy 4M # of about 200 MB
on_exit rm -f /var/lib/mysql/lab_noise /etc/lvm/lvmlocal.conf

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
  [[ $monitoring == 0 || ${monitor// /} == monitored ]] || fail 'dmeventd does not watch it'
  [[ $monitoring == 1 || ${monitor// /} != monitored ]] || fail 'dmeventd watches it'
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
