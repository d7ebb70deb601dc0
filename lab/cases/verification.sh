#!/bin/bash
# Verification passes on a good backup, and fails on a damaged page, a missing file, no backup at all.
source "$(dirname "$0")/lib.sh"

verify() {
  status=0
  /app/verify_restore.sh "$@" </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
}
expect_stdout() { # PATTERN
  grep -qE -- "$1" /tmp/stdout || fail "not on stdout: $1; but: $(cat /tmp/stdout)"
}
expect_nothing_left() {
  ! mountpoint -q /run/mysql-backup-verify/backup || fail 'the backup is still mounted'
  [[ ! -e $root/.verify ]] || fail 'the scratch directory is left'
  [[ $(pgrep -xc "$server_program") == 1 ]] || fail "a scratch server is left: $(pgrep -ax "$server_program")"
}

verify
expect_status 2
expect_stdout '^unknown backup=none$'
expect_log 'cannot open directory /backups/mysql: No such file'
mkdir -m 700 "$root"
verify
expect_status 3
expect_stdout '^unknown backup=none$'
expect_log 'there is no backup in /backups/mysql'
backup
expect_status 0
copy=$root/$(newest)
before=$(cd "$copy" && /lab/cases/fingerprint.sh | sha256sum)
rows=$(sql 'SELECT COUNT(*) FROM shop.orders')

verify
expect_status 0
expect_stdout '^ok tables=[0-9]+ views=[0-9]+ routines=[0-9]+ events=[0-9]+ rows=[0-9]+ bad=0 database=shop$'
expect_stdout '^ok .* database=odd näme-1$'
expect_stdout "^good backup=$copy\$"
expect_nothing_left
[[ $(cd "$copy" && /lab/cases/fingerprint.sh | sha256sum) == "$before" ]] || fail 'verification changed the backup'
[[ $(query_backup "$(newest)" 'SELECT COUNT(*) FROM shop.orders') == "$rows" ]] || fail 'rows differ'
verify --database=shop
expect_status 0
[[ $(grep -c ' database=' /tmp/stdout) == 1 ]] || fail 'more than one database'
verify --database='odd näme-1'
expect_status 0
verify --database=missing
expect_status 3
expect_stdout '^bad backup='

# The newest one counts; each damage on a copy of its own. The manifest tells at once; without it, the
# server has to find it.
damaged() { # WORDS COMMAND...: in a copy of the good backup
  local words=$1 how
  shift
  for how in --backup=latest --without-manifest; do
    rm -rf "$root/backup_20990101_020000"
    cp -a "$copy" "$root/backup_20990101_020000"
    (cd "$root/backup_20990101_020000" && "$@") || fail "cannot damage: $words"
    [[ $how == --backup=latest ]] || rm -f "$root/backup_20990101_020000/backup.manifest"
    verify "$how"
    [[ $status == 3 ]] || fail "$words ($how): exit code $status: $(cat /tmp/stdout)"
    expect_stdout '^bad backup=/backups/mysql/backup_20990101_020000$'
    expect_nothing_left
  done
  echo "found: $words"
}
damage_page() { # FILE PAGE
  dd if=/dev/urandom of="$1" bs=1k seek=$(($2 * 16 + 4)) count=4 conv=notrunc status=none
}
# The root of its primary key; MySQL keeps a copy of the table's definition before it.
root_page=3
[[ $server == mariadb ]] || root_page=4
damaged 'a damaged InnoDB page' damage_page shop/orders.ibd "$root_page"
damaged 'a missing InnoDB file' rm shop/orders.ibd
damaged 'a missing MyISAM data file' rm shop/page_views.MYD
damaged 'a missing MyISAM index file' rm shop/page_views.MYI
if [[ $server == mariadb ]]; then
  damaged 'a missing Aria data file' rm shop/search_terms.MAD
  damaged 'a missing table definition' rm shop/orders.frm
fi
damaged 'a truncated system tablespace' truncate -s 1M ibdata1
damaged 'an empty directory' find . -mindepth 1 ! -name backup.manifest -delete
# One that has lost its manifest is neither good nor bad by itself.
rm -rf "$root/backup_20990101_020000"
cp -a "$copy" "$root/backup_20990101_020000"
rm "$root/backup_20990101_020000/backup.manifest"
verify
expect_status 2
expect_stdout '^unknown backup='
verify --without-manifest
expect_status 0
# An older one, by its name; its verdict is kept with it.
verify --backup="${copy##*/}"
expect_status 0
/app/bin/show_backup "${copy##*/}" | grep -qE '^verified: good, ' || fail 'the verdict is not kept'
rm -rf "$root/backup_20990101_020000"

# Interrupted, and killed: the next one puts it right.
for signal in TERM KILL; do
  : >"$log_file"
  /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr &
  pid=$!
  in_log 'the data is recovered'
  kill -"$signal" "$pid"
  status=0
  wait "$pid" || status=$?
  if [[ $signal == TERM ]]; then
    expect_status 2
    expect_nothing_left
  fi
done
sleep 2
expect 'SIGKILL was to leave the mount' mountpoint -q /run/mysql-backup-verify/backup
verify
expect_status 0
expect_nothing_left
