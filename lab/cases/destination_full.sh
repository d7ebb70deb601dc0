#!/bin/bash
# A destination that is too small is refused before the lock; one that fills up during the copy
# costs nothing but the run. A volume group without room is refused before the lock, too.
source "$(dirname "$0")/lib.sh"
truncate -s 24M /srv/small.img # MySQL's data are mostly zeros, which take no room
mkfs.ext4 -q /srv/small.img
mkdir -p /srv/small
mount -o loop /srv/small.img /srv/small
on_exit umount /srv/small
configure BACKUP_ROOT=/srv/small/mysql
mkdir -p /srv/small/mysql/backup_20200101_020000
echo old >/srv/small/mysql/backup_20200101_020000/file
backup
expect_status 2
expect_log 'preflight: FAILED .*not enough room.*/srv/small'
expect_not_in_log 'quiesce: started'
expect 'something was made' test "$(ls -A /srv/small/mysql)" = backup_20200101_020000

# Enough room when it is looked at, not enough when it is needed.
wrap check_room <<'END'
#!/bin/bash
exit 0
END
backup
expect_status 2
expect_log 'rsync: FAILED .*No space left'
expect 'the half copy is left' test "$(ls -A /srv/small/mysql)" = backup_20200101_020000
expect 'an older backup was changed' grep -qx old /srv/small/mysql/backup_20200101_020000/file
expect_clean

configure
: >"$log_file"
lvcreate --quiet --yes --name filler --extents 100%FREE vg_mysql >/dev/null
backup
lvremove --quiet --yes vg_mysql/filler >/dev/null
expect_status 2
expect_log 'preflight: FAILED .*volume group vg_mysql has 0 MiB free'
expect_not_in_log 'quiesce: started'
expect_clean
