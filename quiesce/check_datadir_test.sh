#!/bin/bash
# check_datadir against a real server whose data lies on a loop device: to it, any block device is a
# volume.

source base/testing/shell.sh
source base/testing/mariadb.sh
check=$PWD/quiesce/check_datadir

# --- wrong usage
run "$check" --help
expect_exit 0
expect_no_stderr
run "$check" --bogus
expect_exit 1
run "$check"
expect_exit 1
expect_stderr 'device is needed'
run "$check" --device=/dev/null --datadir=var/lib/mysql
expect_exit 1
expect_stderr 'not an absolute path'
run "$check" --device=/dev/vg_none/lv_none --socket="$socket"
expect_exit 2
expect_stderr 'check VG and LV'
run "$check" --device=/dev/null --socket="$socket"
expect_exit 2
expect_stderr 'not a block device'

# --- a volume of the server's own
truncate -s 300M "$test_dir/volume"
mkfs.ext4 -q "$test_dir/volume"
loop=$(losetup --find --show "$test_dir/volume")
on_exit losetup --detach "$loop"
mkdir "$server_dir/volume"
mount "$loop" "$server_dir/volume"
on_exit umount "$server_dir/volume"
# The data directory is not the filesystem's root, as with a volume mounted on /var/lib.
mkdir -p "$server_dir/volume/lib/my sql"
ln -s "$server_dir/volume/lib/my sql" "$server_dir/data"
make_datadir
on_exit stop_mariadb
start_mariadb --log-bin=binlog
args=(--device="$loop" --datadir="$server_dir/data" --socket="$socket")

run "$check" "${args[@]}"
expect_exit 0
expect_no_stderr
pattern='^bytes=([0-9]+) files=([0-9]+) subdirectory=lib/my sql$'
[[ $(cat "$test_dir/stdout") =~ $pattern ]] || fail "record"
expect "files" test "${BASH_REMATCH[2]}" -ge "$(find "$server_dir/data/" -mindepth 1 | wc -l)"
expect "bytes" test "${BASH_REMATCH[1]}" -gt 10000000

# --- another device, another directory
truncate -s 1M "$test_dir/other"
other=$(losetup --find --show "$test_dir/other")
on_exit losetup --detach "$other"
run "$check" "${args[@]}" --device="$other"
expect_exit 2
expect_stderr 'is not on the volume'
mkdir "$server_dir/volume/empty"
run "$check" "${args[@]}" --datadir="$server_dir/volume/empty"
expect_exit 2
expect_stderr 'the server keeps its data in .*/lib/my sql, but DATADIR leads to .*/empty'

# --- data that has been moved away, in each way that the server knows
install -d -o "$server_user" "$server_dir/moved"
sql "CREATE DATABASE away; CREATE TABLE away.i (a INT) ENGINE=InnoDB DATA DIRECTORY='$server_dir/moved'"
run "$check" "${args[@]}"
expect_exit 2
expect_stderr 'DATA DIRECTORY'
expect_stdout ''
sql 'DROP TABLE away.i'
run "$check" "${args[@]}"
expect_exit 0
mkdir "$test_dir/schema"
ln -s "$test_dir/schema" "$server_dir/data/schema"
run "$check" "${args[@]}"
expect_exit 2
expect_stderr "the link .*/schema leads to lies at $test_dir/schema"
rm "$server_dir/data/schema"

mkdir "$server_dir/data/mounted"
mount -t tmpfs none "$server_dir/data/mounted"
run "$check" "${args[@]}"
umount "$server_dir/data/mounted"
rmdir "$server_dir/data/mounted"
expect_exit 2
expect_stderr 'another filesystem mounted there'

for option in --innodb-log-group-home-dir --innodb-undo-directory --aria-log-dir-path --log-bin \
  --innodb-data-home-dir --innodb-data-file-path; do
  stop_mariadb
  directory=$server_dir/elsewhere
  install -d -o "$server_user" "$directory"
  value=$directory
  more=()
  case $option in
    --log-bin) value=$directory/binlog ;;
    --innodb-data-home-dir) cp -a "$server_dir/data/ibdata1" "$directory" ;;
    --innodb-data-file-path)
      cp -a "$server_dir/data/ibdata1" "$directory"
      value=$directory/ibdata1:12M:autoextend
      more=(--innodb-data-home-dir=)
      ;;
    --innodb-log-group-home-dir) cp -a "$server_dir"/data/ib_logfile* "$directory" ;;
  esac
  start_mariadb --skip-log-bin "$option=$value" "${more[@]}"
  run "$check" "${args[@]}"
  expect_exit 2
  variable=${option#--}
  variable=${variable//-/_}
  [[ $option == --log-bin ]] && variable=log_bin_basename
  expect_stderr "$variable.* lies at $directory"
  stop_mariadb
  cp -a "$directory"/ib* "$server_dir/data/" 2>/dev/null || true # as the server left them
  rm -r "$directory"
done

# --- no server
run "$check" "${args[@]}"
expect_exit 2
expect_stderr 'is the server running'
