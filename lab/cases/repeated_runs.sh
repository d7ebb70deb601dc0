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
