-- A little of everything, so that a run takes no time. The lab machine has more. For both servers.
CREATE DATABASE shop;
USE shop;
CREATE TABLE digits (d INT);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE VIEW numbers AS SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 1 AS seq
  FROM digits AS a, digits AS b, digits AS c, digits AS d WHERE d.d < 2;
CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(200)) ENGINE=InnoDB;
CREATE TABLE page_views (id INT PRIMARY KEY, path VARCHAR(200)) ENGINE=MyISAM;
CREATE TABLE search_terms (id INT PRIMARY KEY, term VARCHAR(200)) ENGINE=Aria;
INSERT INTO orders SELECT seq, REPEAT(SHA2(seq, 256), 3) FROM numbers;
INSERT INTO page_views SELECT seq, REPEAT(SHA2(seq, 256), 3) FROM numbers;
INSERT INTO search_terms SELECT seq, REPEAT(SHA2(seq, 256), 3) FROM numbers;
CREATE VIEW short_orders AS SELECT id FROM orders;
