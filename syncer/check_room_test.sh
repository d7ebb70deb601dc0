#!/usr/bin/env bash
# check_room: yes and no on a real filesystem. Needs root for a loop mount.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

check_room=$PWD/syncer/check_room

run "$check_room" --help
expect_exit 0
expect_no_stderr

for arguments in --no_such_flag --root=/tmp "--root=/tmp --bytes=1" "--root=/tmp --files=1" \
  "--root=tmp --bytes=1 --files=1" "--root=/tmp --bytes=-1 --files=1" \
  "--root=/tmp --bytes=1 --files=-1" "--root=/tmp --bytes=1G --files=1" \
  "--root=/tmp --bytes=1 --files=1 extra"; do
  read -ra words <<<"$arguments"
  run "$check_room" "${words[@]}"
  expect_exit 1
  expect_stdout ''
done

# 64 MiB with 2048 inodes.
truncate -s 64M "$test_dir/image"
mke2fs -q -t ext4 -N 2048 "$test_dir/image"
mkdir "$test_dir/mounted"
mount -o loop "$test_dir/image" "$test_dir/mounted"
on_exit umount "$test_dir/mounted"

run "$check_room" --root="$test_dir/mounted" --bytes=1000000 --files=10
expect_exit 0
expect_stdout ''
expect_stderr 'INFO check_room: room for the copy: .* MiB needed with reserve, .* MiB free'

run "$check_room" --root="$test_dir/mounted" --bytes=64000000 --files=10
expect_exit 3
expect_stdout ''
expect_stderr "ERROR check_room: not enough room in $test_dir/mounted: 77.7 MiB needed .*; keep fewer backups"

run "$check_room" --root="$test_dir/mounted" --bytes=0 --files=1500
expect_exit 3
expect_stderr 'not enough inodes in .*: 2515 needed with reserve.*; keep fewer backups'

# A copy that shares files may need less; one on the volume with the data is none all the same.
for there in '' .backup_20260101_020000.partial backup_20260101_020000; do
  [[ -z $there ]] || mkdir "$test_dir/mounted/$there"
  run "$check_room" --root="$test_dir/mounted" --bytes=64000000 --files=10 --reuse=hardlink
  [[ $there == backup_* ]] || expect_exit 3
done
expect_exit 0
expect_stderr 'WARNING check_room: not enough room in .*: 77.7 MiB needed .*; going on, since what is shared'
run "$check_room" --root="$test_dir/mounted" --bytes=64000000 --files=10 --reuse=yes
expect_exit 1

# What is to be made lies where its parent is, and nothing is made.
run "$check_room" --root="$test_dir/mounted/not/yet" --bytes=64000000 --files=10
expect_exit 3
expect "check_room made something" test ! -e "$test_dir/mounted/not"

run "$check_room" --root="$test_dir/mounted/"$'new\nline' --bytes=1 --files=1
expect_exit 1

touch "$test_dir/mounted/file"
run "$check_room" --root="$test_dir/mounted/file/below" --bytes=1 --files=1
expect_exit 2
expect_stderr 'Not a directory'

# Backups on the volume that they are to protect are none.
device=$(findmnt --noheadings --output SOURCE "$test_dir/mounted")
run "$check_room" --root="$test_dir/mounted/not/yet" --bytes=1 --files=1 --origin="$device"
expect_exit 3
expect_stderr "the backups would lie on $device.*BACKUP_ROOT"
run "$check_room" --root="$test_dir/mounted" --bytes=1 --files=1 --origin="$device" --reuse=reflink
expect_exit 3
run "$check_room" --root="$test_dir" --bytes=1 --files=1 --origin="$device"
expect_exit 0
run "$check_room" --root="$test_dir" --bytes=1 --files=1 --origin=/dev/vg_none/lv_none
expect_exit 2
expect_stderr 'check VG and LV'
