/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An interactive SQL shell on the console, over a database in memory.
 *
 * The amalgamation that is fetched holds no shell, so this is a small one of
 * our own. Statements end with a semicolon and may span lines. Commands:
 *
 *   .help  .tables  .schema  .memory  .rows N  .quit
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>

#define LINE_BYTES 4096
#define STATEMENT_BYTES 65536
#define COLUMNS_MAX 2000		/* SQLite's own limit */
#define ROWS_MEASURED 100
#define WIDTH_MAX 60

static sqlite3 *db;
static char statement[STATEMENT_BYTES];

static const char *cell(sqlite3_stmt *query, int column)
{
	const char *text = (const char *)sqlite3_column_text(query, column);

	return text ? text : "NULL";
}

/* Characters of UTF-8, each taken to be one column wide. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void widen(int *width, const char *text)
{
	int wanted = width_of(text);

	if (wanted > *width)
		*width = wanted < WIDTH_MAX ? wanted : WIDTH_MAX;
}

/*
 * The first rows of what can be run twice decide how wide columns are. A
 * statement that writes is not run for that.
 */
static void measure(sqlite3_stmt *query, int columns, int *widths)
{
	for (int i = 0; i < columns; i++)
		widen(&widths[i], sqlite3_column_name(query, i));
	if (!sqlite3_stmt_readonly(query))
		return;
	for (int row = 0; row < ROWS_MEASURED; row++) {
		if (sqlite3_step(query) != SQLITE_ROW)
			break;
		for (int i = 0; i < columns; i++)
			widen(&widths[i], cell(query, i));
	}
	sqlite3_reset(query);
}

static void print_cell(const char *text, int width, bool last)
{
	int used = width_of(text);

	if (last)
		puts(text);
	else
		printf("%s%*s", text, used < width ? width - used + 2 : 2, "");
}

static void print_head(sqlite3_stmt *query, int columns, const int *widths)
{
	for (int i = 0; i < columns; i++)
		print_cell(sqlite3_column_name(query, i), widths[i],
			   i == columns - 1);
	for (int i = 0; i < columns; i++) {
		for (int j = 0; j < widths[i]; j++)
			putchar('-');
		printf("%s", i == columns - 1 ? "\n" : "  ");
	}
}

/* Runs one statement; false after an error, which is shown. */
static int run_one(sqlite3_stmt *query)
{
	static int widths[COLUMNS_MAX];
	int columns = sqlite3_column_count(query);
	int rows = 0, rc;

	memset(widths, 0, sizeof(widths));
	measure(query, columns, widths);
	while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
		if (rows++ == 0)
			print_head(query, columns, widths);
		for (int i = 0; i < columns; i++)
			print_cell(cell(query, i), widths[i], i == columns - 1);
	}
	return rc == SQLITE_DONE;
}

static void run(const char *text)
{
	while (*text) {
		sqlite3_stmt *query = NULL;
		int good = sqlite3_prepare_v2(db, text, -1, &query, &text)
			== SQLITE_OK;

		if (good && query)
			good = run_one(query);
		sqlite3_finalize(query);
		if (!good) {
			printf("error: %s\n", sqlite3_errmsg(db));
			return;
		}
	}
}

static void print_memory(void)
{
	struct uk_alloc *a = uk_alloc_get_default();

	printf("allocator %s, mode %s: %ld bytes free, %ld in one block\n",
	       testbed_alloc_name(), testbed_mode_name(),
	       (long)uk_alloc_availmem(a), (long)uk_alloc_maxalloc(a));
	printf("SQLite uses %lld bytes, at most %lld\n",
	       (long long)sqlite3_memory_used(),
	       (long long)sqlite3_memory_highwater(0));
}

/* A table to try things on, without typing its rows. */
static void make_rows(const char *argument)
{
	int rows = atoi(argument);
	char *text = sqlite3_mprintf(
		"CREATE TABLE IF NOT EXISTS numbers(n INTEGER, square INTEGER);"
		"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
		" WHERE n < %d) INSERT INTO numbers SELECT n, n * n FROM c",
		rows);

	if (rows < 1)
		puts("usage: .rows N");
	else if (text)
		run(text);
	sqlite3_free(text);
}

static void print_help(void)
{
	puts(".tables  .schema  .memory  .rows N  .quit\n"
	     "or SQL, ended by a semicolon");
}

/* False: the end. */
static int run_command(const char *line)
{
	if (!strcmp(line, ".quit") || !strcmp(line, ".exit"))
		return 0;
	if (!strcmp(line, ".tables"))
		run("SELECT name FROM sqlite_schema WHERE type = 'table'");
	else if (!strcmp(line, ".schema"))
		run("SELECT sql FROM sqlite_schema");
	else if (!strcmp(line, ".memory"))
		print_memory();
	else if (!strcmp(line, ".rows") || !strncmp(line, ".rows ", 6))
		make_rows(line + 5);
	else if (!strcmp(line, ".help"))
		print_help();
	else
		printf("unknown command %s; .help lists them\n", line);
	return 1;
}

static int take_line(char *line)
{
	printf("%s", *statement ? "   ...> " : "sqlite> ");
	fflush(stdout);
	if (!fgets(line, LINE_BYTES, stdin))
		return 0;
	if (!*statement && line[0] == '.') {
		line[strcspn(line, "\n")] = '\0';
		return run_command(line);
	}
	if (strlen(statement) + strlen(line) >= sizeof(statement)) {
		puts("error: statement too long");
		*statement = '\0';
		return 1;
	}
	strcat(statement, line);
	if (sqlite3_complete(statement)) {
		run(statement);
		*statement = '\0';
	} else if (strspn(statement, " \t\n") == strlen(statement)) {
		*statement = '\0';
	}
	return 1;
}

int main(void)
{
	static char line[LINE_BYTES];

	if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
		printf("FAILED: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	printf("SQLite %s in the testbed, on %s; .help for help\n",
	       sqlite3_libversion(), testbed_alloc_name());
	while (take_line(line))
		;
	sqlite3_close(db);
	puts("bye");
	return 0;
}
