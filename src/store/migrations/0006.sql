-- A message's nonce stands in its row, and comes into the table to look it up in later, with many others.

ALTER TABLE messages ADD COLUMN nonce TEXT; -- its sender's mark

-- Marks of later messages stand in their rows alone.
CREATE TABLE nonce_mark (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  mark INTEGER NOT NULL
) STRICT;
INSERT INTO nonce_mark SELECT 1, ifnull(max(id_reserve), 0) FROM instance;
