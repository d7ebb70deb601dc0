#!/bin/bash
# A host whose locale is not C, down to LVM's decimal point.
# long
source "$(dirname "$0")/lib.sh"

mkdir /tmp/locale
localedef --inputfile=de_DE --charmap=UTF-8 /tmp/locale/de_DE.UTF-8
on_exit rm -r /tmp/locale
german=(env LOCPATH=/tmp/locale LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8)
lvcreate --quiet --yes --snapshot --name theirs --size 64M vg_mysql/lv_mysql_data >/dev/null
[[ $("${german[@]}" lvs --noheadings -o data_percent vg_mysql/theirs) == *,* ]] || fail 'LVM does not count in German'
lvremove --quiet --yes vg_mysql/theirs >/dev/null
"${german[@]}" /app/backup_mysql.sh </dev/null 2>/tmp/stderr || fail "backup: $(cat /tmp/stderr)"
"${german[@]}" /app/verify_restore.sh </dev/null >/tmp/stdout 2>/tmp/stderr || fail "verification: $(cat /tmp/stderr)"
expect_clean
