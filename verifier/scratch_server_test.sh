#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2119 # backquotes are SQL here; start_mariadb needs no options
# scratch_server with a real server on copies of a real data directory, whole and damaged.

# In a mount namespace of its own: what it mounts disturbs nobody, and ends with it.
if [[ -z ${IN_OWN_NAMESPACE:-} ]]; then
  IN_OWN_NAMESPACE=1 exec unshare --mount --propagation private "$0"
fi
source base/testing/shell.sh
source base/testing/mariadb.sh
source verifier/sample_server.sh

scratch_server=verifier/scratch_server
check=$PWD/verifier/check_database
# As in life: a root that the server's user cannot enter, and a backup that is mounted read-only.
root="$test_dir/back ups,a:b"
backup=$root/backup_20261123_020000
scratch_socket=$server_dir/scratch.sock # a short path
mounted=$test_dir/mounted
mkdir -m 700 "$root"
mkdir "$mounted"
on_exit umount -q "$mounted"

# Servers of other tests look alike but for this.
mark=--server-id=$$
scratch() {
  run "$scratch_server" "--datadir=$mounted" "--scratch=$root/.verify" "--socket=$scratch_socket" \
    "--user=$server_user" "--server_options=$mark" "$@"
}

expect_nothing_left() {
  expect "no scratch directory is left" test ! -e "$root/.verify"
  expect "no socket is left" test ! -L "$scratch_socket"
  expect "no mount is left" not grep -q overlay /proc/self/mountinfo
  expect "no server is left" not pgrep -f -- "--datadir=/tmp/data .* $mark( |\$)"
}

# Names, sizes, times, owners and contents.
fingerprint() {
  (cd "$backup" && find . -printf '%p %y %s %m %U:%G %T@ %C@\n' | sort &&
    find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

# Mounts a fresh copy of $server_dir/$1.
take_backup() {
  mountpoint -q "$mounted" && umount "$mounted"
  rm -rf "$backup"
  cp -a "$server_dir/$1" "$backup"
  mount -o bind,ro "$backup" "$mounted"
}

run "$scratch_server" --help
expect_exit 0
expect_no_stderr
run "$scratch_server" --no_such_flag
expect_exit 1
scratch
expect_exit 1
expect_stderr 'a command with an absolute path is needed'
scratch -- true
expect_exit 1
scratch --scratch=/tmp/verify -- /bin/true
expect_exit 1
expect_stderr 'must end in /.verify'
scratch --start_timeout=0 -- /bin/true
expect_exit 1
scratch "--socket=/tmp/$(printf '%0107d' 0)" -- /bin/true
expect_exit 1
expect_stderr 'longer than the 107 bytes'

# An empty directory is no backup of a server.
scratch -- /bin/true
expect_exit 3
expect_stderr 'is not a data directory'

start_sample
# A table that lies outside of the data directory, as it must not: the live server's own file.
install -d -o "$server_user" "$server_dir/outside"
sql <<<"CREATE TABLE shop.outside (id INT) ENGINE=MyISAM DATA DIRECTORY='$server_dir/outside';
        INSERT INTO shop.outside VALUES (1); FLUSH TABLES;"
cp -a "$server_dir/data" "$server_dir/linked"
cp -a "$server_dir/outside" "$server_dir/kept"
sql <<<'DROP TABLE shop.outside;'
cp -a "$server_dir/kept/." "$server_dir/outside"
# As a snapshot under the read lock sees it: the server runs on, and InnoDB is not closed.
sql <<<'FLUSH TABLES WITH READ LOCK; SELECT 1; SELECT SLEEP(1000);' >/dev/null 2>&1 &
until sql <<<'SHOW PROCESSLIST' | grep -q 'SELECT SLEEP'; do sleep 0.1; done
cp -a "$server_dir/data" "$server_dir/crashed"
kill %%
sql "SET GLOBAL log_output = 'TABLE', general_log = ON, slow_query_log = ON;"
# Another number than before: that session may not have ended yet, and is not to be taken for this one.
sql <<<'FLUSH TABLES WITH READ LOCK; SELECT 1; SELECT SLEEP(2000);' >/dev/null 2>&1 &
until sql <<<'SHOW FULL PROCESSLIST' | grep -q 'SELECT SLEEP(2000)'; do sleep 0.1; done
cp -a "$server_dir/data" "$server_dir/logging"
stop_mariadb
cp -a "$server_dir/data" "$server_dir/clean"
start_mariadb
sql <<<"CREATE TABLE shop.blobs (id INT PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB;
        INSERT INTO shop.blobs
          VALUES (1, CONCAT(REPEAT('a', 1500000), 'MIDDLE', REPEAT('b', 1500000)));"
stop_mariadb
mv "$server_dir/data" "$server_dir/blobs"
install -d -o "$server_user" "$server_dir/data"

take_backup crashed
before=$(fingerprint)
scratch -- "$check" "--socket=$scratch_socket" --database=shop
expect_exit 0
expect_stdout 'ok tables=7 views=1 routines=2 events=1 rows=5114 bad=0 database=shop'
expect_stderr 'the data is recovered, version=10\.'
expect_nothing_left
scratch -- "$check" "--socket=$scratch_socket"
expect_exit 0
expect_nothing_left
expect "the backup is as it was" test "$(fingerprint)" = "$before"

# The command: its input, output and exit code.
run bash -c 'exec "$@" <<<hello' _ "$scratch_server" "--datadir=$mounted" \
  "--scratch=$root/.verify" "--socket=$scratch_socket" "--user=$server_user" -- /bin/sh -c 'cat; exit 37'
expect_exit 37
expect_stdout hello
expect_stderr '/bin/sh ended with exit code 37'
expect_nothing_left
scratch -- "$check" "--socket=$scratch_socket" --database=nothing
expect_exit 3
expect_stderr 'there is no database `nothing`'
expect_nothing_left

# The server's own log tables are open under the read lock. They are no reason to call it bad.
take_backup logging
scratch -- "$check" "--socket=$scratch_socket" --database=mysql
expect_exit 0
expect_stderr 'WARNING check_database: the server.s log `mysql`.`general_log` is unusable'
expect_nothing_left
take_backup crashed

# What of this host is not fit.
scratch -- /nonexistent
expect_exit 2
expect_stderr 'cannot run command /nonexistent'
scratch --server=/nonexistent -- /bin/true
expect_exit 2
expect_stderr 'there is no MariaDB server program here .*install the package'
scratch --server=/bin/true -- /bin/true
expect_exit 2
expect_stderr 'there is no MariaDB server program here'
scratch --user=no_such_user -- /bin/true
expect_exit 2
expect_stderr 'there is no user no_such_user here'
scratch --setpriv=/nonexistent -- /bin/true
expect_exit 2
scratch "--scratch=$test_dir/nonexistent/.verify" -- /bin/true
expect_exit 2
expect_stderr 'make scratch directory'
scratch --server_options=--no-such-option -- /bin/true
expect_exit 2
expect_stderr 'this host cannot check the backup: .*correct SERVER_OPTIONS_FILE'
echo '[mysqld]' >"$server_dir/options"
for options in "$server_dir/no_such_file" "$server_dir/options"; do
  chmod 600 "$server_dir/options"
  scratch "--options_file=$options" -- /bin/true
  expect_exit 2
  expect_stderr 'this host cannot check the backup: .*SERVER_OPTIONS_FILE .* is there, .* can read it'
done
echo 'innodb_page_size=16k' >"$server_dir/options"
chmod 644 "$server_dir/options"
scratch "--options_file=$server_dir/options" -- /bin/true
expect_exit 2
expect_stderr 'this host cannot check the backup: .*correct SERVER_OPTIONS_FILE'
scratch --user=games -- /bin/true
expect_exit 2
expect_stderr 'files belong to the user of --user'
touch "$server_dir/taken"
scratch "--socket=$server_dir/taken" -- /bin/true
expect_exit 2
expect_stderr 'name another --socket'
expect_nothing_left
mkdir "$test_dir/small"
mount -t tmpfs -o size=4M none "$test_dir/small"
scratch "--scratch=$test_dir/small/.verify" -- /bin/true
expect_exit 2
expect_stderr 'make room'
umount "$test_dir/small"
ln -s / "$root/.verify"
scratch -- /bin/true
expect_exit 2
expect_stderr 'cannot open directory'
rm "$root/.verify"

# What cannot be emptied is told, once.
mkdir "$root/.verify"
touch "$root/.verify/fixed"
chattr +i "$root/.verify/fixed"
on_exit find "$root" -name fixed -exec chattr -i {} +
scratch -- /bin/true
expect_exit 4
expect_stderr 'ERROR scratch_server: scratch directory .* is left behind: cannot remove .*fixed'
expect "it is told once" test "$(grep -c 'left behind' "$test_dir/stderr")" = 1
chattr -i "$root/.verify/fixed"

# Removed by retention: under way, and done. While a scratch server is at work, nobody gets the lock.
take_backup clean
scratch -- /usr/bin/flock --exclusive --nonblock "$backup" /bin/true
expect_exit 1
expect_nothing_left
flock --exclusive --no-fork "$backup" sleep 1000 &
locker=$!
until [[ $(cat "/proc/$locker/comm") == sleep ]]; do sleep 0.1; done
scratch -- /bin/true
expect_exit 75
expect_stderr 'is being removed: take another backup'
kill "$locker"
wait "$locker" || true
rm -r "$backup"
scratch -- /bin/true
expect_exit 2
expect_stderr 'has been removed: take another backup'
expect_nothing_left

# Damage.
damaged() {
  local what=$1 pattern=$2
  before=$(fingerprint)
  scratch -- "$check" "--socket=$scratch_socket"
  expect_exit 3
  expect_stderr "$pattern"
  expect_nothing_left
  expect "the backup is as it was" test "$(fingerprint)" = "$before"
  printf '%s is found\n' "$what"
}
# The scratch server cannot write to the live server's file, and the backup has none: it is bad.
take_backup linked
expect "the file is there" test -s "$server_dir/outside/outside.MYD"
damaged 'a table outside of the data directory' 'bad: `shop`.`outside`: .*Read-only file system'
expect "the live file is as it was" diff -r "$server_dir/kept" "$server_dir/outside"
take_backup clean
scratch -- "$check" "--socket=$scratch_socket"
expect_exit 0
head -c 4096 /dev/zero | tr '\0' '\377' |
  dd of="$backup/shop/orders.ibd" bs=16384 seek=5 conv=notrunc status=none
damaged 'a damaged page' 'bad: `shop`.`orders`'
# A page that holds a part of a long value, and of no index.
take_backup blobs
scratch -- "$check" "--socket=$scratch_socket" --database=shop
expect_exit 0
offset=$(grep -abo MIDDLE "$backup/shop/blobs.ibd" | cut -d: -f1)
printf 'X%.0s' {1..8000} |
  dd of="$backup/shop/blobs.ibd" bs=1 seek="$((offset / 16384 * 16384 + 4000))" conv=notrunc status=none
damaged 'a damaged BLOB page' 'the backup does not verify: .*corrupt'
take_backup clean
rm "$backup/shop/orders.ibd"
damaged 'a missing .ibd file' 'bad: `shop`.`orders`: '
take_backup clean
rm "$backup/shop/old.MYD"
damaged 'a missing .MYD file' 'bad: `shop`.`old`: '
take_backup clean
rm "$backup/shop/orders.frm"
damaged 'a missing .frm file' 'bad: `shop`.`orders`: InnoDB knows it'
take_backup clean
truncate -s 1M "$backup/ibdata1"
damaged 'a cut-off ibdata1' 'the backup does not verify: the scratch server ended while it recovered'
take_backup crashed
rm "$backup/ib_logfile0"
damaged 'a missing redo log' 'the backup does not verify'

# A server that dies when it is told to shut down, and one that finds damage while it recovers.
take_backup clean
cat >"$server_dir/dies" <<'END'
#!/bin/sh
case $* in
  *recovery.log*) mariadbd "$@" && kill -ABRT $$ ;;
  *) exec mariadbd "$@" ;;
esac
END
cat >"$server_dir/complains" <<'END'
#!/bin/sh
case $* in
  *recovery.log*) mariadbd "$@" && echo '[ERROR] InnoDB: Table `a`.`b` is corrupted' >&2 ;;
  *) exec mariadbd "$@" ;;
esac
END
cat >"$server_dir/hangs" <<'END'
#!/bin/sh
case $* in
  *recovery.log*) exec sleep 20 ;;
  *) exec mariadbd "$@" ;;
esac
END
chmod 755 "$server_dir"/{dies,complains,hangs}
scratch "--server=$server_dir/hangs" --start_timeout=1 -- /bin/true
expect_exit 2
expect_stderr 'the scratch server did not answer within 1s .*recovery may need longer than --start_timeout'
expect_nothing_left
scratch "--server=$server_dir/dies" -- /bin/true
expect_exit 3
expect_stderr 'the backup does not verify: the scratch server ended while it shut down .*SIGABRT'
expect_nothing_left
scratch "--server=$server_dir/complains" -- /bin/true
expect_exit 3
expect_stderr 'does not verify: the scratch server reported errors while it recovered: .*`a`.`b` is corr'
expect_nothing_left

# A server that dies while the command runs.
take_backup clean
scratch -- /bin/sh -c "kill -SEGV \$(pgrep -P \$PPID mariadbd)"
expect_exit 3
expect_stderr 'the backup does not verify: the scratch server (ended|crashed) while the command ran'
expect_nothing_left
# One that ends as if all were well. It stays a zombie until it is waited for.
scratch -- /bin/sh -c "server=\$(pgrep -P \$PPID mariadbd) && kill -TERM \$server &&
  until grep -q '^State:.Z' /proc/\$server/status; do sleep 0.1; done"
expect_exit 3
expect_stderr 'the backup does not verify: the scratch server ended while the command ran \(exit code 0\)'
expect_nothing_left

# Starts it in the background with a command that does not end, and waits until that runs.
start_long() {
  "$scratch_server" "--datadir=$mounted" "--scratch=$root/.verify" "--socket=$scratch_socket" \
    "--user=$server_user" "--server_options=$mark" -- /bin/sleep 1000 2>"$test_dir/long" &
  long=$!
  until pgrep -P "$long" -x sleep >/dev/null; do
    kill -0 "$long" 2>/dev/null || fail "$(cat "$test_dir/long")"
    sleep 0.1
  done
  server=$(pgrep -P "$long" -x mariadbd)
}

start_long
expect "it is not root's" test "$(stat -c %U "/proc/$server")" = "$server_user"
scratch -- /bin/true
expect_exit 75
expect_stderr 'another scratch server is at work'
kill -TERM "$long"
status=0
wait "$long" || status=$?
expect "exit code 2 on SIGTERM, not $status" test "$status" = 2
expect_nothing_left

# SIGKILL: the server ends by itself, and the next run removes what was left.
start_long
kill -KILL "$long"
wait "$long" || true
expect "something was left" test -d "$root/.verify"
while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
scratch -- /bin/true
expect_exit 0
expect_nothing_left

# A backup of a later server than the one here, by its manifest.
take_backup clean
printf '%s\n' 'mysql-backup-manifest 1' 'locked flavour=mariadb version=99.1.0-MariaDB' \
  'end entries=0 xxh128=00112233445566778899aabbccddeeff' >"$backup/backup.manifest"
scratch -- /bin/true
expect_exit 2
expect_stderr 'of a MariaDB server 99.1.0-MariaDB, and the one here is older \(/usr/sbin/mariadbd is 1'
expect_nothing_left

# No room for what a server writes to in any case; and room where copies take none.
take_backup clean
mkdir "$test_dir/tight"
for filesystem in ext4 xfs; do
  truncate -s 0 "$test_dir/image"
  truncate -s 320M "$test_dir/image"
  "mkfs.$filesystem" -q "$test_dir/image"
  mount -o loop "$test_dir/image" "$test_dir/tight"
  cp -a "$server_dir/clean" "$test_dir/tight/backup"
  chmod 755 "$test_dir/tight"
  free=$(df --output=avail -B1M "$test_dir/tight" | tail -n 1)
  fallocate -l $((free - 40))M "$test_dir/tight/filler"
  run "$scratch_server" "--datadir=$test_dir/tight/backup" "--scratch=$test_dir/tight/.verify" \
    "--socket=$scratch_socket" "--user=$server_user" "--server_options=$mark" -- /bin/true
  if [[ $filesystem == ext4 ]]; then
    expect_exit 2
    expect_stderr 'this host cannot check the backup: [0-9.]+ MiB are needed in .*/tight/.verify .* are free; remedy'
  else
    expect_exit 0
  fi
  expect "no scratch directory is left" test ! -e "$test_dir/tight/.verify"
  umount "$test_dir/tight"
done

# A transaction is on the disk as prepared only: the server had its commit in memory, and in its binary
# log, which the scratch server does not have. Stopped in the middle of many commits, it has some.
stop_mariadb
rm -rf "$server_dir/data"
cp -a "$server_dir/clean" "$server_dir/data"
start_mariadb --log-bin=binlog --innodb-flush-log-at-timeout=2700
writers=()
sql <<<"CREATE TABLE shop.old_orders (id INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB;"
for _ in {1..6}; do
  # One statement a line, and no end of them.
  yes 'INSERT INTO shop.old_orders VALUES (NULL);' | mariadb --no-defaults --socket="$socket" --user=root >/dev/null 2>&1 &
  writers+=("$!")
done
query=(/usr/bin/mariadb --no-defaults "--socket=$scratch_socket" --user=root --batch --skip-column-names)
provoked=
for attempt in {1..10}; do
  sleep 0.2
  kill -STOP "$server_pid"
  rm -rf "$server_dir/prepared"
  cp -a "$server_dir/data" "$server_dir/prepared"
  kill -CONT "$server_pid"
  take_backup prepared
  scratch -- "${query[@]}" -e 'SELECT COUNT(*) > 0 FROM shop.old_orders'
  expect_exit 0
  expect_stdout 1
  ! grep -q 'WARNING scratch_server: the last transactions are prepared' "$test_dir/stderr" || provoked=$attempt
  [[ -z $provoked ]] || break
done
kill "${writers[@]}" 2>/dev/null || true
expect "the test proves nothing: no transaction was prepared" test -n "$provoked"
expect_nothing_left

# In place: the server works on the data itself, and what the command did is there afterwards.
place=$server_dir/place
cp -a "$server_dir/prepared" "$place"
in_place() {
  run "$scratch_server" --in_place "--datadir=$place" "--scratch=$place/.verify" \
    "--socket=$scratch_socket" "--user=$server_user" "--server_options=$mark" -- "$@"
}
in_place "${query[@]}" -e "FLUSH PRIVILEGES; CREATE USER restored; INSERT INTO shop.orders VALUES (9002, 'new')"
expect_exit 0
expect "the scratch directory is left" test ! -e "$place/.verify"
in_place "${query[@]}" -e "INSERT INTO shop.orders VALUES (9003, 'newer'); no such statement"
expect_exit 1
# It had been shut down cleanly: the next start has nothing to recover.
in_place /bin/cat "$place/.verify/run/recovery.log"
expect_exit 0
expect "the server had to recover" not grep -qE 'crash recovery|Starting final batch' "$test_dir/stdout"
in_place "${query[@]}" -e 'SELECT GROUP_CONCAT(note ORDER BY id) FROM shop.orders WHERE id > 9000'
expect_exit 0
expect_stdout new,newer
