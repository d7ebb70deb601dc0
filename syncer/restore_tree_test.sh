#!/usr/bin/env bash
# restore_tree: what is restored, what is refused, and what an interruption leaves. Real backups by
# sync_tree and publish_backup. Needs root for owners and loop mounts.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

tools=$PWD/syncer
root=$test_dir/root
source_tree=$test_dir/source
target=$test_dir/target
backup=$root/backup_20261123_020000

unmount() {
  ! mountpoint -q "$1" || umount "$1"
}

restore() {
  run "$tools/restore_tree" --backup="$backup" --target="$target" "$@"
}

run "$tools/restore_tree" --help
expect_exit 0
expect_no_stderr

# --- a backup
mkdir -p "$root" "$source_tree"/{shop,'#innodb_redo',';odd',-rf,empty}
head -c 300000 /dev/urandom >"$source_tree/ibdata1"
echo redo >"$source_tree/#innodb_redo/#ib_redo0"
echo rows >"$source_tree/shop/orders.ibd"
echo odd >"$source_tree/;odd/a b"
echo '[auto]' >"$source_tree/auto.cnf"
truncate -s 8M "$source_tree/sparse.ibd"
ln "$source_tree/ibdata1" "$source_tree/shop/hard"
ln -s orders.ibd "$source_tree/shop/soft"
touch -d '2020-02-29 12:34:56.789012345' "$source_tree/ibdata1"
setfacl -m u:12345:r "$source_tree/shop/orders.ibd"
setfacl -d -m g:23456:rx "$source_tree"
setfattr -n user.note -v kept "$source_tree"
chown -R 106:114 "$source_tree"
chmod 0751 "$source_tree"
"$tools/sync_tree" --source="$source_tree" --destination="$root/.backup_20261123_020000.partial" >/dev/null
"$tools/publish_backup" --root="$root" --partial=.backup_20261123_020000.partial >/dev/null
setfattr -n user.mysql_backup.verified -v 'verified verdict=good' "$backup"

# --- wrong usage, and targets that will not do; nothing is changed
for argument in --backup= --target=relative --target="$backup/x" --target="$root" --progress_fd=-1 extra; do
  restore "$argument"
  expect_exit 1
  expect_stdout ''
done
expect_refused() { # PATTERN
  local before
  before=$(find "$test_dir" -path "$test_dir/std*" -prune -o -printf '%p %C@\n' | sort | cksum)
  for how in --dry_run --nodry_run; do
    restore "$how"
    expect_exit 2
    expect_stdout ''
    expect_stderr "$1"
  done
  [[ $(find "$test_dir" -path "$test_dir/std*" -prune -o -printf '%p %C@\n' | sort | cksum) == "$before" ]] ||
    fail 'something was changed'
}
target=$test_dir/no/such
expect_refused "cannot open directory $test_dir/no: No such file.*make the directory above"
target=$test_dir/target
touch "$target"
expect_refused 'Not a directory'
rm "$target"
ln -s "$source_tree" "$target"
expect_refused 'symbolic link'
rm "$target"
mkdir "$target"
touch "$target/ibdata1"
expect_refused "refused to restore into $target: it is not empty \(ibdata1\); move"
mkdir "$target/mysql"
expect_refused 'it is not empty \(ibdata1 and 1 more\)'
rm -r "$target"
# A server of which somebody has removed the data is still at work in the empty directory.
mkdir "$target"
(cd "$target" && exec sleep 1000) &
sleeper=$!
until [[ $(readlink "/proc/$sleeper/cwd") == "$target" && $(cat "/proc/$sleeper/comm") == sleep ]]; do sleep 0.02; done
expect_refused "in use by process $sleeper \(sleep\); stop the server"
kill "$sleeper"
wait "$sleeper" || true

restore --dry_run
expect_exit 0
expect_stdout 'bytes=0 files=0 proven=yes'
expect 'the target was changed' test -z "$(ls -A "$target")"

# --- restored: as the server had it
describe() {
  (cd "$1" && find . ! -path ./backup.manifest ! -path ./auto.cnf ! -path ./host.pid \
    -printf '%p %y %m %U:%G %n %l\n' | sort)
  (cd "$1" && find . -type f ! -path ./backup.manifest ! -path ./auto.cnf ! -path ./host.pid \
    -printf '%p %T@ %s\n' -exec cksum {} + | sort)
  (cd "$1" && find . ! -path ./auto.cnf -exec getfacl -n {} + | grep -v '^$' | sort)
}
expect_restored() {
  expect_exit 0
  expect 'it is not what the server had' diff <(describe "$source_tree" | grep -v auto.cnf) \
    <(describe "$target" | grep -v auto.cnf)
  expect 'the attribute of the top' test "$(getfattr --absolute-names --only-values -n user.note "$target")" = kept
  expect 'the verdict was restored' not getfattr -n user.mysql_backup.verified "$target" 2>/dev/null
  for name in backup.manifest host.pid RESTORE_UNFINISHED; do
    expect "$name was restored" test ! -e "$target/$name"
  done
}
restore
expect_restored
expect_stdout 'bytes=8988632 files=6 proven=yes'
expect 'a second server would have the same UUID' test ! -e "$target/auto.cnf"
expect 'no hard link' test "$target/ibdata1" -ef "$target/shop/hard"
expect 'sparse no more' test "$(du -k "$target/sparse.ibd" | cut -f1)" -lt 1024
restore
expect_exit 2
expect_stderr 'it is not empty'

# Where it did not exist, and with the identity.
rm -r "$target"
restore --keep_identity
expect_restored
expect 'the identity was not kept' cmp "$target/auto.cnf" "$source_tree/auto.cnf"
rm -r "$target"

# On a host where the server's user has another number.
{ grep -v ^mysql: /etc/passwd && echo 'mysql:x:107:114::/nonexistent:/bin/false'; } >"$test_dir/passwd"
# shellcheck disable=SC2016
run unshare --mount bash -c 'mount --bind "$1" /etc/passwd && exec "${@:2}"' bash "$test_dir/passwd" \
  "$tools/restore_tree" --backup="$backup" --target="$target"
expect_restored
expect_stderr "WARNING .*$target belongs to user 106, and mysql is 107 here.*chown -R mysql: $target"
rm -r "$target"

# With more to be done to it: complete, but where no server comes upon it by itself.
restore --unfinished
expect_exit 0
expect 'no mark' test -e "$target/RESTORE_UNFINISHED"
expect 'a server can enter' test "$(stat -c '%u %a' "$target")" = '0 700'
expect 'a server could not use it' test "$(stat -c '%u:%g' "$target/.restoring")" = 106:114
# A server is at work there, and nowhere else.
(cd "$target/.restoring" && exec sleep 1000) &
server=$!
wait_for test "$(readlink "/proc/$server/cwd")" = "$target/.restoring"
restore
expect_exit 2
expect_stderr "in use by process $server"
kill "$server"
wait "$server" 2>/dev/null || true
# The first attempt was killed when it had begun.
mv "$target/.restoring/ibdata1" "$target"
restore --complete
expect_stdout ''
expect_restored
restore --complete
expect_exit 2
expect 'it was closed' test "$(stat -c '%u:%g' "$target")" = 106:114
touch "$target/RESTORE_UNFINISHED"
restore --complete
expect_exit 2
expect_stderr "$target is not what a restore with --unfinished leaves"
expect 'it was closed' test "$(stat -c '%u:%g' "$target")" = 106:114
# A mark where others have been is no reason to remove what they wrote.
touch "$target/RESTORE_UNFINISHED"
restore
expect_exit 2
expect_stderr "refused to restore into $target: .* others than root can enter it.*move all of it away"
expect 'it was removed' test -e "$target/ibdata1"
rm -r "$target"

# Onto a filesystem of its own, whose top cannot be replaced.
mkdir "$target"
truncate -s 64M "$test_dir/image"
mke2fs -q -t ext4 "$test_dir/image"
mount -o loop "$test_dir/image" "$target"
on_exit unmount "$target"
restore
expect_exit 0
expect 'the owner of the top' test "$(stat -c '%u:%g' "$target")" = 106:114
umount "$target"
rmdir "$target"

# --- interrupted: plainly unfinished, no server can enter, and the next one begins anew
stub() {
  printf '%s\n' '#!/bin/bash' "${@:2}" >"$test_dir/$1"
  chmod +x "$test_dir/$1"
}
expect_unfinished() {
  expect 'no mark' grep -q 'Do not start a server here' "$target/RESTORE_UNFINISHED"
  expect 'a server can enter' test "$(stat -c '%u %a' "$target")" = '0 700'
}
stub slow "touch \"\${!#}stray\" '$test_dir/started'" 'sleep 1000'
for signal in TERM KILL; do
  # The server's own directory, which it could enter.
  rm -rf "$target"
  install -d -m 0755 -o 106 -g 114 "$target"
  start "$tools/restore_tree" --backup="$backup" --target="$target" --rsync="$test_dir/slow"
  wait_for test -e "$test_dir/started"
  kill -"$signal" "$started"
  finish
  if [[ $signal == TERM ]]; then
    expect_exit 4
    expect_stderr "interrupted by SIGTERM.*$target is left unfinished; restore again"
  fi
  expect_unfinished
  rm "$test_dir/started"
done
stub failing 'exit 23'
restore --rsync="$test_dir/failing"
expect_exit 4
expect_stderr 'holds an unfinished restore: beginning anew'
expect_stderr 'failed to copy .*exit code 23'
expect_unfinished
stub partly '/usr/bin/rsync "$@"' "[[ \" \$* \" != *' --include=*/ '* ]] || exit 23"
restore --rsync="$test_dir/partly"
expect_exit 4
expect_unfinished
restore
expect_restored
expect 'what the interrupted one had written' test ! -e "$target/stray"
rm -r "$target"

# --- a disk that fails at the very end
restore_with_fault() { # [FLAG...]
  run "$PWD/lab/faults/fault_point" --tools="$tools" --log="$test_dir/points" "$@" -- \
    "$tools/restore_tree" --backup="$backup" --target="$target"
}
restore_with_fault
expect_restored
# All is on the disk before the top gets the owner and mode that let a server in, and then the rest.
mapfile -t last < <(cut -f 1 "$test_dir/points" | grep -v '/fsetxattr/' | tail -n 5)
expect "not synced before it was opened: ${last[*]}" grep -q \
  '/syncfs/1 .*/exec:rsync/.* .*/syncfs/2 .*/unlink/.* .*/fsync/' <<<"${last[*]}"
rm -r "$target"
restore_with_fault --at="${last[2]}" --error=EIO
expect_exit 4
expect_stderr 'cannot write .* to disk: .*part of it is lost'
expect_unfinished
restore_with_fault --at="${last[4]}" --error=EIO
expect_exit 4
expect_stderr 'the restore is complete, but after a power cut'
expect 'a finished restore was closed' test "$(stat -c '%u:%g' "$target")" = 106:114
rm -r "$target"

# --- a damaged backup: every kind is found while it is copied
cp -a "$backup" "$test_dir/whole"
expect_bad() { # PATTERN
  restore
  expect_exit 3
  expect_stdout ''
  expect_stderr "$1"
  expect_unfinished
  rm -r "$target" "$backup"
  cp -a "$test_dir/whole" "$backup"
}
printf x | dd of="$backup/ibdata1" bs=1 seek=1000 conv=notrunc status=none
expect_bad 'ibdata1 was changed since'
truncate -s 100 "$backup/shop/orders.ibd"
expect_bad 'shop/orders.ibd was changed'
rm "$backup/;odd/a b"
expect_bad 'is not what it was when it was made: ;odd/a b is missing; '
rmdir "$backup/empty"
expect_bad 'empty is missing'
touch "$backup/shop/new.ibd"
expect_bad 'shop/new.ibd was added'
ln -sfn /etc/passwd "$backup/shop/soft"
expect_bad 'shop/soft was changed'
rm "$backup/shop/orders.ibd" && ln -s x "$backup/shop/orders.ibd"
expect_bad 'shop/orders.ibd was changed'
rm "$backup/shop/hard" && ln "$backup/shop/orders.ibd" "$backup/shop/hard"
expect_bad 'shop/hard was changed'
rm "$backup/shop/hard" && truncate -s 300000 "$test_dir/zeros" && ln "$test_dir/zeros" "$backup/shop/hard"
expect_bad 'shop/hard was changed'
truncate -s -10 "$backup/backup.manifest"
restore
expect_exit 3
expect_stderr 'backup.manifest is damaged'
expect 'it was begun' test ! -e "$target"

# One from before there were manifests: restored, and said so.
rm "$backup/backup.manifest"
touch "$backup/host.pid"
restore
expect_restored
expect_stdout 'bytes=8988632 files=6 proven=no'
expect_stderr 'WARNING restore_tree: .*made before there were manifests.*cannot be compared'
rm -r "$target"

# --- no room: told before anything is copied
mkdir "$target"
mount -t tmpfs -o size=200k none "$target"
for how in --dry_run --nodry_run; do
  restore "$how"
  expect_exit 2
  expect_stderr "not enough room in $target: .* missing; extend the filesystem there, or name another target"
  expect 'it was begun all the same' test -z "$(ls "$target")"
done
umount "$target"
# What an unfinished restore holds there is room.
mount -t tmpfs -o size=48M none "$target"
chmod 700 "$target"
echo unfinished >"$target/RESTORE_UNFINISHED"
head -c 40M /dev/zero >"$target/ibdata1"
for how in --dry_run --nodry_run; do
  restore "$how"
  expect_exit 0
done
rm -r "${target:?}"/*
umount "$target"

# --- retention removes the backup, or has
exec 8<"$backup"
flock --exclusive 8
restore
expect_exit 75
exec 8<&-
rm -r "$backup"
restore
expect_exit 2
expect_stderr "cannot open directory $backup"
