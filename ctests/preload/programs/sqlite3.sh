# A database in memory: tables, indices, joins, sorting, text functions, and what is deleted again.
# needs: sqlite3
# programs: sqlite3
sqlite3 :memory: <<'END'
CREATE TABLE star(id INTEGER PRIMARY KEY, name TEXT, magnitude REAL, cell INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
  INSERT INTO star
    SELECT i, printf('star-%d-%s', i * 7919 % 60013, hex(i * i)), (i * 31 % 1000) / 50.0, i * 17 % 300 FROM n;
CREATE INDEX by_name ON star(name);
CREATE INDEX by_cell ON star(cell, magnitude DESC);
CREATE TABLE cell AS SELECT cell AS id, count(*) AS stars, group_concat(name, ',') AS names FROM star GROUP BY cell;
SELECT count(*), sum(length(names)), max(length(names)) FROM cell;
SELECT s.name, c.stars FROM star s JOIN cell c ON c.id = s.cell WHERE s.magnitude > 19.9 ORDER BY s.name LIMIT 20;
SELECT substr(name, 1, 7) AS start, count(*), round(avg(magnitude), 6) FROM star
  GROUP BY start ORDER BY 2 DESC, 1 LIMIT 10;
DELETE FROM star WHERE id % 3 = 0;
UPDATE star SET name = name || name WHERE cell < 50;
VACUUM;
PRAGMA integrity_check;
SELECT count(*), sum(length(name)), total(magnitude) FROM star;
SELECT count(*) FROM star a, star b WHERE a.cell = 7 AND b.cell = 8 AND a.magnitude < b.magnitude;
END
