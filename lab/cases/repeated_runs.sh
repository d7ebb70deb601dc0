#!/bin/bash
# Running it again and again is no error, nothing is overwritten or changed, and the newest run is the
# newest backup even when the clock is set back. (On a machine of its own, for its clock.)
# lab:
source "$(dirname "$0")/lib.sh"

fingerprints() {
  local name
  for name in "$@"; do
    (cd "$root/$name" && /lab/cases/fingerprint.sh | sha256sum)
  done
}

for i in 1 2; do
  backup
  expect_status 0
  expect_clean
  expect "backups after run $i" test "$(published | wc -l)" = "$i"
done
mapfile -t names < <(published)
before=$(fingerprints "${names[@]}")

# Once more at the very second of the last run, then a day back.
stamp=$(newest)
stamp=${stamp#backup_}
last=$(date -d "${stamp:0:8} ${stamp:9:2}:${stamp:11:2}:${stamp:13:2}" +%s)
for clock in "@$last" '1 day ago'; do
  : >"$log_file"
  date --set "$clock" >/dev/null
  backup
  expect_status 0
  expect_clean
  expect_log 'WARNING publish_backup'
  last=$((last + 1))
  [[ $(newest) == $(date -d "@$last" +backup_%Y%m%d_%H%M%S) ]] || fail "the newest is $(newest)"
done
expect 'backups' test "$(published | wc -l)" = 4
[[ $(fingerprints "${names[@]}") == "$before" ]] || fail 'an older backup was changed'

# The clock is stepped while the server is locked: neither is the lock let go for that, nor is it held any
# longer than was allowed.
with_slow_copy 4M
configure LOCK_MAX_HOLD=300
run_until 'rsync: started'
date --set '2 hours' >/dev/null
end_run
expect_status 0
held=$(grep -oE 'locked [0-9]+ ms' "$log_file" | grep -oE '[0-9]+')
((held < 300000)) || fail "the lock was held for $held ms"
expect_clean
configure LOCK_MAX_HOLD=5
run_until 'rsync: started'
date --set '3 hours ago' >/dev/null
end_run
expect_status 2
expect_log 'held for the longest time that is allowed'
expect_clean
