/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics, what the process uses, and the two hooks for messages. */
#include "check.h"

#include <pthread.h>
#include <regex.h>
#include <sys/resource.h>

/* All that went to an output function. */
struct text {
	size_t calls;
	size_t length;
	char bytes[64 * 1024];
};

static void text_add(const char *message, void *arg)
{
	struct text *text = arg;
	size_t room = sizeof(text->bytes) - text->length - 1;
	size_t n = strlen(message);

	text->calls++;
	n = n < room ? n : room;
	memcpy(text->bytes + text->length, message, n);
	text->length += n;
	text->bytes[text->length] = '\0';
}

static bool text_matches(const struct text *text, const char *pattern)
{
	regex_t compiled;
	int answer;

	assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_ICASE),
			 0);
	answer = regexec(&compiled, text->bytes, 0, NULL, 0);
	regfree(&compiled);
	return answer == 0;
}

/* A size as a person would write it: 12, 1.5 MiB, 300 KB, 17 B. */
#define SIZE_PATTERN "[0-9.]+ *([KMG]i?B?|B|bytes)([^a-z]|$)"

static struct text text;

static void print_out(void **state)
{
	void *blocks[100];
	void *large = mi_malloc(30 * MIB);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_malloc(i * 100);
		assert_non_null(blocks[i]);
	}
	pattern_write(large, 30 * MIB, 1);
	memset(&text, 0, sizeof(text));
	mi_stats_print_out(text_add, &text);
	assert_true(text.calls > 0);
	assert_true(text.length > 100);
	assert_true(text_matches(&text, SIZE_PATTERN));
	assert_true(text_matches(&text, "peak"));
	memset(&text, 0, sizeof(text));
	mi_thread_stats_print_out(text_add, &text);
	assert_true(text.length > 0);
	memset(&text, 0, sizeof(text));
	mi_process_info_print_out(text_add, &text);
	assert_true(text.length > 0);
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++)
		mi_free(blocks[i]);
	mi_free(large);
}

/* What is printed follows what happens. */
static void printing_follows(void **state)
{
	static struct text before;
	void *p;

	(void)state;
	memset(&before, 0, sizeof(before));
	mi_stats_print_out(text_add, &before);
	p = mi_malloc(77 * MIB);
	assert_non_null(p);
	memset(&text, 0, sizeof(text));
	mi_stats_print_out(text_add, &text);
	assert_string_not_equal(text.bytes, before.bytes);
	mi_free(p);
}

static void register_output(void **state)
{
	size_t length;

	(void)state;
	memset(&text, 0, sizeof(text));
	mi_register_output(text_add, &text);
	mi_stats_print(NULL);
	assert_true(text.length > 100);
	length = text.length;
	mi_stats_print_out(NULL, NULL);
	assert_true(text.length > length + 100);
	length = text.length;
	mi_options_print();
	assert_true(text.length > length);
	length = text.length;
	mi_process_info_print();
	assert_true(text.length > length);
	mi_register_output(NULL, NULL);
	length = text.length;
	fflush(stderr);
	{
		int kept = dup(STDERR_FILENO);
		int sink = memfd_create("err", MFD_CLOEXEC);

		dup2(sink, STDERR_FILENO);
		mi_stats_print(NULL);
		fflush(stderr);
		dup2(kept, STDERR_FILENO);
		assert_true(lseek(sink, 0, SEEK_END) > 100);
		close(kept);
		close(sink);
	}
	assert_int_equal(text.length, length);
}

struct errors {
	size_t calls;
	int last;
};

static void count_error(int error, void *arg)
{
	struct errors *errors = arg;

	errors->calls++;
	errors->last = error;
}

/* In a process that goes on after errors: the hook hears of each kind. */
static int child_errors(void)
{
	struct errors errors = { 0, 0 };
	static char foreign[4096];
	char *a = mi_malloc(100);
	char *b = mi_malloc(100);

	mi_register_error(count_error, &errors);
	mi_free(a);
	need(errors.calls == 0);
#if MI_HARDENING >= 1
	mi_free(launder(a));
	need(errors.calls == 1 && errors.last == EAGAIN);
#else
	mi_free(launder(foreign + 128));
	need(errors.calls == 1 && errors.last == EINVAL);
#endif
	mi_free(launder(foreign + 64));
	need(errors.calls == 2 && errors.last == EINVAL);
	mi_free(launder(b + 16));
	need(errors.calls == 3 && errors.last == EINVAL);
	need(mi_malloc(launder_size(SIZE_MAX / 2 + 1)) == NULL);
	need(errors.calls == 4 && errors.last == EOVERFLOW);
	need(mi_calloc(launder_size(SIZE_MAX / 2), 3) == NULL);
	need(errors.calls == 5 && errors.last == EOVERFLOW);
	need(mi_malloc(launder_size(SIZE_MAX / 4)) == NULL);
	need(errors.calls == 6 && errors.last == ENOMEM);
	mi_register_error(NULL, NULL);
	mi_free(launder(foreign + 64));
	need(errors.calls == 6);
	mi_free(b);
	return 0;
}

static void register_error(void **state)
{
	static const char *const settings[] = {
		"MIMALLOC_ABORT_ON_ERROR=0", NULL,
	};
	static struct check_run run;

	(void)state;
	check_run_self(&run, "errors", settings);
	check(run.status == 0, "%s", run.err);
}

static void process_info(void **state)
{
	size_t elapsed, user, system, rss, peak_rss, commit, peak, faults;
	size_t faults_before;
	struct rusage usage;
	char *p;

	(void)state;
	mi_process_info(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	mi_process_info(&elapsed, &user, &system, &rss, &peak_rss, &commit,
			&peak, &faults_before);
	p = mi_malloc(64 * MIB);
	assert_non_null(p);
	pattern_write(p, 64 * MIB, 1);
	usleep(30000);
	mi_process_info(&elapsed, &user, &system, &rss, &peak_rss, &commit,
			&peak, &faults);
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	assert_in_range(elapsed, 25, 3600000);
	assert_in_range(user + system, 1, 3600000);
	assert_true(rss >= 64 * MIB);
	assert_true(peak_rss >= rss - MIB);
	assert_true(peak_rss <= (size_t)usage.ru_maxrss * KIB + MIB);
	assert_true(commit >= 64 * MIB);
	assert_true(peak >= commit);
	assert_true(faults >= faults_before);
	mi_free(p);
}

static void *churn(void *arg)
{
	for (size_t i = 0; i < 10000; i++)
		mi_free(mi_malloc(i % 3000));
	mi_stats_merge();
	return arg;
}

/* Resetting and merging between allocations lose no block. */
static void reset_and_merge(void **state)
{
	void *blocks[200];
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_malloc(i * 37);
		pattern_write(blocks[i], i * 37, i);
		if (i % 20 == 0)
			mi_stats_reset();
		if (i % 30 == 0)
			mi_stats_merge();
	}
	assert_int_equal(pthread_create(&thread, NULL, churn, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		assert_true(pattern_holds(blocks[i], i * 37, i));
		mi_free(blocks[i]);
	}
	mi_stats_reset();
	memset(&text, 0, sizeof(text));
	mi_stats_print_out(text_add, &text);
	assert_true(text.length > 0);
}

/* MIMALLOC_SHOW_STATS=1 prints them at the program's end; 0 says nothing. */
static int child_allocates(void)
{
	for (size_t i = 0; i < 1000; i++)
		mi_free(mi_malloc(i));
	return 0;
}

static void stats_at_the_end(void **state)
{
	static const char *const on[] = { "MIMALLOC_SHOW_STATS=1", NULL };
	static const char *const off[] = { "MIMALLOC_SHOW_STATS=0", NULL };
	static struct check_run run;

	(void)state;
	check_run_self(&run, "allocates", on);
	assert_int_equal(run.status, 0);
	check(strcasestr(run.err, "peak") != NULL, "printed: %s", run.err);
	check_run_self(&run, "allocates", off);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.err, "");
}

static int child_complains(void)
{
	static char foreign[4096];

	printf("%s[%d]: mimalloc: ", program_invocation_short_name, getpid());
	mi_free(launder(foreign + 64));
	need(mi_malloc(launder_size(SIZE_MAX / 4)) == NULL);
	need(mi_calloc(launder_size(SIZE_MAX / 2), 3) == NULL);
	need(mi_malloc_aligned(1, launder_size(3)) == NULL);
	mi_options_print();
	return 0;
}

/* Warnings of values come first, before the C library has begun. */
static void messages_name_the_process(void **state)
{
	static const char *const settings[] = {
		"MIMALLOC_ABORT_ON_ERROR=0", "MIMALLOC_SHOW_ERRORS=1",
		"MIMALLOC_PURGE_DELAY=abc", NULL,
	};
	static struct check_run run;
	char *rest = run.err, *line;
	size_t lines = 0;

	(void)state;
	check_run_self(&run, "complains", settings);
	assert_int_equal(run.status, 0);
	check(strchr(run.out, '[') != NULL, "it says who it is: %s", run.out);
	while ((line = strsep(&rest, "\n")) != NULL && *line) {
		check(strncmp(line, run.out, strlen(run.out)) == 0,
		      "begins with '%s': %s", run.out, line);
		lines++;
	}
	check(lines > 30, "%zu lines", lines);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_out),
		cmocka_unit_test(printing_follows),
		cmocka_unit_test(register_output),
		cmocka_unit_test(register_error),
		cmocka_unit_test(process_info),
		cmocka_unit_test(reset_and_merge),
		cmocka_unit_test(stats_at_the_end),
		cmocka_unit_test(messages_name_the_process),
	};

	if (argc > 1)
		return *argv[1] == 'e' ? child_errors() :
		       *argv[1] == 'c' ? child_complains() : child_allocates();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
