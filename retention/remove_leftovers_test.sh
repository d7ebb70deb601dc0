#!/usr/bin/env bash
# remove_leftovers: what is ours and what is not. Needs root for chattr and a mount.

# In a mount namespace of its own, which takes the mounts with it even when the test is killed.
[[ -n ${own_mounts:-} ]] || own_mounts=yes exec unshare --mount "$0" "$@"

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

remove_leftovers=$PWD/retention/remove_leftovers
root=$test_dir/root

expect_names() {
  local names
  names=$(cd "$root" && shopt -s dotglob nullglob && echo *)
  [[ $names == "$1" ]] || fail "expected in the root: $1, found: $names"
}

make_mutable() {
  find "$test_dir" -xdev -type f -name fixed -exec chattr -i {} +
}

run "$remove_leftovers" --help
expect_exit 0
expect_no_stderr

run "$remove_leftovers" --root="$root" --no_such_flag
expect_exit 1

run "$remove_leftovers"
expect_exit 1
expect_stderr '--root is needed'

run "$remove_leftovers" --root="$root"
expect_exit 0
expect_stdout ''
expect_no_stderr

touch "$test_dir/file"
run "$remove_leftovers" --root="$test_dir/file"
expect_exit 2
expect_stderr 'cannot open directory'

mkdir -p "$root"/backup_20261122_020000 "$root"/.backup_20261123_020000.partial/shop \
  "$root"/.backup_20261101_020000.deleting/shop "$root"/.backup_20261131_020000.partial \
  "$root"/.backup_20261123_020000.partial~ "$test_dir/outside"
touch "$test_dir/outside/kept" "$root/.backup_20261102_020000.partial"
ln -s "$test_dir/outside" "$root/.backup_20261103_020000.deleting"
ln -s "$test_dir/outside" "$root/.backup_20261123_020000.partial/shop/link"
run "$remove_leftovers" --root="$root"
expect_exit 0
expect_stdout '.backup_20261101_020000.deleting
.backup_20261123_020000.partial'
expect_stderr 'WARNING remove_leftovers: .*/.backup_20261102_020000.partial is not a directory'
expect_stderr 'WARNING remove_leftovers: .*/.backup_20261103_020000.deleting is not a directory'
expect_names '.backup_20261102_020000.partial .backup_20261103_020000.deleting .backup_20261123_020000.partial~ .backup_20261131_020000.partial backup_20261122_020000'
expect "a link was followed" test -e "$test_dir/outside/kept"

# The scratch directory of a verification: one that is alive, one that was killed, and no directory.
mkdir -p "$root/.verify/upper" "$root/.verify2"
flock --exclusive --no-fork "$root/.verify" sleep 1000 &
verifier=$!
until [[ $(cat "/proc/$verifier/comm") == sleep ]]; do sleep 0.1; done
rm "$root/.backup_20261102_020000.partial" "$root/.backup_20261103_020000.deleting"
run "$remove_leftovers" --root="$root"
expect_exit 0
expect_stdout ''
expect_no_stderr
expect "a living verification lost its directory" test -d "$root/.verify/upper"
kill "$verifier"
wait "$verifier" || true
run bash -c 'exec "$0" --root="$1" >/dev/full' "$remove_leftovers" "$root"
expect_exit 4
expect_stderr 'write to standard output: No space left.*though these were removed: .verify$'
expect "the directory of a dead verification is left" test ! -e "$root/.verify"
mkdir "$root/.verify"
run "$remove_leftovers" --root="$root"
expect_exit 0
expect_stdout .verify
ln -s "$test_dir/outside" "$root/.verify"
run "$remove_leftovers" --root="$root"
expect_exit 0
expect_stdout ''
expect_stderr 'WARNING remove_leftovers: .*/.verify is not a directory'
expect "a link was followed" test -e "$test_dir/outside/kept"

# What cannot be removed is named, and the rest goes.
rm -r "$root"
mkdir -p "$root"/.backup_20261101_020000.partial "$root"/.backup_20261102_020000.partial/mounted \
  "$root"/.backup_20261103_020000.partial
on_exit make_mutable
touch "$root/.backup_20261101_020000.partial/fixed"
chattr +i "$root/.backup_20261101_020000.partial/fixed"
mount -t tmpfs none "$root/.backup_20261102_020000.partial/mounted"
on_exit umount -q "$root/.backup_20261102_020000.partial/mounted"
touch "$root/.backup_20261102_020000.partial/mounted/kept"
run "$remove_leftovers" --root="$root"
expect_exit 4
expect_stdout .backup_20261103_020000.partial
expect_stderr 'ERROR remove_leftovers: cannot remove .*/fixed: Operation not permitted'
expect_stderr 'mounted'
expect_stderr 'left: .backup_20261101_020000.partial .backup_20261102_020000.partial;'
expect "a mounted filesystem was emptied" test -e "$root/.backup_20261102_020000.partial/mounted/kept"
