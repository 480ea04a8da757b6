#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# sqlite3: many rows, indexes, joins, updates, deletes, vacuum and its own
# integrity check, in a file and in memory.

source "$(dirname "$0")/lib.bash"
begin 7 sqlite3

cat >"$tmp/work.sql" <<'END'
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
CREATE TABLE item (id INTEGER PRIMARY KEY, key INTEGER, name TEXT, data BLOB);
CREATE TABLE link (a INTEGER, b INTEGER);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
	WHERE i < 150000)
INSERT INTO item SELECT i, i * 7919 % 65537, 'name ' || (i * 31 % 9973),
	zeroblob(i % 400) FROM n;
INSERT INTO link SELECT id, id * 17 % 150000 + 1 FROM item;
COMMIT;
CREATE INDEX item_key ON item (key, name);
CREATE INDEX link_b ON link (b);
SELECT count(*), sum(key), sum(length(data)) FROM item;
SELECT count(*), sum(x.key - y.key) FROM link
	JOIN item x ON x.id = link.a JOIN item y ON y.id = link.b;
SELECT name, count(*) AS c, group_concat(key) FROM item
	GROUP BY name ORDER BY c DESC, name LIMIT 50;
UPDATE item SET name = upper(name) || key, data = zeroblob(key % 900)
	WHERE id % 3 = 0;
DELETE FROM item WHERE id % 5 = 1;
SELECT count(*), sum(length(name)), sum(length(data)) FROM item;
SELECT count(*) FROM item WHERE name LIKE '%99%' OR key BETWEEN 100 AND 900;
ATTACH ':memory:' AS copy;
CREATE TABLE copy.item AS SELECT * FROM item ORDER BY name, id;
SELECT sum(rowid * id % 1009) FROM copy.item;
SELECT json_group_array(json_object('id', id, 'name', name)) FROM
	(SELECT * FROM item ORDER BY id LIMIT 5000);
VACUUM;
PRAGMA integrity_check;
PRAGMA foreign_key_check;
SELECT 'end of work';
END

both sqlite3 -batch -bail work.db ".read $tmp/work.sql"
check "the integrity check says ok" grep -qx 'ok' "$tmp/preload.out"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
same "the same database file" "$tmp/plain/work.db" "$tmp/preload/work.db"
served sqlite3
finish
