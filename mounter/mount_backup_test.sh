#!/usr/bin/env bash
# mount_backup with real bind mounts. Needs root.

# In a mount namespace of its own: what it mounts disturbs nobody, and ends with it.
if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  IN_OWN_NAMESPACE=1 exec unshare --mount --propagation private "$0"
fi
source base/testing/shell.sh

mount_backup=mounter/mount_backup
unmount_snapshot=mounter/unmount_snapshot

run "$mount_backup" --help
expect_exit 0
expect_no_stderr
run "$mount_backup" --no_such_flag
expect_exit 1
run "$mount_backup" "--backup=$test_dir/backup_20261123_020000"
expect_exit 1
expect_stderr '--mount_point is needed'

for name in backup_20260230_020000 .backup_20261123_020000.partial backup latest; do
  mkdir -p "$test_dir/$name"
  run "$mount_backup" "--backup=$test_dir/$name" "--mount_point=$test_dir/mnt"
  expect_exit 1
  expect_stderr 'is not a backup'
  expect "no mount point was made" test ! -e "$test_dir/mnt"
done
run "$mount_backup" "--backup=$test_dir/backup_20261123_020000" "--mount_point=$test_dir/mnt"
expect_exit 2
expect_stderr 'No such file'
touch "$test_dir/backup_20261123_020001"
run "$mount_backup" "--backup=$test_dir/backup_20261123_020001" "--mount_point=$test_dir/mnt"
expect_exit 2
expect_stderr 'Not a directory'
ln -s "$test_dir" "$test_dir/backup_20261123_020002"
run "$mount_backup" "--backup=$test_dir/backup_20261123_020002" "--mount_point=$test_dir/mnt"
expect_exit 2
expect "no mount point was made" test ! -e "$test_dir/mnt"

root="$test_dir/back ups,a:b\\c"
backup="$root/backup_20261123_020000"
mount_point="$test_dir/new/verify 'here'"
mkdir -p "$backup/shop"
echo rows >"$backup/shop/orders.ibd"
cp /usr/bin/true "$backup/program"
run "$mount_backup" "--backup=$backup" "--mount_point=$mount_point"
on_exit "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0
expect_stdout ""
expect_stderr 'mounted .* read-only'
expect "the backup is there" test "$(cat "$mount_point/shop/orders.ibd")" = rows
expect "mounted with the right options" \
  grep -qF "${mount_point// /\\040} ro,nosuid,nodev,noexec," /proc/self/mountinfo
expect "nothing can be written" not tee -a "$mount_point/shop/orders.ibd" </dev/null
expect "nothing can be removed" not rm -f "$mount_point/shop/orders.ibd"
expect "nothing can be run" not "$mount_point/program"
expect "the backup itself is as writable as before" touch "$backup/shop"

run "$mount_backup" "--backup=$backup" "--mount_point=$mount_point"
expect_exit 2
expect_stderr 'mounted on it already: unmount_snapshot'
run "$unmount_snapshot" "--mount_point=$mount_point"
expect_exit 0
run "$mount_backup" "--backup=$backup" "--mount_point=$root"
expect_exit 2
expect_stderr 'is not empty'
