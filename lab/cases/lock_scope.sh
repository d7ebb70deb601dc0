#!/bin/bash
# Seen by a live writer: the lock is held until the snapshot is gone; with LOCK_SCOPE=snapshot only
# until it exists.
source "$(dirname "$0")/lib.sh"
with_bulk
sql 'DROP TABLE IF EXISTS shop.lab_ticks; CREATE TABLE shop.lab_ticks (at DOUBLE PRIMARY KEY) ENGINE=InnoDB'
on_exit mariadb -e 'DROP TABLE IF EXISTS shop.lab_ticks'

# Each line of ticks is the time at which the server had acknowledged a write; each of sightings one
# at which the snapshot was there: its COW space is prepared under its name, but not as such.
writer() {
  exec mariadb --batch --skip-column-names --unbuffered >/tmp/ticks < <(
    while sleep 0.02; do
      echo 'INSERT INTO shop.lab_ticks VALUES (UNIX_TIMESTAMP(SYSDATE(6))); SELECT UNIX_TIMESTAMP(SYSDATE(6));'
    done
  )
}
sightings() {
  while [[ ! -e /tmp/stop ]]; do
    [[ -e /dev/mapper/vg_mysql-mysql_snapshot-cow ]] && echo "$EPOCHREALTIME"
    sleep 0.02
  done >/tmp/sightings
}

observe() {
  rm -f /tmp/stop
  writer &
  local writer=$!
  sightings &
  local sightings=$!
  sleep 1
  backup
  sleep 1
  touch /tmp/stop
  kill "$writer"
  wait "$writer" "$sightings"
  expect_status 0
  expect_clean
  first=$(head -n 1 /tmp/sightings)
  last=$(tail -n 1 /tmp/sightings)
}

# Acknowledged writes between two times.
ticks_between() {
  awk -v from="$1" -v to="$2" '$1 > from && $1 < to' /tmp/ticks | wc -l
}

observe
expect 'the snapshot was hardly seen' test "$(wc -l </tmp/sightings)" -gt 20
expect 'no write before the lock' test "$(ticks_between 0 "$first")" -gt 5
expect 'a write went through while the snapshot was there' test "$(ticks_between "$first" "$last")" = 0
expect 'no write after the release' test "$(ticks_between "$last" 9999999999)" -gt 5
expect_log 'cleanup: OK'
[[ $(grep -nE 'cleanup: OK' "$log_file" | cut -d: -f1) -lt $(grep -nE 'release: started' "$log_file" | cut -d: -f1) ]] ||
  fail 'released before the snapshot was removed'

configure LOCK_SCOPE=snapshot
: >"$log_file"
observe
expect 'no write while the snapshot was there' test "$(ticks_between "$first" "$last")" -gt 20
held=$(grep -oE 'locked [0-9]+ ms' "$log_file" | grep -oE '[0-9]+')
# The longest pause between two writes lies before the snapshot's device was seen, or just about.
gap=$(awk -v first="$first" 'NR > 1 && $1 - before > gap { gap = $1 - before; at = before }
  { before = $1 } END { print (at < first) ? "before" : "after " at " " first }' /tmp/ticks)
[[ $gap == before ]] || fail "the longest pause was not before the snapshot: $gap"
echo "locked for $held ms with LOCK_SCOPE=snapshot"
