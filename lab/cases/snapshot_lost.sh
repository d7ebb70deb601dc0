#!/bin/bash
# A snapshot that overflows makes no backup; one that is held at the end makes one, and is named.
source "$(dirname "$0")/lib.sh"
configure SNAPSHOT_SIZE=8M

# More is written to the origin than the COW space can take: after the copy. (During the copy: see
# the case snapshot_watch.)
wrap snapshot_check <<'END'
#!/bin/bash
dd if=/dev/zero of=/var/lib/mysql/lab_noise bs=1M count=40 oflag=direct status=none
rm /var/lib/mysql/lab_noise
exec /app/bin/snapshot_check.real "$@"
END
backup
expect_status 3
expect_log 'check: FAILED .*is not valid: it has overflowed'
expect 'an overflowed snapshot was published' test -z "$(published)"
expect_clean
cp -a /app/bin/snapshot_check.real /app/bin/snapshot_check

# Before the copy: reads give errors, or what is copied is empty.
wrap mount_snapshot <<'END'
#!/bin/bash
/app/bin/mount_snapshot.real "$@" || exit
dd if=/dev/zero of=/var/lib/mysql/lab_noise bs=1M count=40 oflag=direct status=none
rm /var/lib/mysql/lab_noise
END
: >"$log_file"
backup
expect_status 3
expect_log 'rsync: FAILED .*(is not valid: it has overflowed|there is no snapshot)'
expect 'an overflowed snapshot was published' test -z "$(published)"
expect_clean
cp -a /app/bin/mount_snapshot.real /app/bin/mount_snapshot

# Held at the end, by a process with a name.
configure
: >"$log_file"
wrap snapshot_remove <<'END'
#!/bin/bash
if [ -b /dev/vg_mysql/mysql_snapshot ] && [ ! -e /tmp/holder ]; then
  sleep 1000 </dev/vg_mysql/mysql_snapshot >/dev/null 2>&1 &
  echo $! >/tmp/holder
fi
exec /app/bin/snapshot_remove.real "$@" --deadline=2
END
backup
expect_status 4
expect_log 'cleanup: FAILED .*cannot remove the snapshot vg_mysql/mysql_snapshot.*held by process [0-9]+ \(sleep\)'
expect_log 'end: FAILED \(exit code 4.*backup /backups/mysql/backup_'
expect 'the good copy was thrown away' test "$(published | wc -l)" = 1
expect 'the server is locked' takes_writes
kill "$(cat /tmp/holder)"
backup
expect_status 0
expect_clean
