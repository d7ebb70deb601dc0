#!/usr/bin/env bash
# sync_tree: real rsync on real trees. Needs root for owners, loop mounts and a terminal.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

sync_tree=$PWD/syncer/sync_tree
source_tree=$test_dir/source
root=$test_dir/root
copy=$root/.backup_20261123_020000.partial

mkdir "$source_tree" "$root"

# sync [ARG...]: runs the tool with the usual two paths.
sync() {
  run "$sync_tree" --source="$source_tree" --destination="$copy" "$@"
}

expect_failed_and_gone() {
  expect_exit 2
  expect_stdout ''
  [[ -z $(ls -A "$root") ]] || fail "the destination was left behind"
}

# stub NAME LINE...: an executable that stands in for rsync.
stub() {
  local file=$test_dir/$1
  shift
  printf '%s\n' '#!/bin/bash' "$@" >"$file"
  chmod +x "$file"
}

unmount() {
  ! mountpoint -q "$1" || umount "$1"
}

make_mutable() {
  [[ ! -e $1 ]] || chattr -i "$1"
}

# For stubs that write into the destination, which is their last argument.
# shellcheck disable=SC2016
partly='echo some >"${!#}part"'

run "$sync_tree" --help
expect_exit 0
expect_no_stderr

for argument in --no_such_flag --progress_fd=-1 --progress_every=0 --progress_every=x --rsync=rsync \
  --jobs=-1 --jobs=65 --rate=5 --rate=1M \
  --destination="$root/backup_20261123_020000" --destination="$source_tree/.backup_20261123_020000.partial" \
  --source=relative --source=/ extra; do
  sync "$argument"
  expect_exit 1
  expect_stdout ''
done

sync
expect_stderr "refused to copy $source_tree: it is empty"
expect_failed_and_gone
mkdir "$source_tree/lost+found"
sync
expect_stderr 'it is empty'
expect_failed_and_gone
rmdir "$source_tree/lost+found"

# A tree with all that a datadir may have, and what must not be copied.
mkdir -p "$source_tree"/{shop,'#innodb_redo','odd
name',-rf,lost+found,empty,shop/lost+found} "$source_tree/shop/*"
echo rows >"$source_tree/shop/orders.ibd"
head -c 300000 /dev/zero | tr '\0' x >"$source_tree/ibdata1"
touch -d '2020-02-29 12:34:56.789012345' "$source_tree/ibdata1"
ln "$source_tree/ibdata1" "$source_tree/shop/hard"
ln -s ../ibdata1 "$source_tree/shop/soft"
ln -s /nowhere "$source_tree/dangling"
touch "$source_tree/odd
name/ \\ \" \$ *" "$source_tree/shop/"$'caf\xe9\t'
truncate -s 64M "$source_tree/sparse.ibd"
echo end >>"$source_tree/sparse.ibd"
setfattr -n user.note -v kept "$source_tree/shop/orders.ibd"
setfattr -n trusted.note -v kept "$source_tree/shop"
setfacl -m u:12345:r "$source_tree/shop/orders.ibd"
setfacl -d -m g:23456:rx "$source_tree/shop"
chown 106:114 "$source_tree" "$source_tree/ibdata1"
chown -h 107:115 "$source_tree/shop/soft"
chmod 2751 "$source_tree"
chmod 0 "$source_tree/empty"
touch "$source_tree/#sql-ib1.ibd" "$source_tree/;"
touch "$source_tree/host.pid" "$source_tree/mysql.sock.lock" "$source_tree/lost+found/x"
touch "$source_tree/shop/kept.pid" "$source_tree/shop/lost+found/kept"
mkfifo "$source_tree/fifo"
mknod "$source_tree/device" c 1 3
# By a relative name: the path of a test directory may be too long for a socket.
(cd "$source_tree" && perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "mysql.sock", Listen => 1) or die')
touch -d '2021-03-04 05:06:07.123456789' "$source_tree"

sync
expect_exit 0
# Every regular file and link that is not left out counts; each name of the hard link, too.
regular=0
bytes=0
while read -r type size; do
  bytes=$((bytes + size))
  [[ $type == l ]] || regular=$((regular + 1))
done < <(find "$source_tree" \( -type f -o -type l \) ! -path "$source_tree/lost+found/*" \
  ! -path "$source_tree/host.pid" ! -path "$source_tree/mysql.sock.lock" -printf '%y %s\n')
expect_stdout "bytes=$bytes files=$regular"
expect_no_stderr

describe() {
  (cd "$1" && find . ! -path ./lost+found ! -path './lost+found/*' ! -path './host.pid' \
    ! -path ./mysql.sock.lock ! -path ./backup.manifest ! -type s ! -type p ! -type c -printf '%p %y %m %U %G %T@ %n %l\0' |
    sed -z 's/^\([^ ]* d .*\) [0-9]* $/\1/' | sort -z | tr '\0' '\n')
}
describe "$source_tree" >"$test_dir/expected"
describe "$copy" >"$test_dir/found"
expect "owner, mode, times or links differ" diff "$test_dir/expected" "$test_dir/found"
# The second opinion, contents included.
rsync -aHAXnc --modify-window=-1 --delete --delete-excluded -i --info=nonreg0 --no-devices \
  --no-specials --exclude=/lost+found/ --exclude=/host.pid --exclude=/mysql.sock.lock \
  "$source_tree/" "$copy/" | grep -vxF '*deleting   backup.manifest' >"$test_dir/differences" || true
expect "rsync sees differences" diff /dev/null "$test_dir/differences"
for name in host.pid mysql.sock.lock mysql.sock lost+found fifo device; do
  expect "$name was copied" test ! -e "$copy/$name"
done
expect "hard link" test "$copy/ibdata1" -ef "$copy/shop/hard"
expect "xattr" test "$(getfattr --absolute-names --only-values -n user.note "$copy/shop/orders.ibd")" = kept
expect "trusted xattr" test "$(getfattr --absolute-names --only-values -n trusted.note "$copy/shop")" = kept
expect "acl" grep -q user:12345:r-- <(getfacl -n "$copy/shop/orders.ibd" 2>&1)
expect "default acl" grep -q default:group:23456:r-x <(getfacl -n "$copy/shop" 2>&1)
expect "the sparse file is sparse no more" test "$(du -k "$copy/sparse.ibd" | cut -f1)" -lt 1024

# The manifest: every entry, with its length and checksum; xxh128sum has the second opinion.
manifest=$copy/backup.manifest
expect "its first line" test "$(head -1 "$manifest")" = 'mysql-backup-manifest 1'
expect "its owner and mode" test "$(stat -c '%u %a' "$manifest")" = '0 600'
while IFS= read -r -d '' path; do
  case $(stat -c %F "$copy/$path") in
    directory) printf 'd - 0 ' ;;
    'symbolic link')
      printf 'l %s %s ' "$(readlink -n "$copy/$path" | xxh128sum | cut -d' ' -f1)" \
        "$(readlink -n "$copy/$path" | wc -c)"
      ;;
    *) printf 'f %s %s ' "$(xxh128sum <"$copy/$path" | cut -d' ' -f1)" "$(stat -c %s "$copy/$path")" ;;
  esac
  printf '%s' "$path" | perl -0777 -pe 's/[\x00-\x20%\x7f]/sprintf "%%%02X", ord $&/ge; $_ .= "\n"'
done < <(cd "$copy" && find . -mindepth 1 ! -path ./backup.manifest -printf '%P\0') | sort >"$test_dir/expected"
tail -n +2 "$manifest" | sort >"$test_dir/found"
expect "the manifest differs" diff "$test_dir/expected" "$test_dir/found"

# It never goes on with a destination that is there.
sync
expect_exit 2
expect_stdout ''
expect_stderr "cannot make directory $copy: File exists; .*remove_leftovers"
expect "an existing destination was removed" test -e "$copy/ibdata1"
rm -r "$copy"

sync --destination="$root/missing/.backup_20261123_020000.partial"
expect_stderr "cannot open directory $root/missing: No such file"
expect_failed_and_gone

ln -s "$source_tree" "$test_dir/link"
sync --source="$test_dir/link"
expect_stderr 'symbolic link'
expect_failed_and_gone

# Each failure of rsync is one, and takes the copy away.
sync --rsync=/no/such/rsync
expect_stderr 'cannot run /no/such/rsync: No such file'
expect_failed_and_gone
for code in 1 11 12 23 24 99; do
  stub failing "$partly" 'echo "its last words" >&2' "exit $code"
  sync --rsync="$test_dir/failing"
  expect_stderr "failed to copy $source_tree: exit code $code: .*its last words"
  expect_failed_and_gone
done
stub killed "$partly" "kill -KILL \$\$"
sync --rsync="$test_dir/killed"
expect_stderr 'was killed by SIGKILL'
expect_failed_and_gone
# There is more than rsync has told of, or what it tells is not understood.
stub forgetting '/usr/bin/rsync "$@" | sed "/^entry .*orders/d"'
sync --rsync="$test_dir/forgetting"
expect_stderr "copied less or more than there is: it told of $((regular - 1)) files and $((bytes - 5)) bytes, and $source_tree has $regular files and $bytes bytes"
expect_failed_and_gone
stub babbling '/usr/bin/rsync "$@" | sed "s/^entry >f/entry ?x/"'
sync --rsync="$test_dir/babbling"
expect_stderr "said of a file it copied what is not understood: '[?]x[+]+ "
expect_failed_and_gone
# That of the backup which the datadir was restored from is not taken along.
echo old >"$source_tree/backup.manifest"
sync
expect_exit 0
expect "an old manifest was copied" diff <(sort "$manifest") <(sort "$test_dir/found" - <<<'mysql-backup-manifest 1')
rm -r "$copy" "$source_tree/backup.manifest"
mkdir "$source_tree/backup.manifest"
sync
expect_stderr 'it contains a directory named backup.manifest'
expect_failed_and_gone
rmdir "$source_tree/backup.manifest"
stub mute "$partly"
sync --rsync="$test_dir/mute"
expect_stderr "copied less or more than there is: it told of 0 files and 0 bytes"
expect_failed_and_gone

# One that does nothing about the directories, and says nothing of it.
stub lazy "[[ \" \$* \" == *' --include=*/ '* ]] || exec /usr/bin/rsync \"\$@\""
sync --rsync="$test_dir/lazy"
expect_stderr 'lazy ended well, and has not set the owner and mode of'
expect_failed_and_gone

# A process of rsync's that outlives it does not write behind our back.
stub forking "$partly" "(trap '' TERM; while mkdir -p \"\${!#}late\"; do :; done) 2>/dev/null &" 'exit 12'
sync --rsync="$test_dir/forking"
expect_stderr 'exit code 12'
expect_failed_and_gone

# Several side by side: each of three waits until all are at work.
mkdir "$test_dir/large"
truncate -s 64M "$test_dir/large"/{a,b,c}.ibd
ln "$test_dir/large/a.ibd" "$test_dir/large/a.hard"
stub together '[[ " $* " == *" --files-from=- "* ]] || exec /usr/bin/rsync "$@"' "touch '$test_dir/at_work.'\$\$" \
  "until [[ \$(echo '$test_dir'/at_work.* | wc -w) == 3 ]]; do sleep 0.02; done" 'exec /usr/bin/rsync "$@"'
sync --source="$test_dir/large" --rsync="$test_dir/together" --jobs=3
expect_exit 0
expect_stdout "bytes=$((4 << 26)) files=4"
expect "hard link" test "$copy/a.ibd" -ef "$copy/a.hard"
rm -r "$copy" "$test_dir"/at_work.*
# The first that fails is the reason, and the others end.
stub one_fails "touch '$test_dir/at_work.'\$\$" "$partly" \
  "until [[ \$(echo '$test_dir'/at_work.* | wc -w) == 3 ]]; do sleep 0.02; done" \
  'grep -qz a.ibd && echo "its last words" >&2 && exit 23' 'sleep 1000'
sync --source="$test_dir/large" --rsync="$test_dir/one_fails" --jobs=3
expect_stderr 'exit code 23: .*its last words$'
expect_failed_and_gone
# What is mounted there is not of the snapshot.
mkdir "$test_dir/large/mounted"
mount -t tmpfs none "$test_dir/large/mounted"
on_exit unmount "$test_dir/large/mounted"
touch "$test_dir/large/mounted/x"
sync --source="$test_dir/large"
expect_exit 0
expect_stdout "bytes=$((4 << 26)) files=4"
expect "the mount point" test -d "$copy/mounted"
expect "another filesystem was copied" test ! -e "$copy/mounted/x"
rm -r "$copy"
# A limit is for all of them together.
# shellcheck disable=SC2016
limited() { # KIBIBYTES
  stub limited "[[ \" \$* \" != *' --files-from=- '* || \" \$* \" == *' --bwlimit=$1 '* ]] || exit 9" \
    'exec /usr/bin/rsync "${@/#--bwlimit=*/--bwlimit=0}"'
}
limited 2048
sync --source="$test_dir/large" --rsync="$test_dir/limited" --jobs=3 --rate=6M
expect_exit 0
rm -r "$copy"
# With a limit, there is one unless more are asked for.
limited 6144
sync --source="$test_dir/large" --rsync="$test_dir/limited" --rate=6M
expect_exit 0
rm -r "$copy"

# One that failed may have to wait for its removal.
stub failing "$partly" 'exit 23'
sync --rsync="$test_dir/failing" --keep_failed
expect_exit 2
expect "it was removed" test -e "$copy/part"
rm -r "$copy"

# A destination that cannot be removed is named.
on_exit make_mutable "$copy/part"
stub immutable "$partly" "chattr +i \"\${!#}part\"" 'exit 23'
sync --rsync="$test_dir/immutable"
expect_exit 4
expect_stdout ''
expect_stderr "and $copy is left behind: cannot remove .*part: Operation not permitted"
chattr -i "$copy/part"
rm -r "$copy"

# TERM, INT and HUP in the middle of the copy.
for signal in TERM INT HUP; do
  stub slow "$partly" "touch '$test_dir/started'" 'sleep 1000'
  start "$sync_tree" --source="$source_tree" --destination="$copy" --rsync="$test_dir/slow"
  wait_for test -e "$test_dir/started"
  kill -"$signal" "$started"
  finish
  expect_stderr "interrupted by SIG$signal"
  expect_failed_and_gone
  rm "$test_dir/started"
done

# The snapshot is unmounted while it is copied: what was read is void, whatever rsync says.
mkdir "$test_dir/mounted"
mount -t tmpfs none "$test_dir/mounted"
on_exit unmount "$test_dir/mounted"
touch "$test_dir/mounted/ibdata1"
stub unmounting '/usr/bin/rsync "$@"' "umount -l '$test_dir/mounted' || true"
sync --source="$test_dir/mounted" --rsync="$test_dir/unmounting"
expect_stderr "$test_dir/mounted is not the directory any more .*unmounted"
expect_failed_and_gone
# Gone altogether is no better.
mkdir "$test_dir/moved"
touch "$test_dir/moved/ibdata1"
stub moving '/usr/bin/rsync "$@"' "[[ ! -e '$test_dir/moved' ]] || mv '$test_dir/moved' '$test_dir/moved_away'"
sync --source="$test_dir/moved" --rsync="$test_dir/moving"
expect_stderr "cannot find $test_dir/moved again after the copy"
expect_failed_and_gone

# The destination is full.
truncate -s 16M "$test_dir/image"
mke2fs -q -t ext4 "$test_dir/image"
mount -o loop "$test_dir/image" "$root"
on_exit unmount "$root"
rmdir "$root/lost+found"
mkdir "$test_dir/big"
head -c 30M /dev/urandom >"$test_dir/big/ibdata1"
sync --source="$test_dir/big"
expect_stderr 'exit code 11: .*destination full.*No space left on device'
expect_failed_and_gone

# Out of inodes, which is not out of space.
umount "$root"
truncate -s 16M "$test_dir/image_with_few_inodes"
mke2fs -q -t ext4 -N 16 "$test_dir/image_with_few_inodes"
mount -o loop "$test_dir/image_with_few_inodes" "$root"
rmdir "$root/lost+found"
mkdir "$test_dir/many"
for ((i = 0; i < 100; ++i)); do : >"$test_dir/many/t$i.ibd"; done
sync --source="$test_dir/many"
expect_stderr 'No space left on device'
expect_failed_and_gone

# A standard output that cannot be written.
umount "$root"
test_command='sync_tree, and a full standard output'
test_exit=0
"$sync_tree" --source="$source_tree" --destination="$copy" >/dev/full 2>"$test_dir/stderr" || test_exit=$?
expect_exit 4
expect_stderr "the copy at $copy is complete and is left behind"
rm -r "$copy"
