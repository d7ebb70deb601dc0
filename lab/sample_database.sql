-- The lab's sample data: all kinds of objects that a backup must bring back.
-- Deterministic: every value is computed from a row's number, time stands still.

SET TIMESTAMP = UNIX_TIMESTAMP('2026-01-01 12:00:00');
SET NAMES utf8mb4;

CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;

CREATE TABLE customers (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) NOT NULL UNIQUE,
  created_at DATETIME NOT NULL
) ENGINE=InnoDB;

CREATE TABLE products (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  stock INT NOT NULL,
  FULLTEXT KEY name (name)
) ENGINE=InnoDB;

CREATE TABLE orders (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  ordered_at DATETIME NOT NULL,
  status ENUM('open', 'paid', 'shipped') NOT NULL,
  KEY ordered_at (ordered_at),
  FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE=InnoDB;

CREATE TABLE order_items (
  order_id INT UNSIGNED NOT NULL,
  line TINYINT UNSIGNED NOT NULL,
  product_id INT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  PRIMARY KEY (order_id, line),
  FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE=InnoDB;

-- About 120 MB, so that a copy takes a while.
CREATE TABLE ledger (
  id INT UNSIGNED PRIMARY KEY,
  digest CHAR(32) CHARACTER SET ascii NOT NULL,
  entry VARCHAR(1200) CHARACTER SET ascii NOT NULL
) ENGINE=InnoDB;

CREATE TABLE page_views (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  path VARCHAR(200) NOT NULL,
  viewed_at DATETIME NOT NULL,
  KEY viewed_at (viewed_at)
) ENGINE=MyISAM;

CREATE TABLE search_terms (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  term VARCHAR(100) NOT NULL,
  hits INT UNSIGNED NOT NULL
) ENGINE=Aria TRANSACTIONAL=1;

CREATE TABLE stock_changes (
  product_id INT UNSIGNED NOT NULL,
  change_by INT NOT NULL,
  changed_at DATETIME NOT NULL
) ENGINE=InnoDB;

INSERT INTO customers
SELECT seq, CONCAT('Customer ', seq, ' Žižková'), CONCAT('customer', seq, '@example.com'),
  '2025-01-01' + INTERVAL seq MINUTE FROM seq_1_to_2000;
INSERT INTO products
SELECT seq, CONCAT('Product ', seq, ' ', MD5(seq)), seq % 500 + 0.99, seq % 100 FROM seq_1_to_500;
INSERT INTO orders
SELECT seq, seq * 7 % 2000 + 1, '2025-06-01' + INTERVAL seq SECOND, seq % 3 + 1 FROM seq_1_to_10000;
INSERT INTO order_items
SELECT o.seq, l.seq, (o.seq * 13 + l.seq) % 500 + 1, l.seq % 4 + 1 FROM seq_1_to_10000 o, seq_1_to_3 l;
INSERT INTO ledger SELECT seq, MD5(seq), REPEAT(MD5(seq * 7), 32) FROM seq_1_to_100000;
INSERT INTO page_views SELECT seq, CONCAT('/product/', seq % 500 + 1), '2025-06-01' + INTERVAL seq SECOND FROM seq_1_to_20000;
INSERT INTO search_terms SELECT seq, MD5(seq), seq % 1000 FROM seq_1_to_5000;

CREATE VIEW order_totals AS
SELECT o.id, o.customer_id, SUM(i.quantity * p.price) AS total
FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
GROUP BY o.id, o.customer_id;
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';

DELIMITER //
CREATE FUNCTION with_tax(net DECIMAL(10, 2)) RETURNS DECIMAL(10, 2) DETERMINISTIC
  RETURN net * 1.21//
CREATE PROCEDURE ship_order(IN order_number INT UNSIGNED)
BEGIN
  UPDATE orders SET status = 'shipped' WHERE id = order_number;
END//
CREATE TRIGGER products_stock AFTER UPDATE ON products FOR EACH ROW
BEGIN
  IF NEW.stock <> OLD.stock THEN
    INSERT INTO stock_changes VALUES (NEW.id, NEW.stock - OLD.stock, NOW());
  END IF;
END//
CREATE EVENT forget_page_views ON SCHEDULE EVERY 1 DAY STARTS '2026-01-02 03:00:00' DO
  DELETE FROM page_views WHERE viewed_at < NOW() - INTERVAL 10 YEAR//
DELIMITER ;

UPDATE products SET stock = stock + 5 WHERE id <= 10;

-- Names that break what does not quote.
CREATE DATABASE `odd näme-1` CHARACTER SET utf8mb4;
USE `odd näme-1`;
CREATE TABLE `with space` (id INT PRIMARY KEY, note VARCHAR(40)) ENGINE=InnoDB;
CREATE TABLE `quo'te` LIKE `with space`;
CREATE TABLE `double"quote` LIKE `with space`;
CREATE TABLE `back``tick` LIKE `with space`;
CREATE TABLE `dol$lar` LIKE `with space`;
CREATE TABLE `-leading dash` LIKE `with space`;
CREATE TABLE `dot.ted` LIKE `with space`;
CREATE TABLE `semi;colon` (id INT PRIMARY KEY, note VARCHAR(40)) ENGINE=MyISAM;
CREATE TABLE `ünïcode` (id INT PRIMARY KEY, note VARCHAR(40)) ENGINE=Aria;
INSERT INTO `with space` SELECT seq, MD5(seq) FROM seq_1_to_10;
INSERT INTO `quo'te` SELECT * FROM `with space`;
INSERT INTO `double"quote` SELECT * FROM `with space`;
INSERT INTO `back``tick` SELECT * FROM `with space`;
INSERT INTO `dol$lar` SELECT * FROM `with space`;
INSERT INTO `-leading dash` SELECT * FROM `with space`;
INSERT INTO `dot.ted` SELECT * FROM `with space`;
INSERT INTO `semi;colon` SELECT * FROM `with space`;
INSERT INTO `ünïcode` SELECT * FROM `with space`;
CREATE VIEW `a view` AS SELECT * FROM `dot.ted`;
