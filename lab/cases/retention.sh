#!/bin/bash
# The newest seven stay, by the time in their names; what is not ours is not touched.
source "$(dirname "$0")/lib.sh"
install -d -m 0700 "$root"
for day in 01 02 03 04 05 06 07 08 09; do
  mkdir -p "$root/backup_202001${day}_020000/shop"
  echo "$day" >"$root/backup_202001${day}_020000/shop/t.ibd"
done
# Among them what is no backup: the time of a file has no say, nor has a name that is nearly one.
touch -d '2035-01-01' "$root/backup_20200101_020000"
mkdir "$root/backup_20200230_020000" "$root/backup_2020010_020000" "$root/weekly" "$root/.hidden" \
  "$root/backup_20200101_020000.old" "$root"/$'backup_20200101_020000\n'
touch "$root/backup_20190101_020000" "$root/notes.txt"
mkdir /tmp/outside
echo precious >/tmp/outside/file
ln -s /tmp/outside "$root/backup_20180101_020000"
ln -s /tmp/outside "$root/backup_20200102_020000/link"
foreign() {
  find "$root" -maxdepth 1 ! -path "$root" -printf '%f|%y|%T@\0' |
    grep -zvE '^backup_2020010[1-9]_020000\||^backup_202[1-9]|^\.backup' | sort -z | sha256sum
}
before=$(foreign)

backup
expect_status 0
real=$(find "$root" -maxdepth 1 -type d -regextype posix-extended \
  -regex '.*/backup_20(2[1-9][0-9]{4}|2001[0-9]{2})_[0-9]{6}' -printf '%f\n' | sort)
[[ $(wc -l <<<"$real") == 7 ]] || fail "kept: $real"
[[ $(head -n 1 <<<"$real") == backup_20200104_020000 ]] || fail "the oldest kept: $real"
[[ $(foreign) == "$before" ]] || fail 'something foreign was touched'
expect 'a link was followed' grep -q precious /tmp/outside/file

backup
expect_status 0
expect 'the next oldest stayed' test ! -e "$root/backup_20200104_020000"
expect 'one too many was deleted' test -d "$root/backup_20200105_020000"

# KEEP is obeyed, and a failed run deletes nothing.
configure KEEP=2
wrap snapshot_check <<'END'
#!/bin/bash
exit 3
END
count=$(published | wc -l)
backup
expect_status 3
expect 'a failed run deleted a backup' test "$(published | wc -l)" = "$count"
cp -a /app/bin/snapshot_check.real /app/bin/snapshot_check
backup
expect_status 0
expect 'KEEP=2 was not obeyed' test "$(find "$root" -maxdepth 1 -type d -regextype posix-extended \
  -regex '.*/backup_20(2[1-9][0-9]{4}|2001[0-9]{2})_[0-9]{6}' | wc -l)" = 2
rm -rf "$root/.hidden"
expect_clean
