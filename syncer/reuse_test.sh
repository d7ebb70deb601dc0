#!/usr/bin/env bash
# sync_tree --reuse: what a backup shares with the one before, and what it must not.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

tools=$PWD/syncer
source_tree=$test_dir/source
root=$test_dir/root
mkdir "$root"

# When the runs began, by their records: hours after all files were made, since the times of their
# inodes cannot be set.
hours() { # N: the UTC of so many hours from now
  date -u -d "$1 hours" +%FT%T
}
later=$(hours 3)
started=$later
# Within the two seconds before that.
young=$(date -u -d "${later/T/ } UTC - 1 second" +%FT%T.5Z)

# backup DAY [ARG...]: a copy, published as backup_202611DAY_020000, by a run that began at $started.
backup() {
  local partial=.backup_202611$1_020000.partial
  run "$tools/sync_tree" --source="$source_tree" --destination="$root/$partial" "${@:2}"
  expect_exit 0
  echo "run started=$started+00:00" >"$test_dir/records"
  "$tools/publish_backup" --root="$root" --partial="$partial" --records="$test_dir/records" >/dev/null
  new=$root/backup_202611$1_020000
  expect "it differs from its source" diff <(describe "$source_tree") <(describe "$new")
  expect "it differs from its manifest" bash -c "cd '$new' &&
    sed -n 's/^f \([^ ]*\) [0-9]* /\1  /p' backup.manifest | xxh128sum --check --status"
  expect "its manifest is not of its files" test "$(grep -c '^f ' "$new/backup.manifest")" = \
    "$(find "$new" -type f ! -name backup.manifest | wc -l)"
}

# All but the number of links, which grows.
describe() {
  (cd "$1" && find . ! -path ./backup.manifest -printf '%p %y %m %U %G %T@ %l\n' | sort &&
    find . -type f ! -path ./backup.manifest -print0 | sort -z | xargs -0 xxh128sum)
}

shared() { # PATH
  [[ $old/$1 -ef $new/$1 ]]
}

# Long before the first backup, but for what a case makes younger.
make_source() {
  rm -rf "$source_tree"
  mkdir -p "$source_tree/shop"
  head -c 300000 /dev/urandom >"$source_tree/ibdata1"
  for name in changed attributes young gone '#sql' linked; do echo "$name" >"$source_tree/shop/$name"; done
  ln "$source_tree/shop/linked" "$source_tree/shop/further"
  ln -s ibdata1 "$source_tree/link"
  truncate -s 40M "$source_tree/large.ibd"
  echo end >>"$source_tree/large.ibd"
  find "$source_tree" -exec touch -h -d '2026-10-01T00:00:00.123456789Z' {} +
}

# Change what a server changes between two backups. "young" was written in the very moment of the first
# snapshot, and again right after it: length and time are the same.
change_source() {
  echo CHANGED >"$source_tree/shop/changed"
  chmod 600 "$source_tree/shop/attributes"
  rm "$source_tree/shop/gone"
  echo new >"$source_tree/shop/new"
  echo YOUNG >"$source_tree/shop/young"
  touch -d "$1" "$source_tree/shop/young"
}

# What a verification keeps with a bad backup.
find_bad() { # BACKUP
  local checksum
  checksum=$(sed -n 's/^end .*xxh128=//p' "$1/backup.manifest")
  setfattr -n user.mysql_backup.verified -v \
    "verified verdict=bad time=2026-11-26T03:00:00Z seconds=1 manifest=$checksum" "$1"
}

# Files with several names, whose content and number change, and a link to a directory that becomes one.
change_names() { # MODE
  started=$later
  make_source
  mkdir "$root/elsewhere"
  echo FOREIGN >"$root/elsewhere/file"
  chmod --reference="$source_tree/shop" "$root/elsewhere"
  ln -s "$root/elsewhere" "$source_tree/linked"
  ln "$source_tree/shop/linked" "$source_tree/shop/third"
  backup 10 --reuse="$1"
  echo LINKED >"$source_tree/shop/linked"
  rm "$source_tree/linked"
  mkdir "$source_tree/linked"
  echo foreign >"$source_tree/linked/file"
  touch -r "$root/elsewhere/file" "$source_tree/linked/file"
  echo new >"$source_tree/shop/pair"
  ln "$source_tree/shop/pair" "$source_tree/shop/other"
  started=$(hours -3)
  backup 11 --reuse="$1"
  # They become files of their own, with the times that they had.
  for name in third further other; do
    cp -p "$source_tree/shop/$name" "$test_dir/own"
    mv "$test_dir/own" "$source_tree/shop/$name"
  done
  chmod 600 "$source_tree/shop/pair"
  backup 12 --reuse="$1"
  expect "two files are one" test "$(stat -c %i "$new"/shop/{linked,third,further,pair,other} | sort -u | wc -l)" = 5
}

run "$tools/sync_tree" --help
expect_exit 0
for value in '' hard Hardlink none,hardlink; do
  run "$tools/sync_tree" --source="$test_dir/x" --destination="$root/.backup_20261120_020000.partial" --reuse="$value"
  expect_exit 1
  expect_stderr "--reuse='$value' is not none, hardlink or reflink"
done

unmount() {
  ! mountpoint -q "$1" || umount "$1"
}

# --- hard links
make_source
touch -d "$young" "$source_tree/shop/young"
backup 20 --reuse=hardlink # there is none before it
expect_no_stderr
old=$new
describe "$old" >"$test_dir/old"
change_source "$young"
backup 21 --reuse=hardlink
expect_stderr "INFO sync_tree: unchanged files are shared with $old"
expect_stderr "INFO sync_tree: 4 of 9 files and 40.3 MiB of 40.3 MiB are unchanged"
for name in ibdata1 large.ibd 'shop/#sql'; do
  expect "$name is not shared" shared "$name"
done
for name in shop/changed shop/attributes shop/young shop/linked shop/further backup.manifest; do
  expect "$name is shared" eval "! shared $name"
done
expect "the old one was changed" diff "$test_dir/old" <(describe "$old")
# What its manifest says is read again once a file is shared: without it, nothing vouches for that file.
cp -p "$new/backup.manifest" "$test_dir/manifest"
cat >"$test_dir/rsync" <<END
#!/bin/sh
: >'$new/backup.manifest'
exec /usr/bin/rsync "\$@"
END
chmod +x "$test_dir/rsync"
run "$tools/sync_tree" --source="$source_tree" --destination="$root/.backup_20261122_020000.partial" --reuse=hardlink \
  --rsync="$test_dir/rsync"
expect_exit 2
expect_stderr "ERROR .*$new/backup.manifest has become shorter; this copy shares files with $new: verify that backup"
cp -p "$test_dir/manifest" "$new/backup.manifest"
# What may differ and does not is shared, too.
old=$new
backup 22 --reuse=hardlink
expect "young is not shared" shared shop/young
# Each stands for itself.
rm -r "$root/backup_20261120_020000" "$root/backup_20261121_020000"
expect "it lives on another" diff <(describe "$source_tree") <(describe "$new")

# --- a time of modification that was set back: the inode's own tells, when it is younger
started=$(hours -3)
backup 23 --reuse=hardlink
old=$new
time=$(stat -c %y "$source_tree/ibdata1")
printf x | dd of="$source_tree/ibdata1" conv=notrunc status=none
touch -d "$time" "$source_tree/ibdata1"
backup 24 --reuse=hardlink
expect "ibdata1 is shared" eval '! shared ibdata1'
expect "large.ibd is not shared" shared large.ibd

# --- none by default
old=$new
backup 25
expect_no_stderr
expect "ibdata1 is shared" eval '! shared ibdata1'

# --- only with a good one: the newest that has a whole manifest and no bad verdict
old=$root/backup_20261124_020000
echo x >>"$new/backup.manifest"
backup 26 --reuse=hardlink
expect_stderr "WARNING sync_tree: no files are shared with $root/backup_20261125_020000: .*backup.manifest is"
expect "ibdata1 is not shared" shared ibdata1
find_bad "$new"
backup 27 --reuse=hardlink
expect_stderr "no files are shared with $root/backup_20261126_020000: its verification found it to be bad"
expect "ibdata1 is not shared" shared ibdata1
# One that was published by hand does not tell when it was taken.
run "$tools/sync_tree" --source="$source_tree" --destination="$root/.backup_20261128_020000.partial"
"$tools/publish_backup" --root="$root" --partial=.backup_20261128_020000.partial >/dev/null
old=$root/backup_20261128_020000
echo ANNE >"$source_tree/shop/#sql" # as long as it was
touch -d '2026-10-01T00:00:00.123456789Z' "$source_tree/shop/#sql"
backup 29 --reuse=hardlink
expect "#sql is shared" eval "! shared 'shop/#sql'"
expect "ibdata1 is not shared" shared ibdata1
started=$later

# --- what is wrong with a shared file is not shared again
make_source
rm -r "${root:?}"/*
backup 20 --reuse=hardlink
backup 21 --reuse=hardlink
time=$(stat -c %y "$new/ibdata1")
printf x | dd of="$new/ibdata1" conv=notrunc status=none
touch -d "$time" "$new/ibdata1"
find_bad "$new"
old=$root/backup_20261120_020000
backup 22 --reuse=hardlink
expect_stderr "unchanged files are shared with $old, when their content is the same"
expect "large.ibd is not shared" shared large.ibd

# Likewise when it is an older one that is found to be bad, after this one has been made.
started=2026-11-20T02:00:00
backup 23 --reuse=hardlink
printf x | dd of="$new/ibdata1" conv=notrunc status=none
touch -d "$time" "$new/ibdata1"
started=$later
cp -a --link "$new" "$root/backup_20261124_020000"
find_bad "$new"
old=$root/backup_20261124_020000
backup 25 --reuse=hardlink
expect_stderr "unchanged files are shared with $old, when their content is the same"

# --- names
rm -r "${root:?}"/*
change_names hardlink

# --- reflinks, where the filesystem has none: a whole copy
rm -r "${root:?}"/*
truncate -s 200M "$test_dir/ext4"
mke2fs -q -t ext4 "$test_dir/ext4"
mount -o loop "$test_dir/ext4" "$root"
on_exit unmount "$root"
rmdir "$root/lost+found"
make_source
backup 20
old=$new
backup 21 --reuse=reflink
expect_stderr "WARNING sync_tree: no blocks are shared: this filesystem cannot clone files; REUSE=reflink needs XFS"
expect "it was said twice" test "$(grep -c 'cannot clone' "$test_dir/stderr")" = 1
umount "$root"

# --- reflinks, on XFS
truncate -s 600M "$test_dir/xfs"
mkfs.xfs -q -m reflink=1 "$test_dir/xfs"
mount -o loop "$test_dir/xfs" "$root"
# KiB. Mounted anew, since XFS reserves more than it writes and gives it back later.
used() {
  umount "$root"
  mount -o loop "$test_dir/xfs" "$root"
  df --output=used -k "$root" | tail -n 1
}
make_source
head -c 64M /dev/urandom >"$source_tree/pages.ibd"
head -c 64M /dev/urandom >"$source_tree/young.ibd"
touch -d '2026-10-01T00:00:00Z' "$source_tree/pages.ibd"
touch -d "$young" "$source_tree/shop/young" "$source_tree/young.ibd"
backup 20 --reuse=reflink
expect_no_stderr
old=$new
describe "$old" >"$test_dir/old"
change_source "$young"
for file in pages young; do # 40 pages of 16 KiB each, 1 %
  for page in {1..40}; do
    dd if=/dev/urandom of="$source_tree/$file.ibd" bs=16K count=1 seek=$((page * 97)) conv=notrunc status=none
  done
done
touch -d "$young" "$source_tree/young.ibd"
before=$(used)
backup 21 --reuse=reflink
grown=$(($(used) - before))
expect_stderr "INFO sync_tree: unchanged files are shared with $old"
expect "it took $grown KiB for 1280 KiB of changed pages" test "$grown" -lt 2048
expect "the old one was changed" diff "$test_dir/old" <(describe "$old")
expect "hard link" test "$new/shop/linked" -ef "$new/shop/further"
rm -r "$old"
expect "it lives on another" diff <(describe "$source_tree") <(describe "$new")

rm -r "${root:?}"/*
change_names reflink
