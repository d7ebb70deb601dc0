# Sample tables for the tests, in a private server; to be sourced after mariadb.sh.
# shellcheck shell=bash

# Starts the server and makes them.
start_sample() {
  start_mariadb
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
CREATE PROCEDURE count_orders () SELECT COUNT(*) FROM orders;
CREATE FUNCTION twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM old;
CREATE DATABASE `-odd 'name"``.x é/#`;
USE `-odd 'name"``.x é/#`;
CREATE TABLE `--t``a.b 'c"` (id INT) ENGINE=InnoDB;
INSERT INTO `--t``a.b 'c"` VALUES (1), (2);
CREATE TABLE `é#P#x` (id INT) ENGINE=InnoDB;
CREATE VIEW `v é` AS SELECT 1;
CREATE DATABASE `empty`;
END
}
