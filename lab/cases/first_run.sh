#!/bin/bash
# A first run is faithful to the snapshot: every byte, owner, mode and time of every file.
# (A machine of its own, since other cases drop the big table.)
# lab:
BIG_TABLE=yes
source "$(dirname "$0")/lib.sh"
expect 'no table of 100 MB' test "$(stat -c %s /var/lib/mysql/shop/ledger.ibd)" -gt 100000000

# What differs from one file to the next must survive the copy.
sample=/var/lib/mysql/lab_sample
mkdir "$sample"
on_exit rm -rf "$sample"
echo one >"$sample/hard"
ln "$sample/hard" "$sample/link"
ln -s hard "$sample/soft"
truncate -s 50M "$sample/sparse"
echo x >"$sample"/$'new\nline -and spaces'
setfacl -m u:daemon:r "$sample/hard"
setfattr -n user.note -v kept "$sample/hard"
chmod 4711 "$sample/sparse"
chown 4711:815 "$sample/link"
mkdir "$sample/nested"
touch "$sample/nested/kept.pid" /var/lib/mysql/left-out.pid
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "/var/lib/mysql/left-out.sock", Listen => 1)'
on_exit rm -f /var/lib/mysql/left-out.pid /var/lib/mysql/left-out.sock
expect 'no socket to be left out' test -S /var/lib/mysql/left-out.sock
touch -d '2001-02-03 04:05:06.789012345' "$sample/soft" "$sample/sparse" "$sample"

# A snapshot is gone when a run is over: what it holds is written down while it is there.
wrap sync_tree <<'END'
#!/bin/bash
/app/bin/sync_tree.real "$@" || exit
cd /mnt/mysql_snapshot || exit 9
/lab/cases/fingerprint.sh >/tmp/snapshot.list
END
backup
expect_status 0
expect_clean
[[ $(published) =~ ^backup_[0-9]{8}_[0-9]{6}$ ]] || fail "published: $(published)"
cd "$root/$(published)" || exit
/lab/cases/fingerprint.sh >/tmp/backup.list
expect 'the list is too short to prove anything' test "$(wc -l </tmp/backup.list)" -gt 200
diff /tmp/snapshot.list /tmp/backup.list || fail 'the copy differs from the snapshot'
expect 'the sparse file has been filled' test "$(stat -c %b lab_sample/sparse)" -lt 100
expect 'the hard link has become two files' test lab_sample/hard -ef lab_sample/link
expect 'lost+found was copied' test ! -e lost+found
expect 'a socket or a pid file was copied' test -z "$(find . -type s -o -path './left-out*')"
expect 'a .pid file further down was left out' test -e lab_sample/nested/kept.pid
expect 'the root is open to others' test "$(stat -c '%U:%G %a' "$root")" = 'root:root 700'

# Every step is in the log, in order, with its result.
steps=$(grep -oE 'backup_mysql.sh: [a-z]+: OK' "$log_file" | cut -d' ' -f2 | tr -d '\n')
[[ $steps == preflight:quiesce:snapshot:mount:rsync:check:unmount:cleanup:release:publish:retention:end: ]] ||
  fail "steps: $steps"
expect_log 'INFO backup_mysql.sh: start: '
expect_log 'end: OK \(duration [0-9.]+ s, locked [0-9]+ ms, bytes=[0-9]+ files=[0-9]+, backup /backups/mysql/backup_'
# Every line has the one form.
! grep -vE '^20[0-9-]{8}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2} (INFO|WARNING|ERROR) [a-z_.]+: ' "$log_file" ||
  fail 'a line of another form is in the log'
