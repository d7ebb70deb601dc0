#!/usr/bin/env bash
# shellcheck disable=SC2016 # backquotes are SQL here
# check_database against a real server.
source base/testing/shell.sh
source base/testing/mariadb.sh
source verifier/sample_server.sh

check=verifier/check_database

run "$check" --help
expect_exit 0
expect_no_stderr
run "$check" --no_such_flag
expect_exit 1
run "$check"
expect_exit 1
expect_stderr '--socket is needed'
run "$check" "--socket=$socket" --answer_timeout=0
expect_exit 1
run "$check" "--socket=$socket" shop
expect_exit 1
expect_stderr "unexpected argument 'shop'"
run "$check" "--socket=$socket"
expect_exit 2
expect_stderr 'is the server running'

start_sample
odd="-odd 'name\"\`.x é/#"
odd_line="ok tables=2 views=1 routines=0 events=0 rows=2 bad=0 database=$odd"
shop_line='ok tables=7 views=1 routines=2 events=1 rows=5114 bad=0 database=shop'
# ext4 has it at the top of a volume.
mkdir "$server_dir/data/lost+found"

run "$check" "--socket=$socket" --database=shop
expect_exit 0
expect_stdout "$shop_line"
expect_no_stderr
run "$check" "--socket=$socket" "--database=$odd"
expect_exit 0
expect_stdout "$odd_line"
run "$check" "--socket=$socket"
expect_exit 0
expect_no_stderr
sed -i -E 's/^(ok tables=[0-9]+ views=1 routines=[0-9]+ events=0) rows=[0-9]+ (bad=0 database=mysql)$/\1 rows=N \2/' \
  "$test_dir/stdout"
expect_stdout "$odd_line
ok tables=0 views=0 routines=0 events=0 rows=0 bad=0 database=empty
$(grep 'database=mysql$' "$test_dir/stdout")
$shop_line
$(grep 'database=sys$' "$test_dir/stdout")"
expect "the system database is checked" grep -qE '^ok .* rows=N bad=0 database=mysql$' "$test_dir/stdout"

for name in nothing Shop sho% information_schema 'lost+found'; do
  run "$check" "--socket=$socket" "--database=$name"
  expect_exit 3
  expect_stdout ""
  expect "the name is told" grep -qF "there is no database \`$name\`" "$test_dir/stderr"
done

# A view whose table is gone.
sql <<<'CREATE TABLE shop.gone (id INT); CREATE VIEW shop.broken AS SELECT * FROM shop.gone;
        DROP TABLE shop.gone;'
run "$check" "--socket=$socket" --database=shop
expect_exit 0
expect_stdout 'ok tables=7 views=2 routines=2 events=1 rows=5114 bad=0 database=shop'
expect_stderr 'WARNING check_database: the view `shop`.`broken` is unusable: .*invalid table'
sql <<<'DROP VIEW shop.broken;'

# A database whose directory is gone altogether, and one table's .frm.
sql <<<'CREATE DATABASE lost; CREATE TABLE lost.`a b` (id INT) ENGINE=InnoDB;
        FLUSH TABLES;'
mv "$server_dir/data/lost" "$server_dir/lost"
mv "$server_dir/data/-odd"*"/"*"P@0023x.frm" "$server_dir/saved" 2>/dev/null ||
  mv "$server_dir/data/@002dodd"*/*P@0023x.frm "$server_dir/saved"
run "$check" "--socket=$socket"
expect_exit 3
expect_stderr 'bad: `lost`.`a b`: InnoDB knows it'
expect_stderr 'bad: `-odd .*`.`é#P#x`: InnoDB knows it'
expect "the lost database is told" grep -qx 'bad tables=0 views=0 routines=0 events=0 rows=0 bad=1 database=lost' \
  "$test_dir/stdout"
expect "the odd database is told" grep -qx "bad tables=1 views=1 routines=0 events=0 rows=2 bad=1 database=$odd" \
  "$test_dir/stdout"

# An answer that does not come in time says nothing of the table.
sql <<<'LOCK TABLES shop.old WRITE; SELECT SLEEP(1000);' >/dev/null 2>&1 &
locker=$!
until sql <<<'SHOW PROCESSLIST' | grep -q 'SELECT SLEEP'; do sleep 0.1; done
run "$check" "--socket=$socket" --database=shop --answer_timeout=1
expect_exit 2
expect_stdout ''
expect_stderr 'lost while it checked `shop`.`old`: .*--answer_timeout'
kill "$locker"
sql "KILL $(sql 'SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE "SELECT SLEEP%"')"

# An engine that this server lacks: the .frm file names one.
sql <<<'CREATE DATABASE strange; CREATE TABLE strange.t (id INT) ENGINE=Aria;
        CREATE TABLE strange.u (id INT) ENGINE=Aria; FLUSH TABLES;'
sed -i 's/Aria/Xria/' "$server_dir/data/strange/t.frm"
run "$check" "--socket=$socket" --database=strange
expect_exit 2
expect_stdout ''
expect_stderr "ERROR check_database: cannot check \`strange\`.\`t\`: Unknown storage engine 'Xria'"
expect_stderr "cannot check 1 tables, since its server lacks their engine; remedy: install"
: >"$server_dir/data/strange/u.MAI"
run "$check" "--socket=$socket" --database=strange
expect_exit 3
expect_stdout 'bad tables=2 views=0 routines=0 events=0 rows=0 bad=1 database=strange'
rm -r "$server_dir/data/strange"

# What is the user's own by a name like the server's, and sys, which is no virtual database.
sql <<<'CREATE DATABASE `Sys`; CREATE TABLE `Sys`.t (id INT) ENGINE=InnoDB;
         CREATE TABLE sys.own (id INT) ENGINE=InnoDB;'
run "$check" "--socket=$socket" --database=Sys
expect_exit 0
expect_stdout 'ok tables=1 views=0 routines=0 events=0 rows=0 bad=0 database=Sys'
run "$check" "--socket=$socket" --database=sys
expect_exit 0
expect "sys is good" grep -qE '^ok tables=2 views=[0-9]+ routines=[0-9]+ events=[0-9]+ rows=[0-9]+ bad=0 database=sys$' "$test_dir/stdout"
sql <<<'DROP DATABASE `Sys`; DROP TABLE sys.own;'

# A signal ends it at once, and the server dies under it: both in a check that waits for a lock.
sql <<<'LOCK TABLES shop.old WRITE; SELECT SLEEP(1000);' >/dev/null 2>&1 &
wait_for_check() {
  until sql <<<'SHOW PROCESSLIST' | grep -q 'CHECK TABLE `shop`.`old`'; do sleep 0.1; done
}
until sql <<<'SHOW PROCESSLIST' | grep -q 'SELECT SLEEP'; do sleep 0.1; done
"$check" "--socket=$socket" --database=shop >"$test_dir/out" 2>"$test_dir/err" &
pid=$!
wait_for_check
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
expect "ended by SIGTERM, not $status" test "$status" = 143
until ! sql <<<'SHOW PROCESSLIST' | grep -q 'CHECK TABLE'; do sleep 0.1; done

"$check" "--socket=$socket" --database=shop >"$test_dir/out" 2>"$test_dir/err" &
pid=$!
wait_for_check
kill -KILL "$server_pid"
status=0
wait "$pid" || status=$?
expect "exit code 2 when the server is lost, not $status" test "$status" = 2
expect "the table is named" grep -q 'lost while it checked `shop`.`old`' "$test_dir/err"
expect "no record for a database that was not finished" test ! -s "$test_dir/out"
