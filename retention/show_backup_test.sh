#!/usr/bin/env bash
# shellcheck disable=SC2016  # perl's variables, not the shell's
# list_backups and show_backup, for people and for programs: of backups with and without manifest.

# shellcheck source=base/testing/shell.sh
source base/testing/shell.sh

list_backups=$PWD/retention/list_backups
show_backup=$PWD/retention/show_backup
keep_verdict=$PWD/verifier/keep_verdict
root=$test_dir/root
# The zone of the names; that of a summer and of a winter are different there.
export TZ=Europe/Berlin

# json FILTER: of the JSON on stdout, by perl's own parser.
json() {
  perl -MJSON::PP -0777 -e 'my $j = decode_json(<STDIN>); my $v = eval $ARGV[0]; die $@ if $@;
    print defined $v ? $v : "null", "\n"' "$1" <"$test_dir/stdout"
}
expect_json() { # FILTER VALUE
  [[ $(json "$1") == "$2" ]] || fail "expected $2 as $1, not $(json "$1")"
}

run "$show_backup" --help
expect_exit 0
expect_no_stderr
for arguments in '' 'a b' backup_2026 ../backup_20261123_020000 --format=table --root=relative; do
  # shellcheck disable=SC2086  # several arguments
  run "$show_backup" --root="$root" $arguments
  expect_exit 1
  expect_stdout ''
done
run "$list_backups" --root="$root" --format=xml
expect_exit 1
expect_stderr "--format='xml' is neither names, table nor json"
run "$show_backup" --root="$root" latest
expect_exit 2
expect_stderr "cannot open directory $root"

# --- no backup at all
mkdir "$root"
run "$list_backups" --root="$root" --format=table
expect_exit 0
expect_stdout 'There is no backup.'
run "$list_backups" --root="$root" --format=json
expect_stdout '[]'
for name in latest backup_20261123_020000; do
  run "$show_backup" --root="$root" "$name"
  expect_exit 3
  expect_stdout ''
  expect_stderr 'there is no backup'
done

# make_backup NAME RECORD...: its files are shared with nobody.
make_backup() {
  local backup=$root/$1
  shift
  mkdir -p "$backup/shop"
  head -c 300000 /dev/urandom >"$backup/ibdata1"
  printf '%s\n' 'mysql-backup-manifest 1' 'd - 0 shop' 'f 6bba86c7e069f56d5a10b435f1c8e49c 300000 ibdata1' \
    "$@" >"$backup/backup.manifest"
  echo 'end entries=2 xxh128=00112233445566778899aabbccddeeff' >>"$backup/backup.manifest"
}
mkdir -p "$root/backup_20240229_020000/mysql" "$root/backup_20260101_020000"
touch "$root/backup_20260101_020000/backup.manifest"
make_backup backup_20260701_020000 'run started=2026-07-01T02:00:00+02:00 lock_scope=snapshot' \
  'locked connection_id=7 flavour=mariadb version=10.11.6-MariaDB-0+deb12u1 server_id=3 server_uuid= binlog_file=mysql-bin.000012 binlog_position=32800 gtid=0-1-2 source_host=db%200 source_log_file=s.000003 source_log_pos=4711' \
  'snapshot used_percent=3.40' 'released connection_id=7 held_ms=1234' 'published time=2026-07-01T02:01:00+02:00 version=1.2 host=db%201'
make_backup backup_20260702_020000 $'locked flavour=mysql version=9.7.0 server_uuid=u-1 gtid=u-1:1-5 binlog_file= binlog_position=0'
ln "$root/backup_20260702_020000/ibdata1" "$root/backup_20260702_020000/shop/twice"
ln "$root/backup_20260701_020000/ibdata1" "$test_dir/elsewhere"

run "$keep_verdict" --help
expect_exit 0
for argument in --verdict= --verdict=maybe --seconds=-1; do
  run "$keep_verdict" --backup="$root/backup_20260701_020000" --verdict=good "$argument"
  expect_exit 1
done
run "$keep_verdict" --backup="$root/backup_20260701_020000" --verdict=good --seconds=75
expect_exit 0
expect_stdout ''
run "$keep_verdict" --backup="$root/backup_20260702_020000" --verdict=bad
expect_exit 0
run "$keep_verdict" --backup="$root/backup_20240229_020000" --verdict=good
expect_exit 2
expect_stderr 'made before there were manifests'

# --- for people
run "$list_backups" --root="$root/" --format=table
expect_exit 0
expect_no_stderr
# row NAME PATTERN
row() {
  grep -qE "^$1  +[0-9]+ (s|min|h|d)  +$2\$" "$test_dir/stdout" || fail "expected a line of $1: $2"
}
expect 'the headline' grep -qE '^BACKUP +AGE +SIZE +ON DISK +SHARED +SERVER +POSITION +LOCKED +VERIFIED$' "$test_dir/stdout"
row backup_20240229_020000 '0 B  .* no \(it has no manifest\)'
row backup_20260101_020000 '.*NO: ITS MANIFEST IS DAMAGED'
row backup_20260701_020000 '293\.[0-9] KiB +[23][0-9]+\.[0-9] KiB +29[0-9]\.[0-9] KiB +MariaDB 10\.11\.6 +mysql-bin\.000012:32800 +1234 ms +good, [0-9] s ago'
row backup_20260702_020000 '58[0-9]\.[0-9] KiB +[23][0-9]+\.[0-9] KiB +0 B +MySQL 9\.7\.0 +- +- +BAD, [0-9] s ago'
expect 'more than that' test "$(wc -l <"$test_dir/stdout")" = 5

# Without a word of how, names for a pipe, and a table for a terminal.
run "$list_backups" --root="$root"
expect 'no names' test "$(tail -1 "$test_dir/stdout")" = 'end 4'
script -qec "'$list_backups' --root='$root'" "$test_dir/typescript" >/dev/null </dev/null
expect 'no table' grep -q '^BACKUP ' "$test_dir/typescript"

run "$show_backup" --root="$root" backup_20260701_020000
expect_exit 0
for line in 'backup: backup_20260701_020000' 'started: 2026-07-01T02:00:00+02:00' 'host: db 1' 'tool version: 1.2' \
  'server: MariaDB 10.11.6' 'server id: 3' 'server UUID: -' 'position: mysql-bin.000012:32800' 'GTID: 0-1-2' \
  'replica of: db 0 at s.000003:4711' 'lock scope: snapshot' 'locked for: 1234 ms' 'snapshot used: 3.40 %' 'manifest: whole'; do
  expect "no line '$line'" grep -qxF "$line" "$test_dir/stdout"
done
run "$show_backup" --root="$root" latest
expect 'not the newest' grep -qxF 'backup: backup_20260702_020000' "$test_dir/stdout"

# --- for programs
run "$list_backups" --root="$root/" --format=json
expect_exit 0
expect_json 'scalar @$j' 4
expect_json '$j->[0]{manifest}' none
expect_json '$j->[0]{verified}' null
expect_json '$j->[0]{server}{flavour}' null
expect_json '$j->[1]{manifest}' damaged
expect_json '$j->[2]{path}' "$root/backup_20260701_020000"
expect_json '$j->[2]{server}{version}' 10.11.6-MariaDB-0+deb12u1
expect_json '$j->[2]{binlog_position} + 1' 32801
expect_json '$j->[2]{locked_ms} + 1' 1235
expect_json '$j->[2]{snapshot_used_percent}' 3.4
expect_json '$j->[2]{verified}{verdict}' good
expect_json '$j->[2]{verified}{seconds}' 75
expect_json '$j->[2]{host}' 'db 1'
expect_json '$j->[3]{verified}{verdict}' bad
expect_json '$j->[3]{binlog_position}' null
expect_json '$j->[3]{gtid}' u-1:1-5
expect_json '$j->[2]{source_log_pos} + 1' 4712
expect_json '$j->[3]{source_host}' null
# Summer time: 02:00 in Berlin is midnight in Greenwich.
expect 'the age' test "$(($(date +%s) - $(json '$j->[2]{age_seconds}') - $(date -d '2026-07-01T00:00:00Z' +%s)))" -le 5
run "$show_backup" --root="$root" --format=json latest
expect_exit 0
expect_json '$j->{name}' backup_20260702_020000

# Another manifest: the verdict was on another backup.
sed -i 's/xxh128=00/xxh128=01/' "$root/backup_20260701_020000/backup.manifest"
run "$show_backup" --root="$root" backup_20260701_020000
expect 'a verdict on another manifest counts' grep -qxF 'verified: no' "$test_dir/stdout"
