#!/usr/bin/env bash
# list_backups: what is listed, what is not, and the trailer.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

list_backups=$PWD/retention/list_backups
root=$test_dir/root

run "$list_backups" --help
expect_exit 0
expect_no_stderr

run "$list_backups" --root="$root" --no_such_flag
expect_exit 1
expect_stderr 'no_such_flag'

run "$list_backups"
expect_exit 1
expect_stderr '--root is needed'

run "$list_backups" --root=relative
expect_exit 1

run "$list_backups" --root="$root" extra
expect_exit 1
expect_stderr "'extra'"

run "$list_backups" --root="$root"
expect_exit 2
expect_stdout ''
expect_stderr "cannot open directory $root: .*check --root"

mkdir "$root"
run "$list_backups" --root="$root"
expect_exit 0
expect_stdout 'end 0'
expect_no_stderr

mkdir "$root"/backup_20261122_020000 "$root"/backup_20261121_235959 "$root"/backup_20240229_000000
mkdir "$root"/backup_20260229_000000 "$root"/backup_20261122 "$root"/Backup_20261122_020000 \
  "$root"/.backup_20261123_020000.partial "$root"/.backup_20261101_020000.deleting \
  "$root"/$'backup_20261122_020000\nbackup_20261123_020000' "$root"/backup_20261122_020000.old
touch "$root"/backup_20261124_020000
ln -s backup_20261122_020000 "$root"/backup_20261125_020000
run "$list_backups" --root="$root"
expect_exit 0
expect_stdout 'backup_20240229_000000
backup_20261121_235959
backup_20261122_020000
end 3'
expect_no_stderr

ln -s root "$test_dir/link"
run "$list_backups" --root="$test_dir/link"
expect_exit 2
expect_stdout ''
expect_stderr 'symbolic link'

# A list that could not be written is no success.
test_exit=0
"$list_backups" --root="$root" >/dev/full 2>"$test_dir/stderr" || test_exit=$?
expect_exit 2
expect_stderr 'standard output'
