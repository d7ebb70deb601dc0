#!/usr/bin/env bash
# unmount_snapshot on a real ext4 filesystem on a loop device. Needs root.

# In a mount namespace of its own: what it mounts disturbs nobody, and ends with it.
if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  IN_OWN_NAMESPACE=1 exec unshare --mount --propagation private "$0"
fi
source base/testing/shell.sh

unmount_snapshot=mounter/unmount_snapshot

run "$unmount_snapshot" --help
expect_exit 0
expect_no_stderr
run "$unmount_snapshot" --no_such_flag
expect_exit 1
run "$unmount_snapshot"
expect_exit 1
expect_stderr '--mount_point is needed'
run "$unmount_snapshot" --mount_point=/
expect_exit 1
run "$unmount_snapshot" "--mount_point=$test_dir" --deadline=-1
expect_exit 1
run "$unmount_snapshot" "--mount_point=$test_dir" --device=loop0
expect_exit 1
expect_stderr "--device='loop0'"

run "$unmount_snapshot" "--mount_point=$test_dir/nonexistent"
expect_exit 0
expect_stderr 'nothing is mounted on'
mount_point="$test_dir/mount point"
mkdir "$mount_point"
run "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0
expect_stdout ""
expect_stderr 'nothing is mounted on'

truncate -s 16M "$test_dir/image"
mke2fs -q -t ext4 "$test_dir/image"
device=$(losetup --find --show "$test_dir/image")
on_exit losetup --detach "$device"

# Stacked, with a mount beside it whose name begins alike: that one stays.
beside="${mount_point}2"
mkdir "$beside"
mount -t tmpfs none "$beside"
on_exit umount "$beside"
mount "$device" "$mount_point"
mount -t tmpfs none "$mount_point"
mount -o ro,bind "$beside" "$mount_point"
run "$unmount_snapshot" "--mount_point=$mount_point/"
expect_exit 0
expect_stderr 'mounts=3'
expect "nothing is mounted" not mountpoint -q "$mount_point"
expect "the other mount is still there" mountpoint -q "$beside"
expect "the mount point stays" test -d "$mount_point"

# Only the device that is named, by whatever name, and nothing when it is not alone.
ln -s "$device" "$test_dir/snapshot"
run "$unmount_snapshot" "--mount_point=$mount_point" "--device=$test_dir/nonexistent"
expect_exit 0
expect_stderr 'nothing is mounted on'
mount "$device" "$mount_point"
mount -o bind "$mount_point" "$mount_point"
run "$unmount_snapshot" "--mount_point=$mount_point" "--device=$test_dir/snapshot"
expect_exit 0
expect_stderr 'mounts=2'
mounts_of() {
  findmnt --noheadings --output FSTYPE --mountpoint "$mount_point" | sort | tr -s ' \n' ' '
}
refuses() {
  run "$unmount_snapshot" "--mount_point=$mount_point" "--device=$1"
  expect_exit 2
  expect_stdout ''
  expect_stderr "refused to unmount $2 from $mount_point: it is not $1.*MOUNT_POINT"
  expect "nothing was unmounted" test "$(mounts_of)" = "$3"
}
mount -t tmpfs theirs "$mount_point"
refuses "$test_dir/snapshot" 'theirs \(tmpfs\)' 'tmpfs '
refuses "$test_dir/nonexistent" 'theirs \(tmpfs\)' 'tmpfs '
mount "$device" "$mount_point"
refuses "$test_dir/snapshot" 'theirs \(tmpfs\)' 'ext4 tmpfs '
umount "$mount_point" "$mount_point"
mount "$device" "$mount_point"
refuses "$test_dir/nonexistent" "$device \(ext4\)" 'ext4 '
expect_stderr 'which is no block device here'
umount "$mount_point"

# Held by a process.
mount "$device" "$mount_point"
(cd "$mount_point" && exec sleep 1000) &
holder=$!
until [[ $(readlink "/proc/$holder/cwd") == "$mount_point" && $(cat "/proc/$holder/comm") == sleep ]]; do
  sleep 0.05
done
run "$unmount_snapshot" "--mount_point=$mount_point" --deadline=0
expect_exit 4
expect_stderr "stays mounted, held by: process $holder \(sleep\); end these"
expect "it is still mounted" mountpoint -q "$mount_point"

# A signal ends the waiting.
start "$unmount_snapshot" "--mount_point=$mount_point" --deadline=1000
wait_for heeds_term unmount_snapshot
kill -TERM "$started"
finish
expect_exit 4
expect_stderr SIGTERM

# Released while it waits.
(
  sleep 0.5
  kill "$holder"
) &
run "$unmount_snapshot" "--mount_point=$mount_point" --deadline=100
expect_exit 0
expect_stderr 'mounts=1'
expect "nothing is mounted" not mountpoint -q "$mount_point"

# Something mounted inside.
mount "$device" "$mount_point"
mkdir "$mount_point/inside"
mount -t tmpfs none "$mount_point/inside"
run "$unmount_snapshot" "--mount_point=$mount_point" --deadline=0
expect_exit 4
expect_stderr "held by: mount $mount_point/inside;"
umount "$mount_point/inside"
run "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0

ln -s "$mount_point" "$test_dir/link"
run "$unmount_snapshot" "--mount_point=$test_dir/link"
expect_exit 2
expect_stderr 'cannot open directory'
