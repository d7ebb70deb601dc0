#!/bin/bash
# Records what three runs write to the disk of the backups: each publishes, the later ones expire.
# For lab/power_cut.sh; no case by itself. Usage: record_writes.sh FILESYSTEM
#
# In /lab/output then: `log`, in the form of dm-log-writes, over a disk of `size` bytes of zeros, with
# the marks made, published=NAME, expiring=NAME; and NAME.list, each published backup's fingerprint.
#
# FILESYSTEM is ext4 or xfs, on a disk with a cache; or ext4_nojournal, where nothing but our own
# syncs puts one write before another. That is on a disk without a cache: when there is no journal,
# Linux 6.1 does not flush the disk's cache in fsync of a directory, so that no program could rely on
# it.
source "$(dirname "$0")/lib.sh" # and so that e2e.sh takes it for no case

readonly filesystem=$1 mebibytes=384 data=/srv/power.img disk=/srv/power log_disk=/dev/vdc
root=$disk/mysql

# The last mebibyte is for the marks.
make_filesystem() {
  case $filesystem in
    ext4) mkfs.ext4 -q -b 4096 -J size=8 /dev/mapper/power $((mebibytes - 1))M ;;
    ext4_nojournal) mkfs.ext4 -q -b 4096 -O ^has_journal /dev/mapper/power $((mebibytes - 1))M ;;
    xfs) mkfs.xfs -q -d size=$((mebibytes - 1))m /dev/mapper/power ;;
    *) fail "no such filesystem: $filesystem" ;;
  esac
}

mount_options() {
  case $filesystem in
    # What is deleted is discarded, so that a disk may forget it at once.
    ext4*) echo noatime,noinit_itable,discard ;;
    xfs) echo noatime,discard ;;
  esac
}

# set_cache "write back" | "write through": whether the disk has one that has to be flushed.
set_cache() {
  echo "$1" >"/sys/block/$(basename "$(readlink -f /dev/mapper/power)")/queue/write_cache"
}

# A mark is a write, so that it stays where it belongs among the writes. The wraps use it, too.
cat >/usr/local/bin/mark <<END
#!/bin/bash
printf 'log_writes mark %s\n' "\$1" | dd of=/dev/mapper/power bs=512 seek=$((mebibytes * 2048 - 1)) \\
  count=1 conv=sync oflag=direct status=none
END
chmod 755 /usr/local/bin/mark

umount /backups
truncate -s "${mebibytes}M" "$data"
device=$(losetup --find --show "$data")
dmsetup create power --table "0 $((mebibytes * 2048)) log-writes $device $log_disk" || fail 'no dm-log-writes'
[[ $filesystem != ext4_nojournal ]] || set_cache 'write through'
make_filesystem || fail "cannot make $filesystem"
mkdir -p "$disk"
mount -o "$(mount_options)" /dev/mapper/power "$disk" || fail "cannot mount $filesystem"
mkdir -m 700 "$root"
sync --file-system "$root"
mark made

wrap publish_backup <<'END'
#!/bin/bash
path=$(/app/bin/publish_backup.real "$@") || exit
mark "published=${path##*/}"
cd "$path" || exit
{ /lab/cases/fingerprint.sh && sha256sum backup.manifest; } >"/lab/output/${path##*/}.list"
echo "$path"
END
wrap expire_backups <<'END'
#!/bin/bash
list=$(cat)
for name in $list; do
  [[ $name != backup_* ]] || mark "expiring=$name"
done
/app/bin/expire_backups.real "$@" <<<"$list"
END

configure KEEP=1 BACKUP_ROOT="$root"
for i in 1 2 3; do
  # So that no two backups have the same contents.
  sql "DROP TABLE IF EXISTS shop.lab_probe; CREATE TABLE shop.lab_probe (a INT); INSERT INTO shop.lab_probe VALUES ($i)"
  backup
  expect_status 0
  expect 'KEEP=1 was not obeyed' test "$(published | wc -l)" = 1
  # Half of a deletion may still be in memory when the next run begins, or be on the disk.
  [[ $i == 2 ]] || sync --file-system "$root"
done
umount "$disk" || fail 'cannot unmount'
# Only a flush brings what precedes it into the log.
set_cache 'write back'
sync /dev/mapper/power
# The log is written behind, and its head last: it is whole when it does not grow any more.
last='' entries=0
until [[ $last == "$entries" ]]; do
  last=$entries
  sleep 1
  read -r _ _ _ entries end < <(dmsetup status power)
done
sync "$log_disk"
dmsetup remove power
dd if="$log_disk" of=/lab/output/log bs=1M count=$((end / 2048 + 1)) status=none
stat -c %s "$data" >/lab/output/size
echo "$filesystem" >/lab/output/filesystem
echo "record_writes $filesystem entries=$entries bytes=$(stat -c %s /lab/output/log) backups=$(cat /lab/output/backup_*.list | grep -c '^|d')"
