-- A little of everything, so that a run takes no time. The lab machine has more.
CREATE DATABASE shop;
USE shop;
CREATE TABLE orders (id INT PRIMARY KEY, note VARCHAR(200)) ENGINE=InnoDB;
CREATE TABLE page_views (id INT PRIMARY KEY, path VARCHAR(200)) ENGINE=MyISAM;
CREATE TABLE search_terms (id INT PRIMARY KEY, term VARCHAR(200)) ENGINE=Aria;
INSERT INTO orders SELECT seq, REPEAT(MD5(seq), 5) FROM seq_1_to_2000;
INSERT INTO page_views SELECT seq, REPEAT(MD5(seq), 5) FROM seq_1_to_2000;
INSERT INTO search_terms SELECT seq, REPEAT(MD5(seq), 5) FROM seq_1_to_2000;
CREATE VIEW short_orders AS SELECT id FROM orders;
