#!/bin/bash
# The database is gone, and README's lines for that are pasted one after another.
source "$(dirname "$0")/lib.sh"

lines=$(awk '/^## / { inside = /^## It is 4 a\.m\./ } inside && /^```$/ && text { exit }
  inside && text { print } inside && /^```sh$/ { text = 1 }' /lab/README.md)
[[ $(wc -l <<<"$lines") -gt 8 ]] || fail "README has no such lines: $lines"
on_exit rm -rf /backups/broken

orders=$(sql 'SELECT COUNT(*) FROM shop.orders')
backup
expect_status 0
sql 'DROP DATABASE shop'
# Not as a script, which would be read ahead of what runs.
while IFS= read -r line; do printf '%s\n' "$line"; done <<<"$lines" | bash -e >/tmp/pasted 2>&1 ||
  fail "pasted: $(cat /tmp/pasted)"
[[ $(sql 'SELECT COUNT(*) FROM shop.orders') == "$orders" ]] || fail 'the database is not as it was'
[[ $(published | wc -l) == 2 ]] || fail 'no new backup was taken'
[[ -e /backups/broken/ibdata1 ]] || fail 'what was left of the data is not there any more'
expect_log 'restored: bytes=[0-9]+ files=[0-9]+ proven=yes'
