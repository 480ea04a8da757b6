/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SQLite on a database in memory: a table with rows, one statement for each
 * row, then one query for each row, then all rows sorted, then all joined with
 * those of a second table. Printed: executed instructions for each statement or
 * row, and the memory taken from the heap.
 *
 *   arguments: [rows, 1000 when left out [insert]]
 *
 * "insert" ends the run after the rows are in. Memory is looked at between
 * statements. The rows are sorted and joined twice: first memory is looked at
 * as this goes on, then its instructions are counted.
 *
 * For the picture of "run.py compare" there are lines
 *
 *   sample PART DONE BYTES
 *
 * PART is insert, select, sort or join; DONE counts rows, or steps of the
 * latter two;
 * BYTES of the heap are in use then.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <testbed/testbed.h>

#include "shared/watch.h"

#define STATEMENT_BYTES 160
#define SAMPLES 50			/* of each part, about */

static void fail(sqlite3 *db, const char *what)
{
	printf("FAILED: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

struct answer {
	int rows;
	int64_t sum;
};

static int take_row(void *context, int columns, char **values, char **names)
{
	struct answer *answer = context;

	(void)names;
	answer->rows++;
	answer->sum += columns ? strtoll(values[0], NULL, 10) : 0;
	return 0;
}

/* Runs one statement and gives the instructions it took. */
static uint64_t run(sqlite3 *db, const char *statement, struct answer *answer)
{
	uint64_t begin = testbed_instructions();
	int rc = sqlite3_exec(db, statement, answer ? take_row : NULL, answer,
			      NULL);
	uint64_t spent = testbed_instructions() - begin;

	if (rc != SQLITE_OK)
		fail(db, statement);
	watch_look();
	return spent;
}

static void sample_rows(const char *part, int done, int rows)
{
	if (done % (rows / SAMPLES + 1) == 0 || done == rows)
		watch_sample(part, done);
}

static uint64_t insert_rows(sqlite3 *db, int rows)
{
	char statement[STATEMENT_BYTES];
	uint64_t sum = 0;

	for (int i = 1; i <= rows; i++) {
		snprintf(statement, sizeof(statement),
			 "INSERT INTO items VALUES(%d, 'item number %d', %d, "
			 "'%.*s')", i, i, i * 7 % 1000, i % 40,
			 "a text of a length that differs by the row");
		sum += run(db, statement, NULL);
		sample_rows("insert", i, rows);
	}
	return sum;
}

static uint64_t select_rows(sqlite3 *db, int rows)
{
	char statement[STATEMENT_BYTES];
	uint64_t sum = 0;

	for (int i = 1; i <= rows; i++) {
		struct answer answer = { 0 };

		snprintf(statement, sizeof(statement),
			 "SELECT value, name FROM items WHERE id = %d", i);
		sum += run(db, statement, &answer);
		if (answer.rows != 1 || answer.sum != i * 7 % 1000)
			fail(db, "a row came back wrong");
		sample_rows("select", i, rows);
	}
	return sum;
}

static uint64_t sort_rows(sqlite3 *db, int rows)
{
	struct answer answer = { 0 };
	int64_t expected = 0;
	uint64_t spent;

	for (int i = 1; i <= rows; i++)
		expected += i;
	spent = run(db, "SELECT id, name FROM items ORDER BY note, value DESC",
		    &answer);
	if (answer.rows != rows || answer.sum != expected)
		fail(db, "the sorted rows are not those inserted");
	return spent / (uint64_t)rows;
}

/* Without an index, so that a join makes one of its own. */
static void make_groups(sqlite3 *db)
{
	run(db, "CREATE TABLE groups(value INTEGER, label TEXT);"
	    "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c "
	    "WHERE n < 999) INSERT INTO groups SELECT n, 'label ' || n % 97 "
	    "FROM c", NULL);
}

static uint64_t join_rows(sqlite3 *db, int rows)
{
	struct answer answer = { 0 };
	uint64_t spent;

	spent = run(db, "SELECT count(*), max(label), sum(length(note)) "
		    "FROM items JOIN groups USING(value)", &answer);
	if (answer.rows != 1 || answer.sum != rows)
		fail(db, "the joined rows are not those inserted");
	return spent / (uint64_t)rows;
}

struct progress {
	const char *part;
	int steps;
};

/* SQLite calls it as a statement goes on. */
static int sample_statement(void *context)
{
	struct progress *progress = context;

	watch_look();
	watch_sample(progress->part, ++progress->steps);
	return 0;
}

/* SQLite executes about 13 operations for each row to be sorted or joined. */
static void sampled(sqlite3 *db, int rows, const char *part,
		    uint64_t (*function)(sqlite3 *, int))
{
	struct progress progress = { part, 0 };

	sqlite3_progress_handler(db, 13 * (rows / SAMPLES) + 1,
				 sample_statement, &progress);
	function(db, rows);
	sqlite3_progress_handler(db, 0, NULL, NULL);
}

/* Both; the join's table comes after all that is to be seen without it. */
static void sort_and_join(sqlite3 *db, int rows)
{
	sampled(db, rows, "sort", sort_rows);
	watch_figure("sort_instructions_each", (int64_t)sort_rows(db, rows));
	make_groups(db);
	sampled(db, rows, "join", join_rows);
	watch_figure("join_instructions_each", (int64_t)join_rows(db, rows));
}

static void print_inserted(int rows, uint64_t insert)
{
	watch_figure("rows", rows);
	watch_figure("insert_instructions_each",
		     (int64_t)(insert / (uint64_t)rows));
	watch_memory("with_data");
}

int main(int argc, char **argv)
{
	bool insert_only = argc > 2 && !strcmp(argv[2], "insert");
	char *end = "";
	long number = argc > 1 ? strtol(argv[1], &end, 10) : 1000;
	int rows = (int)number;
	uint64_t select;
	sqlite3 *db;

	if (number < 1 || number > INT_MAX || *end) {
		printf("FAILED: %s is no number of rows\n", argv[1]);
		return 2;
	}
	if (argc > 2 + insert_only) {
		printf("FAILED: what is %s?\n", argv[2 + insert_only]);
		return 2;
	}
	printf("SQLite %s, alloc %s, mode %s\n", sqlite3_libversion(),
	       testbed_alloc_name(), testbed_mode_name());
	watch_start();
	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		fail(db, "open");
	run(db, "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT, "
	    "value INTEGER, note TEXT)", NULL);
	print_inserted(rows, insert_rows(db, rows));
	if (!insert_only) {
		select = select_rows(db, rows) / (uint64_t)rows;
		watch_figure("select_instructions_each", (int64_t)select);
		sort_and_join(db, rows);
	}
	if (sqlite3_close(db) != SQLITE_OK)
		fail(db, "close");
	watch_end();
	puts("SUCCESS");
	return 0;
}
