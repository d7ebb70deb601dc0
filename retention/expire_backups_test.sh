#!/usr/bin/env bash
# expire_backups: alone, and behind the tools that it is made for. Needs root for chattr and a mount.

# In a mount namespace of its own, which takes the mount with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

expire_backups=$PWD/retention/expire_backups
list_backups=$PWD/retention/list_backups
plan_retention=$PWD/retention/plan_retention
root=$test_dir/root
outside=$test_dir/outside

make_backups() {
  local day
  rm -rf "$root"
  for day in "$@"; do
    mkdir -p "$root/backup_202611${day}_020000/shop"
    echo rows >"$root/backup_202611${day}_020000/shop/orders.ibd"
  done
}

# expire INPUT [ARG...]: runs the tool with INPUT, where \n is a line feed.
expire() {
  printf '%b' "$1" >"$test_dir/input"
  shift
  run "$expire_backups" --root="$root" "$@" <"$test_dir/input"
}

expect_names() {
  local names
  names=$(cd "$root" && shopt -s dotglob nullglob && echo *)
  [[ $names == "$1" ]] || fail "expected in the root: $1, found: $names"
}

make_mutable() {
  find "$test_dir" -xdev -type f -name fixed -exec chattr -i {} +
}

run "$expire_backups" --help
expect_exit 0
expect_no_stderr

expire 'end 0\n' --no_such_flag
expect_exit 1

expire 'end 0\n' extra
expect_exit 1

run "$expire_backups" </dev/null
expect_exit 1
expect_stderr '--root is needed'

expire 'end 0\n'
expect_exit 2
expect_stderr "cannot open directory $root"

# A list that is not whole touches nothing.
make_backups 01 02 03
for input in '' 'backup_20261101_020000\n' 'backup_20261101_020000\nend 2\n' \
  'backup_20261101_020000\nend 1' 'backup_20261102_020000\nbackup_20261101_020000\nend 2\n' \
  'backup_20261101_020000\n../outside\nend 2\n'; do
  expire "$input"
  expect_exit 2
  expect_stdout ''
  expect_stderr 'not to be trusted'
  expect_names 'backup_20261101_020000 backup_20261102_020000 backup_20261103_020000'
done

expire 'end 0\n'
expect_exit 0
expect_stdout ''
expect_no_stderr

# The last good one stays, however many bad ones there are after it.
found() { # VERDICT NAME: keeps it, as a verification does
  local manifest=$root/$2/backup.manifest head=$'mysql-backup-manifest 1\n' checksum
  checksum=$(printf '%s' "$head" | xxh128sum | cut -d ' ' -f 1)
  printf '%send entries=0 xxh128=%s\n' "$head" "$checksum" >"$manifest"
  setfattr -n user.mysql_backup.verified -v \
    "verified verdict=$1 time=2026-11-26T03:00:00Z seconds=1 manifest=$checksum" "$root/$2"
}
# A line a case: what is known of the backups of each day, which of them have to go, and what stays.
while read -r known going stays; do
  make_backups 01 02 03 04
  for day in 1 2 3 4; do
    case ${known:day-1:1} in
      g) found good "backup_2026110${day}_020000" ;;
      b) found bad "backup_2026110${day}_020000" ;;
      d) echo cut >"$root/backup_2026110${day}_020000/backup.manifest" ;;
      l) ln -s nowhere "$root/backup_2026110${day}_020000/backup.manifest" ;; # cannot be read
      -) rm -r "$root/backup_2026110${day}_020000" ;;
    esac
  done
  list=
  for day in ${going//,/ }; do list+="backup_2026110${day}_020000\\n"; done
  commas=${going//[^,]/}
  expire "${list}end $((${#commas} + 1))\\n"
  if [[ $known == *l* && $stays != 3,4 ]]; then
    expect_exit 4
    expect_stderr 'WARNING .*what a verification found of .* cannot be read: .*backup.manifest'
  else
    expect_exit 0
  fi
  names=
  for day in ${stays//,/ }; do names+=" backup_2026110${day}_020000"; done
  expect_names "${names# }"
  [[ $stays == 3,4 ]] || expect_stderr "WARNING .*_020000 is left: none of those that stay is known to be good"
done <<'END'
???? 1,2 3,4
gggg 1,2 3,4
gg?? 1,2 3,4
ggb? 1,2 2,3,4
g?b? 1,2 1,3,4
??b? 1,2 3,4
ggbg 1,2 3,4
??bb 1,2 2,3,4
g?bb 1,2 1,3,4
?bbb 1,2 1,3,4
bbbb 1,2 3,4
??bd 1,2 2,3,4
?-bb 1,2 1,3,4
ggl? 1,2 2,3,4
gl?b 1,2 1,2,3,4
gglg 1,2 3,4
?l?? 1,2 3,4
END

# The last backup stays, whoever asks.
make_backups 01 02 03
expire 'backup_20261101_020000\nbackup_20261102_020000\nbackup_20261103_020000\nend 3\n'
expect_exit 2
expect_stdout ''
expect_stderr 'refused to remove all 3 backups'
expect_names 'backup_20261101_020000 backup_20261102_020000 backup_20261103_020000'

expire 'backup_20261101_020000\nend 1\n'
expect_exit 0
expect_stdout backup_20261101_020000
expect_stderr "INFO expire_backups: removed $root/backup_20261101_020000"
expect_names 'backup_20261102_020000 backup_20261103_020000'

expire 'backup_20261101_020000\nend 1\n'
expect_exit 0
expect_stdout ''
expect_stderr 'was gone already'

# The pipeline: nine become seven, and a second time nothing happens.
make_backups 01 02 03 04 05 06 07 08 09
touch "$root/notes.txt"
pipeline() {
  "$list_backups" --root="$root" | "$plan_retention" --keep=7 | "$expire_backups" --root="$root"
}
run pipeline
expect_exit 0
expect_stdout 'backup_20261101_020000
backup_20261102_020000'
run pipeline
expect_exit 0
expect_stdout ''
expect "not seven backups" test "$(find "$root" -name 'backup_*' | wc -l)" = 7
expect "a foreign file was removed" test -e "$root/notes.txt"

# One that cannot be removed does not save the others, is hidden already, and is named.
make_backups 01 02 03
touch "$root/backup_20261101_020000/shop/fixed"
on_exit make_mutable
chattr +i "$root/backup_20261101_020000/shop/fixed"
expire 'backup_20261101_020000\nbackup_20261102_020000\nend 2\n'
expect_exit 4
expect_stdout backup_20261102_020000
expect_stderr 'ERROR expire_backups: backup_20261101_020000: cannot remove .*fixed: Operation not permitted'
expect_stderr "below $root; left: .backup_20261101_020000.deleting;"
expect_names '.backup_20261101_020000.deleting backup_20261103_020000'
chattr -i "$root/.backup_20261101_020000.deleting/shop/fixed"
expire 'backup_20261101_020000\nend 1\n'
expect_exit 0
expect_stdout backup_20261101_020000
expect_names backup_20261103_020000

# One that is being verified stays, and is no failure.
make_backups 01 02 03
flock --shared --no-fork "$root/backup_20261101_020000" sleep 1000 &
verifier=$!
on_exit kill "$verifier"
until [[ $(cat "/proc/$verifier/comm") == sleep ]]; do sleep 0.1; done
expire 'backup_20261101_020000\nbackup_20261102_020000\nend 2\n'
expect_exit 0
expect_stdout backup_20261102_020000
expect_stderr "WARNING expire_backups: $root/backup_20261101_020000 is left: a verification is using it"
expect_names 'backup_20261101_020000 backup_20261103_020000'

# What is gone is gone, whether anybody can be told or not.
make_backups 01 02 03
touch "$root/backup_20261102_020000/shop/fixed"
chattr +i "$root/backup_20261102_020000/shop/fixed"
printf 'backup_20261101_020000\nbackup_20261102_020000\nend 2\n' >"$test_dir/input"
run bash -c 'exec "$0" --root="$1" >/dev/full' "$expire_backups" "$root" <"$test_dir/input"
expect_exit 4
expect_stderr 'write to standard output: No space left.*were removed: backup_20261101_020000; and could not remove.*left: .backup_20261102'
chattr -i "$root/.backup_20261102_020000.deleting/shop/fixed"
expect_names '.backup_20261102_020000.deleting backup_20261103_020000'

# Odd things in a tree, and links that lead out of it.
make_backups 01 02
mkdir "$outside"
echo kept >"$outside/kept"
tree=$root/backup_20261101_020000
ln -s "$outside" "$tree/shop/link"
ln -s ../../../outside "$tree/link"
ln -s "$outside/kept" "$tree"/$'new\nline'
mkdir -p "$tree"/-rf/$'\t'/'*'
mkfifo -m 0 "$tree/fifo"
ln "$tree/shop/orders.ibd" "$root/kept_name_of_a_hard_link"
chmod 0 "$tree/shop"
expire 'backup_20261101_020000\nend 1\n'
expect_exit 0
expect_stdout backup_20261101_020000
expect_names 'backup_20261102_020000 kept_name_of_a_hard_link'
expect "a link was followed" test "$(cat "$outside/kept")" = kept

# A tree that is deeper than the usual number of descriptors, made small here.
make_backups 01 02
(cd "$root/backup_20261101_020000" && mkdir -p "$(printf 'a/%.0s' {1..100})")
printf 'backup_20261101_020000\nend 1\n' >"$test_dir/input"
run bash -c 'ulimit -Sn 64 && exec "$0" --root="$1"' "$expire_backups" "$root" <"$test_dir/input"
expect_exit 0
expect_names backup_20261102_020000

# A link in a backup's place is not ours.
make_backups 02
ln -s "$outside" "$root/backup_20261101_020000"
expire 'backup_20261101_020000\nend 1\n'
expect_exit 4
expect_stdout ''
expect_stderr 'not a directory'
expect_names 'backup_20261101_020000 backup_20261102_020000'
expect "a link was followed" test -e "$outside/kept"

# The name is gone from the disk before anything is removed: it can be read from the device, past the
# filesystem. What cannot be removed ends the work just behind that.
on_disk() { sync --data "$test_dir/image" && grep -qaF -- "$1" "$test_dir/image"; }
make_backups
truncate -s 16M "$test_dir/image"
mke2fs -q -t ext4 "$test_dir/image"
mkdir "$root"
mount -o loop,commit=300 "$test_dir/image" "$root"
unmount_root() {
  ! mountpoint -q "$root" || umount "$root"
}
on_exit unmount_root
mkdir "$root"/backup_2026110{1,2}_020000
touch "$root/backup_20261101_020000/fixed"
chattr +i "$root/backup_20261101_020000/fixed"
sync --file-system "$root"
expect "the test proves nothing: it is there already" not on_disk .backup_20261101_020000.deleting
expire 'backup_20261101_020000\nend 1\n'
expect_exit 4
expect "the rename is not on the disk" on_disk .backup_20261101_020000.deleting
chattr -i "$root/.backup_20261101_020000.deleting/fixed"
umount "$root"

# TERM while it waits for the list: nothing is touched.
make_backups 01 02
mkfifo "$test_dir/list"
start "$expire_backups" --root="$root" <>"$test_dir/list"
exec 9>"$test_dir/list"
printf 'backup_20261101_020000\nend 1\n' >&9
# Not before it reads: until then the signal has its default effect.
wait_for grep -q '^0 0x0 ' "/proc/$started/syscall"
kill -TERM "$started"
finish
exec 9>&-
expect_exit 2
expect_stdout ''
expect_stderr 'interrupted by SIGTERM'
expect_names 'backup_20261101_020000 backup_20261102_020000'
