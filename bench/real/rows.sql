-- SPDX-License-Identifier: BSD-3-Clause
-- Rows of text come into two tables, are joined, sorted, changed and counted.
-- The table size tells how many: bench/run makes it.
CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT, weight REAL);
CREATE TABLE link(a INTEGER, b INTEGER, note TEXT);
WITH RECURSIVE number(i) AS
	(SELECT 1 UNION ALL SELECT i + 1 FROM number, size WHERE i < n)
INSERT INTO word SELECT i,
	printf('%08x', i * 2654435761 % 4294967296) || substr(
		'the quick brown fox jumps over the lazy dog and away', 1, i % 53),
	i * 7919 % 10007 / 3.0 FROM number;
INSERT INTO link SELECT id, id * 31 % (SELECT n FROM size) + 1,
	text || ' to ' || upper(text) FROM word;
CREATE INDEX word_text ON word(text);
CREATE INDEX link_b ON link(b);
SELECT count(*), sum(length(text)) FROM word;
SELECT w.text, count(*), round(sum(v.weight), 3) FROM word w
	JOIN link l ON l.b = w.id JOIN word v ON v.id = l.a
	GROUP BY w.text ORDER BY w.text DESC LIMIT 5;
UPDATE word SET text = text || '-' || id WHERE id % 3 = 0;
DELETE FROM link WHERE a % 4 = 1;
SELECT group_concat(substr(text, 1, 3)) FROM
	(SELECT text FROM word ORDER BY weight, id LIMIT 8);
SELECT count(DISTINCT substr(note, 2, 4)), max(length(note)) FROM link;
SELECT length(group_concat(note, ';')) FROM link;
PRAGMA integrity_check;
