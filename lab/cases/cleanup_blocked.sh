#!/bin/bash
# The snapshot cannot be removed, or not be made: udev is stopped, or another mount namespace holds it.
# Bounded, named, and put right by the next run.
# long
source "$(dirname "$0")/lib.sh"

# --- another mount namespace has a copy of the mount
wrap sync_tree <<'END'
#!/bin/bash
unshare --mount --propagation private sleep 1000 </dev/null >/dev/null 2>&1 &
echo $! >/tmp/holder
sleep 0.5
exec /app/bin/sync_tree.real "$@"
END
wrap snapshot_remove <<'END'
#!/bin/bash
exec /app/bin/snapshot_remove.real "$@" --deadline=3
END
backup
expect_status 4
expect_log 'unmount: OK'
expect_log 'cleanup: FAILED .*held by .*mount /mnt/mysql_snapshot in the mount namespace of process [0-9]+ \(sleep\)'
expect_log 'end: FAILED \(exit code 4.*backup /backups/mysql/backup_'
grep -m 1 -oE 'held by .*' "$log_file"
expect 'the good copy was thrown away' test "$(published | wc -l)" = 1
expect 'the server is locked' takes_writes
# The next run cannot do better while it is held, and says so before the lock.
cp -a /app/bin/sync_tree.real /app/bin/sync_tree
: >"$log_file"
backup
expect_status 4
expect_log 'preflight: FAILED .*mount namespace of process [0-9]+ \(sleep\)'
expect_not_in_log 'quiesce: started'
kill "$(cat /tmp/holder)"
cp -a /app/bin/snapshot_remove.real /app/bin/snapshot_remove
backup
expect_status 0
expect_clean

# --- udev is stopped from the cleanup on
# systemd's watchdog may have put another in its place at the end.
go_on() { kill -CONT "$udev" 2>/dev/null; }
udev=$(pgrep -o -x systemd-udevd)
on_exit go_on
cat >/app/bin/snapshot_remove <<END
#!/bin/bash
[ ! -b $snapshot ] || kill -STOP $udev
exec /app/bin/snapshot_remove.real "\$@"
END
: >"$log_file"
backup
echo "exit code $status"
grep -E 'cleanup|snapshot_remove|release: OK|end: ' "$log_file"
# LVM has done its work and waits for udev to say so: whether it is gone is seen past the deadline.
[[ $status == 0 || $status == 4 ]] || fail "exit code $status"
seconds_of cleanup
((REPLY < 300)) || fail "the cleanup took $REPLY s"
if [[ $status == 4 ]]; then
  expect_log 'cleanup: FAILED .*cannot remove the snapshot vg_mysql/mysql_snapshot.*udev'
else
  expect_log 'WARNING snapshot_remove: removed vg_mysql/mysql_snapshot, although .*no end within 2m, terminated; does udev answer'
fi
expect 'the good copy was thrown away' test "$(published | wc -l)" -ge 2
expect 'the server is locked' takes_writes
go_on
udevadm settle
cp -a /app/bin/snapshot_remove.real /app/bin/snapshot_remove
backup
expect_status 0
expect_clean

# --- udev is stopped while the snapshot is made, under the lock: LVM waits, and the server does not
wrap snapshot_create <<'END'
#!/bin/bash
[[ $* != *--prepared=* ]] || pkill -STOP -o -x systemd-udevd || exit
exec /app/bin/snapshot_create.real "$@"
END
for scope in backup snapshot; do
  configure LOCK_SCOPE=$scope LOCK_MAX_HOLD=10
  # systemd may have put another one in the place of the last.
  udev=$(pgrep -o -x systemd-udevd)
  run_until 'snapshot: started'
  sleep 15
  expect "the server is locked, LOCK_SCOPE=$scope" takes_writes
  end_run
  echo "LOCK_SCOPE=$scope: exit code $status"
  grep -E 'snapshot_create|snapshot: |cleanup: |end: ' "$log_file"
  [[ $status == [0234] ]] || fail "exit code $status"
  go_on
  udevadm settle
done
cp -a /app/bin/snapshot_create.real /app/bin/snapshot_create
configure
: >"$log_file"
backup
expect_status 0
expect_clean
