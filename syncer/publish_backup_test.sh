#!/usr/bin/env bash
# publish_backup: names, refusals, and a root that cannot be written. Needs root for a loop mount.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/shell_test.sh
source base/shell_test.sh

publish_backup=$PWD/syncer/publish_backup
root=$test_dir/root
partial=.backup_20261123_020000.partial

make_partial() {
  mkdir -p "$root/$partial/shop"
  echo rows >"$root/$partial/shop/orders.ibd"
}

run "$publish_backup" --help
expect_exit 0
expect_no_stderr

for name in '' backup_20261123_020000 .backup_20261123_020000.deleting ../$partial $partial/ \
  .backup_20261131_020000.partial $'.backup_20261123_020000.partial\n'; do
  run "$publish_backup" --root="$root" --partial="$name"
  expect_exit 1
  expect_stdout ''
  expect_stderr '--partial='
done
run "$publish_backup" --partial=$partial
expect_exit 1
run "$publish_backup" --root="$root" --partial=$partial --no_such_flag
expect_exit 1

run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stdout ''
expect_stderr "cannot open directory $root"

mkdir "$root"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr "cannot open directory $partial: No such file"

mkdir "$root/$partial"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr 'it is empty'
rmdir "$root/$partial"

mkdir "$test_dir/elsewhere"
touch "$test_dir/elsewhere/file"
ln -s "$test_dir/elsewhere" "$root/$partial"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr 'symbolic link'
rm "$root/$partial"
expect "something was published" test -z "$(ls -A "$root")"

# The plain case: its own time, and the directory as it was.
make_partial
chmod 0750 "$root/$partial"
inode=$(stat -c %i "$root/$partial")
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 0
expect_stdout "$root/backup_20261123_020000"
expect_no_stderr
expect "it is another directory" test "$(stat -c '%i %a' "$root/backup_20261123_020000")" = "$inode 750"
expect "the partial is still there" test ! -e "$root/$partial"

# Twice in one second, and again.
make_partial
run "$publish_backup" --root="$root/" --partial=$partial
expect_exit 0
expect_stdout "$root/backup_20261123_020001"
expect_stderr 'WARNING publish_backup: published .* as backup_20261123_020001: .*clock'
make_partial
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 0
expect_stdout "$root/backup_20261123_020002"

# The clock was set back: one second after the newest.
mkdir "$root/backup_20261231_235959"
make_partial
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 0
expect_stdout "$root/backup_20270101_000000"
expect_stderr WARNING
rm -r "${root:?}"/backup_*

# A file or a link of such a name is no backup, and is never replaced.
echo mine >"$root/backup_20261123_020000"
ln -s nowhere "$root/backup_20261123_020001"
touch "$root/backup_20991231_235959"
make_partial
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 0
expect_stdout "$root/backup_20261123_020002"
expect "a file was replaced" test "$(cat "$root/backup_20261123_020000")" = mine
expect "a link was replaced" test -L "$root/backup_20261123_020001"

# There is nothing after the end of time.
mkdir "$root/backup_99991231_235959"
make_partial
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stdout ''
expect_stderr 'there is no name after backup_99991231_235959'
expect "the partial is gone" test -e "$root/$partial"
rm -r "${root:?}"/{,.}backup_*

# Nor when it is no backup that bears the last name.
touch "$root/backup_99991231_235959"
make_partial
mv "$root/$partial" "$root/.backup_99991231_235959.partial"
run "$publish_backup" --root="$root" --partial=.backup_99991231_235959.partial
expect_exit 2
expect_stdout ''
expect_stderr 'there is no name after backup_99991231_235959'
rm -r "${root:?}"/{,.}backup_*

# Ten names are tried, not more.
for second in {0..9}; do touch "$root/backup_20261123_02000$second"; done
make_partial
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stdout ''
expect_stderr 'File exists; move away'
rm -r "${root:?}"/{,.}backup_*

# A filesystem that has become read-only: nothing is published.
truncate -s 16M "$test_dir/image"
mke2fs -q -t ext4 "$test_dir/image"
mount -o loop "$test_dir/image" "$root"
on_exit umount "$root"
make_partial
mount -o remount,ro "$root"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stdout ''
expect_stderr 'Read-only file system'
expect "something was published" test ! -e "$root/backup_20261123_020000"

# The caller cannot be told the name: it says so on stderr, and the backup stays.
mount -o remount,rw "$root"
test_command='publish_backup, and a full standard output'
test_exit=0
"$publish_backup" --root="$root" --partial=$partial >/dev/full 2>"$test_dir/stderr" || test_exit=$?
expect_exit 4
expect_stderr "$root/backup_20261123_020000 is published and stays"
expect "it does not stay" test -e "$root/backup_20261123_020000"

# Published means on the disk: data and name can be read from the device, past the filesystem.
on_disk() { sync --data "$test_dir/second" && grep -qaF -- "$1" "$test_dir/second"; }
truncate -s 64M "$test_dir/second"
mke2fs -q -t ext4 "$test_dir/second"
mkdir "$test_dir/disk"
mount -o loop,commit=300 "$test_dir/second" "$test_dir/disk"
on_exit umount "$test_dir/disk"
# With one of its time there already, the new name is nowhere on the disk before.
mkdir "$test_dir/disk/$partial" "$test_dir/disk/backup_20261123_020000"
echo 'a row that is nowhere else' >"$test_dir/disk/$partial/orders.ibd"
expect "the test proves nothing: it is there already" not on_disk 'a row that is nowhere else'
run "$publish_backup" --root="$test_dir/disk" --partial=$partial
expect_exit 0
expect "the data is not on the disk" on_disk 'a row that is nowhere else'
expect "the name is not on the disk" on_disk backup_20261123_020001
