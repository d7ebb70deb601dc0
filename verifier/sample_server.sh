# A real private MariaDB server with sample tables, for the tests; to be sourced after shell_test.sh.
# Needs root and the packages mariadb-server-core and mariadb-client-core.
#
#   $sample           a directory that every user reaches: the tests' own lies in one that may not be
#   $server_user      the server's user: any that is not root and is on every machine
#   start_sample      makes $sample/data, starts the server on $sample/server.sock, makes the tables
#   stop_sample       shuts it down
#   sql               runs the statements on stdin
# shellcheck shell=bash

server_user=daemon
sample=$(mktemp -d /var/tmp/verifier_sample.XXXXXX)
on_exit rm -rf "$sample"
chmod 755 "$sample"

sql() {
  mariadb --no-defaults --default-character-set=utf8mb4 --user=root --socket="$sample/server.sock"
}

start_sample() {
  install -d -o "$server_user" -m 755 "$sample/data" "$sample/run"
  mariadb-install-db --no-defaults --datadir="$sample/data" --user="$server_user" \
    --auth-root-authentication-method=normal --skip-test-db --innodb-log-file-size=8M \
    >"$sample/install.log" 2>&1 || {
    cat "$sample/install.log"
    fail "cannot make a data directory"
  }
  mariadbd --no-defaults --datadir="$sample/data" --user="$server_user" --skip-networking \
    --socket="$sample/run/server.sock" --innodb-log-file-size=8M --loose-skip-log-bin \
    --pid-file="$sample/run/pid" --log-error="$sample/run/error.log" &
  sample_pid=$!
  on_exit stop_sample
  ln -s run/server.sock "$sample/server.sock"
  until sql <<<'SELECT 1' >"$sample/answer" 2>&1; do
    kill -0 "$sample_pid" 2>/dev/null || {
      cat "$sample/run/error.log"
      fail "cannot start a server"
    }
    sleep 0.1
  done
  # mysql.user of the fresh installation is Aria, and so on: every usual engine is there.
  sql <<'END'
CREATE DATABASE shop;
USE shop;
CREATE TABLE orders (id INT PRIMARY KEY, note CHAR(200)) ENGINE=InnoDB;
INSERT INTO orders SELECT seq, 'note' FROM seq_1_to_5000;
CREATE TABLE parts (id INT) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 2;
INSERT INTO parts VALUES (1), (2), (3);
CREATE TABLE texts (t TEXT, FULLTEXT (t)) ENGINE=InnoDB;
INSERT INTO texts VALUES ('one');
CREATE TABLE old (id INT) ENGINE=MyISAM;
INSERT INTO old SELECT seq FROM seq_1_to_100;
CREATE TABLE aria (id INT) ENGINE=Aria;
INSERT INTO aria SELECT seq FROM seq_1_to_10;
CREATE TABLE memory (id INT) ENGINE=MEMORY;
CREATE VIEW many AS SELECT * FROM orders WHERE id > 10;
CREATE SEQUENCE numbers;
CREATE DATABASE `-odd 'name"``.x é/#`;
USE `-odd 'name"``.x é/#`;
CREATE TABLE `--t``a.b 'c"` (id INT) ENGINE=InnoDB;
INSERT INTO `--t``a.b 'c"` VALUES (1), (2);
CREATE TABLE `é#P#x` (id INT) ENGINE=InnoDB;
CREATE VIEW `v é` AS SELECT 1;
CREATE DATABASE `empty`;
END
}

stop_sample() {
  [[ -n ${sample_pid:-} ]] || return 0
  kill "$sample_pid"
  wait "$sample_pid" || true
  sample_pid=
}
