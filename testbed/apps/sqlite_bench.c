/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SQLite on a database in memory: a table with rows, one statement for each
 * row, then one query for each row, then all rows sorted. Printed: executed
 * instructions for each statement, and the memory taken from the heap.
 *
 *   arguments: [rows, 1000 when left out [insert]]
 *
 * "insert" ends the run after the rows are in. Memory is looked at between
 * statements. The rows are sorted twice: first memory is looked at as the sort
 * goes on, then its instructions are counted.
 *
 * For the picture of "run.py compare" there are lines
 *
 *   sample PART DONE BYTES
 *
 * PART is insert, select or sort; DONE counts rows, or steps of the sort;
 * BYTES of the heap are in use then.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>

#define STATEMENT_BYTES 160
#define SAMPLES 50			/* of each part, about */

static struct {
	__ssz at_start;			/* free bytes of the heap */
	__ssz least;
	size_t frames_at_start;
	size_t frames_least;
} memory;

static void memory_start(void)
{
	memory.at_start = uk_alloc_availmem(uk_alloc_get_default());
	memory.least = memory.at_start;
	memory.frames_at_start = testbed_free_frame_bytes();
	memory.frames_least = memory.frames_at_start;
}

static void memory_look(void)
{
	__ssz now = uk_alloc_availmem(uk_alloc_get_default());
	size_t frames = testbed_free_frame_bytes();

	if (now < memory.least)
		memory.least = now;
	if (frames < memory.frames_least)
		memory.frames_least = frames;
}

static long memory_used(void)
{
	return memory.at_start - uk_alloc_availmem(uk_alloc_get_default());
}

static long memory_frames(void)
{
	return (long)memory.frames_at_start - (long)testbed_free_frame_bytes();
}

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

static void print_sample(const char *part, int done)
{
	printf("sample %s %d %ld\n", part, done, memory_used());
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
	memory_look();
	return spent;
}

static void sample_rows(const char *part, int done, int rows)
{
	if (done % (rows / SAMPLES + 1) == 0 || done == rows)
		print_sample(part, done);
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

/* SQLite calls it as the sort goes on. */
static int sample_sort(void *steps)
{
	memory_look();
	print_sample("sort", ++*(int *)steps);
	return 0;
}

/* SQLite executes about 13 operations for each row to be sorted. */
static void sort_rows_sampled(sqlite3 *db, int rows)
{
	int steps = 0;

	sqlite3_progress_handler(db, 13 * (rows / SAMPLES) + 1, sample_sort,
				 &steps);
	sort_rows(db, rows);
	sqlite3_progress_handler(db, 0, NULL, NULL);
}

static void print_figure(const char *name, int64_t value)
{
	printf("%s %" PRId64 "\n", name, value);
}

static void print_inserted(int rows, uint64_t insert)
{
	print_figure("rows", rows);
	print_figure("insert_instructions_each",
		     (int64_t)(insert / (uint64_t)rows));
	print_figure("memory_with_data_bytes", memory_used());
	print_figure("frames_with_data_bytes", memory_frames());
}

static void print_end(void)
{
	print_figure("memory_peak_bytes", memory.at_start - memory.least);
	print_figure("frames_peak_bytes", (int64_t)(memory.frames_at_start
						    - memory.frames_least));
	print_figure("memory_left_bytes", memory_used());
	print_figure("frames_left_bytes", memory_frames());
	print_figure("page_faults", (int64_t)testbed_fault_count());
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
	memory_start();
	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		fail(db, "open");
	run(db, "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT, "
	    "value INTEGER, note TEXT)", NULL);
	print_inserted(rows, insert_rows(db, rows));
	if (!insert_only) {
		select = select_rows(db, rows) / (uint64_t)rows;
		print_figure("select_instructions_each", (int64_t)select);
		sort_rows_sampled(db, rows);
		print_figure("sort_instructions_each",
			     (int64_t)sort_rows(db, rows));
	}
	if (sqlite3_close(db) != SQLITE_OK)
		fail(db, "close");
	print_end();
	puts("SUCCESS");
	return 0;
}
