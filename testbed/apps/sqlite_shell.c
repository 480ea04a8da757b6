/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An interactive SQL shell on the console, over a database in memory.
 *
 * The amalgamation that is fetched holds no shell, so this is a small one of
 * our own. Statements end with a semicolon and may span lines. Commands:
 *
 *   .help  .tables  .schema  .memory  .rows N  .quit
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>

#define LINE_BYTES 4096
#define STATEMENT_BYTES 65536

static sqlite3 *db;
static char statement[STATEMENT_BYTES];

static void print_columns(sqlite3_stmt *query, int columns)
{
	for (int i = 0; i < columns; i++) {
		const char *text = (const char *)sqlite3_column_text(query, i);

		printf("%s%s", i ? "|" : "", text ? text : "NULL");
	}
	putchar('\n');
}

static void print_names(sqlite3_stmt *query, int columns)
{
	for (int i = 0; i < columns; i++)
		printf("%s%s", i ? "|" : "", sqlite3_column_name(query, i));
	putchar('\n');
}

/* Runs one statement; false after an error, which is shown. */
static int run_one(sqlite3_stmt *query)
{
	int columns = sqlite3_column_count(query);
	int rows = 0, rc;

	while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
		if (rows++ == 0)
			print_names(query, columns);
		print_columns(query, columns);
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
	else if (!strncmp(line, ".rows ", 6))
		make_rows(line + 6);
	else
		puts(".tables  .schema  .memory  .rows N  .quit\n"
		     "or SQL, ended by a semicolon");
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
