-- The sample database `stock`, of a MariaDB: small, believable, and as somebody else's migrations left it.

CREATE DATABASE stock;
CREATE TABLE stock.articles (
  id int AUTO_INCREMENT PRIMARY KEY,
  name varchar(40) NOT NULL,
  shelf varchar(8) NOT NULL,
  pieces int NOT NULL
);
INSERT INTO stock.articles (name, shelf, pieces)
  SELECT CONCAT('Article ', seq), CONCAT(CHAR(65 + seq % 6), '-', 1 + seq % 40), (seq * 7919) % 90 FROM stock.seq_1_to_300;
