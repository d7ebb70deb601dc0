#!/bin/bash
# Under load: every write acknowledged before the lock is in the copy, statements are whole in it, and
# of a pair of writes to a transactional and a non-transactional table at most the second is missing.
source "$(dirname "$0")/lib.sh"
sql "CREATE TABLE shop.lab_innodb (w INT, n INT, PRIMARY KEY (w, n)) ENGINE=InnoDB;
     CREATE TABLE shop.lab_myisam (w INT, n INT, PRIMARY KEY (w, n)) ENGINE=MyISAM;
     CREATE TABLE shop.lab_aria (w INT, n INT, PRIMARY KEY (w, n)) ENGINE=$aria;
     CREATE TABLE shop.lab_blocks (n INT) ENGINE=MyISAM"
on_exit mariadb -e 'DROP TABLE IF EXISTS shop.lab_innodb, shop.lab_myisam, shop.lab_aria, shop.lab_blocks'

# Prints "N TIME" when the server has acknowledged the whole round N.
writer() { # W
  local n
  for ((n = 1; ; n++)); do
    printf 'INSERT INTO shop.lab_innodb VALUES (%d, %d);\nINSERT INTO shop.lab_myisam VALUES (%d, %d);\nINSERT INTO shop.lab_aria VALUES (%d, %d);\nSELECT %d, UNIX_TIMESTAMP(SYSDATE(6));\n' \
      "$1" "$n" "$1" "$n" "$1" "$n" "$n"
    ((n % 20)) || sleep 0.05
    [[ ! -e /tmp/stop ]] || break
  done | mariadb --batch --skip-column-names --unbuffered >"/tmp/acknowledged.$1"
}

# One statement, a thousand rows: without the lock, a copy would hold a part of one.
block_writer() {
  while [[ ! -e /tmp/stop ]]; do
    echo 'INSERT INTO lab_blocks SELECT id FROM orders WHERE id <= 1000;'
    sleep 0.01
  done | mariadb shop
}

for scope in backup snapshot; do
  rm -f /tmp/stop
  sql 'TRUNCATE shop.lab_innodb; TRUNCATE shop.lab_myisam; TRUNCATE shop.lab_aria; TRUNCATE shop.lab_blocks'
  configure LOCK_SCOPE=$scope
  : >"$log_file"
  # When the lock was asked for, by the clock that the writers' acknowledgements are stamped with.
  wrap fsfreeze_lock <<'END'
#!/bin/bash
echo "$EPOCHREALTIME" >/tmp/locked_from
exec /app/bin/fsfreeze_lock.real "$@"
END
  writers=()
  for w in 1 2 3; do
    writer "$w" &
    writers+=($!)
  done
  block_writer &
  writers+=($!)
  sleep 2
  backup
  sleep 0.5
  touch /tmp/stop
  wait "${writers[@]}"
  expect_status 0
  mv /app/bin/fsfreeze_lock.real /app/bin/fsfreeze_lock
  undo=("${undo[0]}")

  read -r locked_from </tmp/locked_from
  result=$(query_backup "$(newest)" \
    'SELECT w, COUNT(*), MAX(n), (SELECT COUNT(*) FROM shop.lab_myisam m WHERE m.w = i.w),
       (SELECT COUNT(*) FROM shop.lab_aria a WHERE a.w = i.w) FROM shop.lab_innodb i GROUP BY w') ||
    fail 'the backup does not recover'
  [[ $(wc -l <<<"$result") == 3 ]] || fail "writers in the copy: $result"
  while read -r w innodb max_n myisam third; do
    acknowledged=$(awk -v t="$locked_from" '$2 < t { n = $1 } END { print n + 0 }' "/tmp/acknowledged.$w")
    echo "scope $scope, writer $w: acknowledged before the lock $acknowledged, in the copy $innodb InnoDB, $myisam MyISAM, $third $aria"
    ((acknowledged > 5)) || fail "the writer hardly wrote: $acknowledged"
    ((innodb == max_n)) || fail "a hole in the InnoDB table: $innodb rows up to $max_n"
    ((innodb >= acknowledged && myisam >= acknowledged && third >= acknowledged)) || fail 'an acknowledged write is missing'
    ((innodb - myisam <= 1 && innodb >= myisam && myisam - third <= 1 && myisam >= third)) || fail 'the pairs differ by more than one'
  done <<<"$result"
  blocks=$(query_backup "$(newest)" 'SELECT COUNT(*) FROM shop.lab_blocks') || fail 'no answer'
  echo "scope $scope: $blocks rows in statements of 1000"
  ((blocks > 1000 && blocks % 1000 == 0)) || fail 'a part of a statement is in the copy'
  expect_clean
done
