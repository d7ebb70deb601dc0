#!/bin/bash
# Inodes that run out, a disk that turns read-only, and one whose writes fail: nothing but the run is lost.
# long
source "$(dirname "$0")/lib.sh"
readonly image=/srv/fault.img disk=/srv/fault
root=$disk/mysql

mount_disk() {
  mount -o noatime,errors=remount-ro /dev/mapper/fault "$disk"
}

# What an administrator does who has seen the log: with a good disk, check and mount it again.
repair_disk() {
  # What the filesystem still has in memory must not mend what the fault has done.
  umount "$disk" || fail 'cannot unmount'
  set_disk good
  sync /dev/mapper/fault 2>/dev/null # an error of the past is told once
  e2fsck -fy /dev/mapper/fault >/tmp/e2fsck 2>&1 || (($? <= 2)) || fail "$(cat /tmp/e2fsck)"
  mount_disk || fail 'cannot mount'
  find "$disk/filler" -type f -delete
}

fingerprints() {
  local name
  for name in $(published); do
    (cd "$root/$name" && echo "$name" && /lab/cases/fingerprint.sh)
  done
}

# broken_run WORDS PATTERN: the next run fails, with PATTERN in the log, and costs nothing else; the
# one after it succeeds. What breaks it has been given to provoke.
broken_run() {
  local words=$1 before names broken
  before=$(fingerprints)
  names=$(published)
  : >"$log_file"
  backup
  broken=$status
  [[ $status == 2 || $status == 4 ]] || fail "$words: exit code $status"
  expect_log "$2"
  expect_log "end: FAILED \(exit code $status"
  expect_not_in_log 'end: .*, backup /'
  takes_writes || fail "$words: the server is locked"
  [[ ! -e $snapshot ]] || fail "$words: the snapshot is left"
  # Exit code 2 says that nothing is left, 4 that the log names what is.
  if [[ $status == 4 ]]; then
    expect_log 'left behind|could not remove everything|cannot remove'
  else
    expect_clean
  fi
  [[ ! -e /tmp/fault ]] || fail "$words: it was never provoked"
  repair_disk
  [[ $(published) == "$names" ]] || fail "$words: published: $(published)"
  [[ $(fingerprints) == "$before" ]] || fail "$words: an older backup was changed"
  backup
  expect_status 0
  expect_clean
  [[ $(newest) > $(tail -n 1 <<<"$names") ]] || fail "$words: the next run published nothing"
  echo "$words: exit code $broken, healed by the next run"
}

truncate -s 900M "$image"
device=$(losetup --find --show "$image")
on_exit losetup --detach "$device"
dmsetup create fault --table "0 $((900 * 2048)) linear $device 0" || fail 'no device-mapper'
on_exit dmsetup remove fault
mkfs.ext4 -q -b 4096 -N 3000 /dev/mapper/fault
mkdir -p "$disk"
mount_disk || fail 'cannot mount'
mkdir "$disk/filler"
on_exit umount "$disk"
configure KEEP=2 BACKUP_ROOT="$root"

# The faults are programs, for the wraps below.
cat >/usr/local/bin/set_disk <<END
#!/bin/bash
# good, error, or what dm-flakey can do. Nothing is written before it takes effect.
case \$1 in
  good) table="linear $device 0" ;;
  error) table=error ;;
  *) table="flakey $device 0 0 1 1 \$1" ;; # never up
esac
dmsetup suspend --noflush --nolockfs fault &&
  dmsetup reload fault --table "0 $((900 * 2048)) \$table" &&
  dmsetup resume fault
END
cat >/usr/local/bin/use_inodes <<END
#!/bin/bash
cd $disk/filler && seq \$((\$(stat -f -c %d .) - 100)) | xargs touch
END
# Only what is in files is written, and is lost; no metadata. The disk is good again then.
cat >/usr/local/bin/lose_data <<END
#!/bin/bash
set_disk error_writes
find $root/.backup_*.partial -type f -size +0 -exec xfs_io -r -c 'sync_range -b -w -a 0 0' {} ';'
set_disk good
END
chmod 755 /usr/local/bin/{set_disk,use_inodes,lose_data}

wrap_for_faults() {
  local tool
  for tool in sync_tree publish_backup; do
    wrap "$tool" <<'END'
#!/bin/bash
name=${0##*/}
provoke() {
  [[ $name-$1 == "$(head -n 1 /tmp/fault 2>/dev/null)" ]] || return 0
  fault=$(tail -n +2 /tmp/fault)
  rm /tmp/fault
  eval "$fault" >>/tmp/provoked 2>&1
}
provoke before
if [[ $name == sync_tree ]]; then
  (
    while ! pgrep -x rsync; do sleep 0.05; done
    sleep 0.5
    provoke during
  ) >/dev/null 2>&1 &
fi
"$0.real" "$@"
status=$?
((status != 0)) || provoke after
exit "$status"
END
  done
}

# provoke MOMENT COMMAND: in the next run.
provoke() {
  printf '%s\n' "$@" >/tmp/fault
}

backup
expect_status 0
wrap_for_faults

provoke sync_tree-before use_inodes
broken_run 'no inodes' 'rsync: FAILED .*No space left'
use_inodes
: >"$log_file"
backup
expect_status 2
expect_log 'preflight: FAILED .*not enough inodes'
expect_not_in_log 'quiesce: started'
repair_disk

provoke sync_tree-during "mount -o remount,abort $disk"
broken_run 'read-only in the copy' 'rsync: FAILED .*(Read-only|Input/output)'
provoke publish_backup-before "mount -o remount,ro $disk"
broken_run 'read-only at publish' 'publish: FAILED .*Read-only'
provoke sync_tree-during 'set_disk error_writes'
broken_run 'failing writes in the copy' '(rsync|publish): FAILED .*(Read-only|Input/output)'
provoke sync_tree-during 'set_disk error'
broken_run 'a dead disk in the copy' '(rsync|publish): FAILED .*(Read-only|Input/output)'
provoke publish_backup-before 'set_disk error_writes'
broken_run 'failing writes at publish' 'publish: FAILED .*(Read-only|Input/output)'
# The kernel of MySQL's machine takes such a filesystem out of use, which cannot be overlooked.
lost='Input/output'
[[ $server == mariadb ]] || lost='(Read-only|Input/output)'
provoke sync_tree-after lose_data
broken_run 'failing writes after the copy' "publish: FAILED .*$lost"
provoke sync_tree-after "lose_data; sync --file-system $disk"
broken_run 'failing writes that another program was told of' "publish: FAILED .*$lost"

# A disk that says it has written and has not cannot be found out by writing. What was there stays.
provoke publish_backup-before 'set_disk drop_writes'
before=$(fingerprints)
oldest=$(published | head -n 1)
backup
echo "dropped writes at publish: exit code $status"
repair_disk
[[ $(fingerprints) == "$before" ]] || fail 'dropped writes: older backups were changed, or one is there'
expect 'dropped writes: an old backup is lost' test -d "$root/$oldest"
backup
expect_status 0
expect_clean
