#!/usr/bin/env bash
# mount_snapshot on real filesystems on loop devices. Needs root, mke2fs and mkfs.xfs.

# In a mount namespace of its own: what it mounts disturbs nobody, and ends with it.
if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  IN_OWN_NAMESPACE=1 exec unshare --mount --propagation private "$0"
fi
source base/testing/shell.sh

mount_snapshot=mounter/mount_snapshot
unmount_snapshot=mounter/unmount_snapshot

# Sets $device to a new loop device of SIZE.
make_device() {
  local image
  image=$(mktemp "$test_dir/image.XXXXXX")
  truncate -s "$1" "$image"
  device=$(losetup --find --show "$image")
  on_exit losetup --detach "$device"
}

mount_line() {
  grep -F " ${1// /\\040} " /proc/self/mountinfo
}

run "$mount_snapshot" --help
expect_exit 0
expect_no_stderr
run "$mount_snapshot" --no_such_flag
expect_exit 1
run "$mount_snapshot" --mount_point=/mnt/x
expect_exit 1
expect_stderr '--device is needed'
run "$mount_snapshot" --device=/dev/null --mount_point=mnt
expect_exit 1
expect_stderr 'not an absolute path'

make_device 16M
mke2fs -q -t ext4 -d base/testing "$device"
mount_point="$test_dir/new parent/it's a \$mount \"point\""
ln -s "$device" "$test_dir/vg snapshot"

# umask 077 must not make the parents unreadable.
(umask 077 && run "$mount_snapshot" "--device=$test_dir/vg snapshot" "--mount_point=$mount_point" &&
  expect_exit 0 && expect_stdout "" && expect_stderr 'INFO mount_snapshot: mounted .* \(ext4\)')
on_exit "$unmount_snapshot" "--mount_point=$mount_point"
expect "the parent is 0755" test "$(stat -c %a "$test_dir/new parent")" = 755
expect "the filesystem is there" test -e "$mount_point/shell.sh"
expect "mounted with the right options" \
  grep -q ' ro,nosuid,nodev,noexec,.* - ext4 ' <(mount_line "$mount_point")
expect "nothing can be written" not touch "$mount_point/x"

run "$mount_snapshot" "--device=$device" "--mount_point=$mount_point"
expect_exit 2
expect_stderr 'mounted on it already: unmount_snapshot'
expect "still one mount" test "$(mount_line "$mount_point" | wc -l)" = 1
run "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0
expect "the mount point is 0700" test "$(stat -c %a "$mount_point")" = 700

# An ext4 filesystem that was cut off with its journal not replayed, and a file open and unlinked.
mount "$device" "$mount_point"
echo data >"$mount_point/file"
exec 7<"$mount_point/file"
rm "$mount_point/file"
echo data >"$mount_point/kept"
sync -f "$mount_point"
image_copy=$test_dir/crashed
cp "$(losetup -n -O BACK-FILE "$device")" "$image_copy"
exec 7<&-
umount "$mount_point"
crashed=$(losetup --find --show "$image_copy")
on_exit losetup --detach "$crashed"
expect "the copy needs recovery" grep -q needs_recovery <(dumpe2fs -h "$crashed" 2>&1)
run "$mount_snapshot" "--device=$crashed" "--mount_point=$mount_point"
expect_exit 0
expect "the journal was replayed" test -s "$mount_point/kept"
run "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0
expect "no recovery is needed any more" not grep -q needs_recovery <(dumpe2fs -h "$crashed" 2>&1)

# XFS: beside its origin, which has the same UUID.
make_device 320M
origin=$device
mkfs.xfs -q "$origin"
cp --sparse=always "$(losetup -n -O BACK-FILE "$origin")" "$test_dir/xfs"
snapshot=$(losetup --find --show "$test_dir/xfs")
on_exit losetup --detach "$snapshot"
mkdir "$test_dir/origin"
mount "$origin" "$test_dir/origin"
on_exit umount "$test_dir/origin"
run "$mount_snapshot" "--device=$snapshot" "--mount_point=$test_dir/xfs_mount"
expect_exit 0
on_exit "$unmount_snapshot" "--mount_point=$test_dir/xfs_mount"
expect "mounted with the right options" \
  grep -q ' ro,nosuid,nodev,noexec,.* - xfs ' <(mount_line "$test_dir/xfs_mount")

# What must be refused, and leaves no directory behind.
refused() {
  local pattern=$1
  shift
  run "$mount_snapshot" "--mount_point=$test_dir/refused/sub" "$@"
  expect_exit 2
  expect_stdout ""
  expect_stderr "$pattern"
  expect "no directory is left" test ! -e "$test_dir/refused"
}
refused 'cannot look at device /dev/nonexistent: No such file' --device=/dev/nonexistent
refused 'not a block device' "--device=$image_copy"
refused 'not a block device' --device=/dev/null
make_device 16M
refused "no known filesystem on $device" "--device=$device"
mkswap -q "$device" 2>/dev/null
refused 'filesystem swap is not supported: only ext4 and xfs' "--device=$device"
mke2fs -q -F -t ext4 "$device"
refused 'cannot run /nonexistent' "--device=$device" --mount=/nonexistent
refused 'cannot run /nonexistent' "--device=$device" --blkid=/nonexistent
refused 'false -t failed: exit code 1' "--device=$device" --mount=/usr/bin/false
refused 'nothing is mounted on' "--device=$device" --mount=/usr/bin/true
# A mount program that mounts otherwise than it was told: its mount must not stay.
cat >"$test_dir/wrong_options" <<'END'
#!/bin/sh
exec mount -o ro,nosuid,noexec "$5" "$6"
END
cat >"$test_dir/wrong_device" <<'END'
#!/bin/sh
exec mount -t tmpfs -o ro,nosuid,nodev,noexec none "$6"
END
cat >"$test_dir/late_failure" <<'END'
#!/bin/sh
mount -o ro,nosuid,nodev,noexec "$5" "$6"
exit 32
END
chmod +x "$test_dir"/{wrong_options,wrong_device,late_failure}
refused 'mounted without nodev' "--device=$device" "--mount=$test_dir/wrong_options"
refused 'another device is mounted' "--device=$device" "--mount=$test_dir/wrong_device"
refused 'exit code 32' "--device=$device" "--mount=$test_dir/late_failure"

ln -s "$test_dir" "$test_dir/link"
run "$mount_snapshot" "--device=$device" "--mount_point=$test_dir/link"
expect_exit 2
expect_stderr 'is a symbolic link'
touch "$test_dir/file"
run "$mount_snapshot" "--device=$device" "--mount_point=$test_dir/file"
expect_exit 2
expect_stderr 'is no directory'
run "$mount_snapshot" "--device=$device" "--mount_point=$test_dir"
expect_exit 2
expect_stderr 'is not empty'
