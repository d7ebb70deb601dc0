#!/bin/bash
# Running it again and again is no error, in the same second neither, and nothing is overwritten.
source "$(dirname "$0")/lib.sh"
without_big_table

for i in 1 2 3; do
  backup
  expect_status 0
  expect_clean
  expect "backups after run $i" test "$(published | wc -l)" = "$i"
  sha256sum "$root/$(newest)"/ibdata1 >>/tmp/sums
done
sha256sum --check --quiet /tmp/sums || fail 'an older backup was changed'

# The clock is set back by a day: the newest run is the newest backup all the same.
before=$(newest)
wrap publish_backup <<'END'
#!/bin/bash
root=/backups/mysql
partial=$(cd $root && echo .backup_*.partial)
mv "$root/$partial" "$root/.backup_20200101_020000.partial"
exec /app/bin/publish_backup.real --root=$root --partial=.backup_20200101_020000.partial
END
backup
expect_status 0
[[ $(newest) > $before ]] || fail "the newest is $(newest), after $before"
expect "backups" test "$(published | wc -l)" = 4
expect_clean
