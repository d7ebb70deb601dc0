#!/usr/bin/env bash
# publish_backup: names, refusals, and a root that cannot be written. Needs root for a loop mount.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

publish_backup=$PWD/syncer/publish_backup
root=$test_dir/root
partial=.backup_20261123_020000.partial

# begin_manifest COPY: as sync_tree leaves it.
begin_manifest() {
  printf '%s\n' 'mysql-backup-manifest 1' 'd - 0 shop' \
    'f 6bba86c7e069f56d5a10b435f1c8e49c 5 shop/orders.ibd' >"$1/backup.manifest"
}

make_partial() {
  mkdir -p "$root/$partial/shop"
  echo rows >"$root/$partial/shop/orders.ibd"
  begin_manifest "$root/$partial"
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

# What belongs to a copy is not known without the manifest that sync_tree has begun.
mkdir "$root/$partial"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr 'it has no backup.manifest'
echo 'mysql-backup-manifest 1' >"$root/$partial/backup.manifest"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr 'by its backup.manifest it is empty'
echo 'd - 0 sh' >>"$root/$partial/backup.manifest"
printf 'd - 0 half a li' >>"$root/$partial/backup.manifest"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 2
expect_stderr 'cannot complete .*/backup.manifest: line [0-9]+ is cut short'
rm -r "${root:?}/$partial"

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

# The manifest is completed, with what the run knows. The last line's checksum is xxh128sum's.
manifest=$root/backup_20261123_020000/backup.manifest
expect "the manifest's last line" test "$(tail -1 "$manifest")" = \
  "end entries=2 xxh128=$(head -n -1 "$manifest" | xxh128sum | cut -d' ' -f1)"
rm -r "${root:?}/backup_20261123_020000"
printf '%s\n' 'locked version=10.11 gtid=' 'copied bytes=5 files=1' >"$test_dir/records"
make_partial
run "$publish_backup" --root="$root" --partial=$partial --records="$test_dir/records"
expect_exit 0
expect "the records" diff "$test_dir/records" <(tail -n 4 "$manifest" | head -2)
expect "its own record" grep -qE '^published time=[0-9T:+-]{25} version=[0-9.]+ host=.+$' "$manifest"
# One that was completed already, by a publication that went no further, stays as it is.
cp "$manifest" "$test_dir/complete"
mv "$root/backup_20261123_020000" "$root/$partial"
run "$publish_backup" --root="$root" --partial=$partial
expect_exit 0
expect "the manifest was changed" cmp "$manifest" "$test_dir/complete"
for text in 'Not a record' $'locked a=1\nd - 0 x'; do
  make_partial
  echo "$text" >"$test_dir/records"
  run "$publish_backup" --root="$root" --partial=$partial --records="$test_dir/records"
  expect_exit 2
  expect_stderr 'cannot complete'
  rm -r "${root:?}/$partial"
done
run "$publish_backup" --root="$root" --partial=$partial --records=/no/such
expect_exit 2
expect_stderr 'cannot read /no/such'

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
expect_stderr 'backup_20261123_020009 is there already; move away'
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

# The caller cannot be told the name: the copy does not get it.
mount -o remount,rw "$root"
test_command='publish_backup, and a full standard output'
test_exit=0
"$publish_backup" --root="$root" --partial=$partial >/dev/full 2>"$test_dir/stderr" || test_exit=$?
expect_exit 2
expect_stderr 'cannot write to standard output: No space left'
expect "it was published" test ! -e "$root/backup_20261123_020000"
expect "the partial is gone" test -e "$root/$partial"

# Published means on the disk: data and name can be read from the device, past the filesystem.
on_disk() { sync --data "$test_dir/second" && grep -qaF -- "$1" "$test_dir/second"; }
truncate -s 64M "$test_dir/second"
mke2fs -q -t ext4 "$test_dir/second"
mkdir "$test_dir/disk"
mount -o loop,commit=300 "$test_dir/second" "$test_dir/disk"
on_exit umount "$test_dir/disk"
# With one of its time there already, the new name is nowhere on the disk before.
mkdir "$test_dir/disk/$partial" "$test_dir/disk/backup_20261123_020000"
begin_manifest "$test_dir/disk/$partial"
echo 'a row that is nowhere else' >"$test_dir/disk/$partial/orders.ibd"
expect "the test proves nothing: it is there already" not on_disk 'a row that is nowhere else'
run "$publish_backup" --root="$test_dir/disk" --partial=$partial
expect_exit 0
expect "the data is not on the disk" on_disk 'a row that is nowhere else'
expect "the name is not on the disk" on_disk backup_20261123_020001

# A loss that another program's sync was told of, and publish_backup, which came later, was not. The
# disk is a file on a filesystem that is full, and what lies under the copy has no place there.
mkdir "$test_dir/full" "$test_dir/lossy"
mount -t tmpfs -o size=48M full "$test_dir/full"
on_exit umount "$test_dir/full"
mke2fs -q -t ext4 -b 4096 "$test_dir/full/image" 32M
fallocate --length 32M "$test_dir/full/image"
mount -o loop "$test_dir/full/image" "$test_dir/lossy"
on_exit umount "$test_dir/lossy"
close_witness() { exec 6<&-; }
on_exit close_witness

# lose_rows: in a new copy; descriptor 6 has the root open since before.
lose_rows() {
  local file=$test_dir/lossy/$partial/orders.ibd first last
  mkdir "$test_dir/lossy/$partial"
  begin_manifest "$test_dir/lossy/$partial"
  exec 6<"$test_dir/lossy"
  head -c 1M /dev/zero >"$file"
  sync --file-system "$file"
  while read -r first last; do
    fallocate --punch-hole --offset $((first * 4096)) --length $(((last - first + 1) * 4096)) \
      "$test_dir/full/image"
  done < <(filefrag -b4096 -v "$file" | awk -F '[.: ]+' '/^ *[0-9]+:/ { print $5, $6 }')
  ! dd if=/dev/zero of="$test_dir/full/filler" bs=4k status=none 2>/dev/null ||
    fail 'the disk is not full'
  head -c 1M /dev/urandom | dd of="$file" conv=notrunc status=none
  expect 'the test proves nothing: nothing was lost' not sync --file-system "$file" 2>/dev/null
  rm "$test_dir/full/filler"
}

lose_rows
run "$publish_backup" --root="$test_dir/lossy" --partial=$partial --witness_fd=6
expect_exit 2
expect_stdout ''
expect_stderr 'cannot write .* to disk: .*; part of it is lost'
expect 'a loss was published' test ! -e "$test_dir/lossy/backup_20261123_020000"
# Who opens it now has seen no loss: that the witness does is all there is.
exec 6<&- 6<"$test_dir/lossy"
run "$publish_backup" --root="$test_dir/lossy" --partial=$partial --witness_fd=6
expect_exit 0

make_partial
run "$publish_backup" --root="$root" --partial=$partial --witness_fd=6
expect_exit 2
expect_stderr 'not the directory any more'
exec 6<&-
for fd in 6 -2 99; do
  run "$publish_backup" --root="$root" --partial=$partial --witness_fd=$fd
  expect_exit 1
  expect_stderr 'is no open descriptor'
done
