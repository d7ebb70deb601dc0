#!/bin/bash
# A disk that cannot be read, under a table's file or under the snapshot, makes no backup and costs nothing.
# long
source "$(dirname "$0")/lib.sh"
readonly real=vg_mysql-lv_mysql_data-real cow=vg_mysql-mysql_snapshot-cow

# break_device NAME FIRST COUNT: these sectors of a mapped device give errors. Nobody is asked to
# write anything before.
cat >/usr/local/bin/break_device <<'END'
#!/bin/bash
name=$1 first=$2 count=$3
set -eo pipefail
dmsetup table "$name" >"/tmp/$name.table"
# The part before, the errors, the part after; every volume here is one linear piece.
read -r start length target device offset <"/tmp/$name.table"
[[ $start == 0 && $target == linear && $(wc -l <"/tmp/$name.table") == 1 ]]
{
  ((first == 0)) || echo "0 $first linear $device $offset"
  echo "$first $count error"
  ((first + count == length)) ||
    echo "$((first + count)) $((length - first - count)) linear $device $((offset + first + count))"
} >/tmp/broken.table
dmsetup suspend --noflush --nolockfs "$name"
dmsetup reload "$name" /tmp/broken.table
dmsetup resume "$name"
END
cat >/usr/local/bin/mend_device <<'END'
#!/bin/bash
dmsetup suspend --noflush --nolockfs "$1" && dmsetup reload "$1" "/tmp/$1.table" && dmsetup resume "$1"
END
chmod 755 /usr/local/bin/{break,mend}_device

fingerprints() {
  local name
  for name in $(published); do
    (cd "$root/$name" && echo "$name" && /lab/cases/fingerprint.sh)
  done
}

# broken_run WORDS STATUS PATTERN: with what /tmp/fault does in place of the copy.
broken_run() {
  local before names
  before=$(fingerprints)
  names=$(published)
  : >"$log_file"
  rm -f /tmp/provoked
  chmod 755 /tmp/fault
  backup
  rm /tmp/fault
  [[ -e /tmp/provoked ]] || fail "$1: it was never provoked"
  expect_status "$2"
  expect_log "$3"
  expect_log "end: FAILED \(exit code $2"
  [[ $(published) == "$names" ]] || fail "$1: published: $(published)"
  expect_clean
  [[ $(fingerprints) == "$before" ]] || fail "$1: an older backup was changed"
  backup
  expect_status 0
  expect_clean
  [[ $(newest) > $(tail -n 1 <<<"$names") ]] || fail "$1: the next run published nothing"
  echo "$1: exit code $2, healed by the next run"
}

wrap sync_tree <<'END'
#!/bin/bash
[[ ! -e /tmp/fault ]] || exec /tmp/fault "$@"
exec /app/bin/sync_tree.real "$@"
END
configure KEEP=2
backup
expect_status 0

# A table that nobody reads meanwhile, on blocks that the snapshot still shares with the origin.
sql 'USE shop; CREATE TABLE shop.lab_cold (a INT, b CHAR(200)) ENGINE=MyISAM;
  INSERT INTO shop.lab_cold SELECT id, id FROM shop.page_views; FLUSH TABLES shop.lab_cold'
sync --file-system /var/lib/mysql
read -r first last < <(filefrag -b512 -v /var/lib/mysql/shop/lab_cold.MYD |
  awk -F '[.: ]+' '$2 == "0" { print $5, $6 }')
[[ $first =~ ^[0-9]+$ && $last -gt $first ]] || fail 'where is the table?'
cat >/tmp/fault <<END
#!/bin/bash
break_device $real $((first + 800)) 8 && touch /tmp/provoked
/app/bin/sync_tree.real "\$@"
status=\$?
mend_device $real
exit \$status
END
broken_run 'a table that cannot be read' 2 'rsync: FAILED .*(Input/output|exit code 23)'

# The first block of the COW space says what is in it: the snapshot becomes invalid when it can no
# longer be written.
cat >/tmp/fault <<END
#!/bin/bash
break_device $cow 0 \$(blockdev --getsz /dev/mapper/$cow) && touch /tmp/provoked
dd if=/dev/zero of=/var/lib/mysql/lab_noise bs=1M count=4 oflag=direct status=none
rm /var/lib/mysql/lab_noise
/app/bin/sync_tree.real "\$@"
status=\$?
mend_device $cow
exit \$status
END
broken_run 'a snapshot whose space cannot be written' 3 'rsync: FAILED .*is not valid: .*its COW space cannot be written'
sql 'DROP TABLE shop.lab_cold'
