/* SPDX-License-Identifier: BSD-3-Clause */
/* Options: by function, and from the environment of a fresh process. */
#include "check.h"

#include <strings.h>

/* The environment's names, in the order of 2.1.7. */
static const char *const names[] = {
	"SHOW_ERRORS", "SHOW_STATS", "VERBOSE", "EAGER_COMMIT",
	"ARENA_EAGER_COMMIT", "PURGE_DECOMMITS", "ALLOW_LARGE_OS_PAGES",
	"RESERVE_HUGE_OS_PAGES", "RESERVE_HUGE_OS_PAGES_AT",
	"RESERVE_OS_MEMORY", "DEPRECATED_SEGMENT_CACHE",
	"DEPRECATED_PAGE_RESET", "ABANDONED_PAGE_PURGE",
	"DEPRECATED_SEGMENT_RESET", "EAGER_COMMIT_DELAY", "PURGE_DELAY",
	"USE_NUMA_NODES", "DISALLOW_OS_ALLOC", "OS_TAG", "MAX_ERRORS",
	"MAX_WARNINGS", "MAX_SEGMENT_RECLAIM", "DESTROY_ON_EXIT",
	"ARENA_RESERVE", "ARENA_PURGE_MULT", "PURGE_EXTEND_DELAY",
	"ABANDONED_RECLAIM_ON_FREE", "DISALLOW_ARENA_ALLOC", "RETRY_ON_OOM",
};

#define OPTIONS ((int)ARRAY_LENGTH(names))

static bool is_size(int option)
{
	return option == mi_option_arena_reserve ||
	       option == mi_option_reserve_os_memory;
}

static void numbering(void **state)
{
	(void)state;
	assert_int_equal(_mi_option_last, OPTIONS);
	assert_int_equal(mi_option_show_errors, 0);
	assert_int_equal(mi_option_reserve_os_memory, 9);
	assert_int_equal(mi_option_purge_delay, 15);
	assert_int_equal(mi_option_arena_reserve, 23);
	assert_int_equal(mi_option_retry_on_oom, 28);
}

/* Each option takes a value by every function, and no other one changes. */
static void get_and_set(void **state)
{
	long kept[ARRAY_LENGTH(names)];

	(void)state;
	for (int i = 0; i < OPTIONS; i++)
		kept[i] = mi_option_get((mi_option_t)i);
	for (int i = 0; i < OPTIONS; i++) {
		mi_option_t option = (mi_option_t)i;

		mi_option_set(option, 1234567);
		assert_int_equal(mi_option_get(option), 1234567);
		mi_option_disable(option);
		assert_int_equal(mi_option_get(option), 0);
		assert_false(mi_option_is_enabled(option));
		mi_option_enable(option);
		assert_int_equal(mi_option_get(option), 1);
		assert_true(mi_option_is_enabled(option));
		mi_option_set_enabled(option, false);
		assert_false(mi_option_is_enabled(option));
		mi_option_set_enabled(option, true);
		assert_true(mi_option_is_enabled(option));
		mi_option_set(option, -5);
		assert_int_equal(mi_option_get(option), -5);
		assert_int_equal(mi_option_get_size(option), 0);
		for (int k = 0; k < OPTIONS; k++)
			check(k == i || mi_option_get((mi_option_t)k) ==
			      kept[k], "setting %s changed %s", names[i],
			      names[k]);
		mi_option_set(option, kept[i]);
	}
}

static void clamp(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		mi_option_t option = (mi_option_t)i;
		long kept = mi_option_get(option);

		mi_option_set(option, 50);
		assert_int_equal(mi_option_get_clamp(option, 0, 100), 50);
		assert_int_equal(mi_option_get_clamp(option, 60, 100), 60);
		assert_int_equal(mi_option_get_clamp(option, 0, 40), 40);
		assert_int_equal(mi_option_get_clamp(option, 50, 50), 50);
		assert_int_equal(mi_option_get(option), 50);
		assert_int_equal(mi_option_get_size(option),
				 is_size(i) ? 50 * KIB : 50);
		mi_option_set(option, kept);
	}
}

static void no_such_option(void **state)
{
	static const int wrong[] = { -1, _mi_option_last, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
		mi_option_t option = (mi_option_t)wrong[i];

		mi_option_set(option, 7);
		mi_option_enable(option);
		mi_option_set_default(option, 7);
		assert_int_equal(mi_option_get(option), 0);
		assert_false(mi_option_is_enabled(option));
	}
}

/* -------- a fresh process that prints its options -------- */

static int child_prints(void)
{
	printf("\n");
	for (int i = 0; i < OPTIONS; i++)
		printf("%s=%ld %zu\n", names[i], mi_option_get((mi_option_t)i),
		       mi_option_get_size((mi_option_t)i));
	return 0;
}

/* set_default gives way to the environment and to an earlier call. */
static int child_defaults(void)
{
	need(mi_option_get(mi_option_purge_delay) == 123);
	mi_option_set_default(mi_option_purge_delay, 99);
	need(mi_option_get(mi_option_purge_delay) == 123);
	mi_option_set_default(mi_option_max_errors, 99);
	need(mi_option_get(mi_option_max_errors) == 99);
	mi_option_set(mi_option_max_warnings, 5);
	mi_option_set_default(mi_option_max_warnings, 99);
	need(mi_option_get(mi_option_max_warnings) == 5);
	mi_option_set_enabled_default(mi_option_os_tag, true);
	need(mi_option_get(mi_option_os_tag) == 1);
	need(mi_option_get(mi_option_verbose) == 0);
	mi_option_set_enabled_default(mi_option_verbose, true);
	need(mi_option_get(mi_option_verbose) == 0);
	return 0;
}

/* A bad value is none: what is set as the default counts. */
static int child_bad(void)
{
	need(mi_option_get(mi_option_purge_delay) == 10);
	mi_option_set_default(mi_option_purge_delay, 99);
	need(mi_option_get(mi_option_purge_delay) == 99);
	return 0;
}

/* What the child says of the option; aborts the test where it says nothing. */
static void told(const struct check_run *run, const char *name, long *value,
		 size_t *size)
{
	char key[64];
	const char *line;

	snprintf(key, sizeof(key), "\n%s=", name);
	check(run->status == 0, "the child ended with %d: %s", run->status,
	      run->err);
	line = strstr(run->out, key);
	check(line != NULL, "%s is not told", name);
	assert_int_equal(sscanf(line + strlen(key), "%ld %zu", value, size), 2);
}

static struct check_run run;

static void run_with(const char *name, const char *text)
{
	char setting[128];
	const char *settings[] = { setting, NULL };

	snprintf(setting, sizeof(setting), "MIMALLOC_%s=%s", name, text);
	check_run_self(&run, "print", settings);
}

static void numbers_from_the_environment(void **state)
{
	(void)state;
	for (int i = 0; i < OPTIONS; i++) {
		long value;
		size_t size;

		/* These would ask the system for memory at once. */
		if (strncmp(names[i], "RESERVE_", 8) == 0 || is_size(i))
			continue;
		run_with(names[i], "1");
		told(&run, names[i], &value, &size);
		check(value == 1, "%s=1 gives %ld", names[i], value);
		run_with(names[i], "0");
		told(&run, names[i], &value, &size);
		check(value == 0, "%s=0 gives %ld", names[i], value);
		run_with(names[i], "37");
		told(&run, names[i], &value, &size);
		check(value == 37, "%s=37 gives %ld", names[i], value);
	}
}

static void sizes_from_the_environment(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
	} cases[] = {
		{ "64K", 64 * KIB }, { "1K", KIB }, { "1000K", 1000 * KIB },
		{ "3M", 3 * MIB }, { "256M", 256 * MIB }, { "1G", GIB },
		{ "2G", 2 * GIB }, { "1048576", MIB },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		long value;
		size_t size;

		run_with("ARENA_RESERVE", cases[i].text);
		told(&run, "ARENA_RESERVE", &value, &size);
		check(size == cases[i].bytes, "%s gives %zu bytes",
		      cases[i].text, size);
		assert_int_equal(value, cases[i].bytes / KIB);
	}
}

/* Where the word stands last; NULL: nowhere. */
static const char *strrstr(const char *text, const char *word)
{
	const char *found = NULL, *next = strstr(text, word);

	while (next) {
		found = next;
		next = strstr(next + 1, word);
	}
	return found;
}

/* A value that means nothing is named, and the option keeps its default. */
static void bad_values(void **state)
{
	static const char *const bad[] = {
		"banana", "12x", "--3", "1.5", "K", "99999999999999999999999",
	};
	long value;
	long otherwise;
	size_t size;

	(void)state;
	check_run_self(&run, "print", NULL);
	told(&run, "PURGE_DELAY", &otherwise, &size);
	assert_string_equal(run.err, "");
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		run_with("PURGE_DELAY", bad[i]);
		told(&run, "PURGE_DELAY", &value, &size);
		check(value == otherwise, "%s gives %ld", bad[i], value);
		check(strcasestr(run.err, "purge_delay") != NULL &&
		      strstr(run.err, bad[i]) != NULL,
		      "'%s' is not named in '%s'", bad[i], run.err);
		check(strstr(run.err, "warning") ==
		      strrstr(run.err, "warning"),
		      "'%s' is named twice in '%s'", bad[i], run.err);
	}
	run_with("ARENA_RESERVE", "12Q");
	check(strcasestr(run.err, "arena_reserve") != NULL &&
	      strstr(run.err, "12Q") != NULL, "12Q is not named in '%s'",
	      run.err);
}

static void defaults(void **state)
{
	static const char *const settings[] = {
		"MIMALLOC_PURGE_DELAY=123", "MIMALLOC_VERBOSE=0", NULL,
	};
	static const char *const bad[] = { "MIMALLOC_PURGE_DELAY=x", NULL };

	(void)state;
	check_run_self(&run, "defaults", settings);
	check(run.status == 0, "%s", run.err);
	check_run_self(&run, "bad", bad);
	check(run.status == 0, "%s", run.err);
}

/* Every option of 2.1.7 is printed, by its name. */
static void collect(const char *message, void *arg)
{
	struct check_run *into = arg;
	size_t used = strlen(into->out);

	snprintf(into->out + used, sizeof(into->out) - used, "%s", message);
}

static void printing(void **state)
{
	(void)state;
	memset(&run, 0, sizeof(run));
	mi_options_print_out(collect, &run);
	for (int i = 0; i < OPTIONS; i++)
		check(strcasestr(run.out, names[i]) != NULL,
		      "%s is not printed", names[i]);
}

/* -------- transparent huge pages -------- */

/* Prints the kernel's flags of the mapping that the address lies in. */
static int print_flags(const void *address)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	uintptr_t at = (uintptr_t)address, from, to;
	bool here = false;
	char line[512];

	need(maps != NULL);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from,
			   &to) == 2)
			here = from <= at && at < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			printf("%s", line);
	}
	fclose(maps);
	return 0;
}

static int child_huge(void)
{
	void *block = mi_malloc(100), *large = mi_malloc(3 * MIB);

	need(block != NULL && large != NULL);
	need(print_flags(block) == 0 && print_flags(large) == 0);
	return 0;
}

/* Both blocks' mappings have the flag, or neither: nh not, hg huge pages. */
static void huge_flags(const char *setting, bool has_nh, bool has_hg)
{
	const char *const settings[] = { setting, NULL };
	const char *second;

	check_run_self(&run, "huge", settings);
	check(run.status == 0, "%s", run.err);
	second = strrstr(run.out, "VmFlags:");
	check(second != NULL && second != run.out, "no flags: %s", run.out);
	check((strstr(run.out, " nh") != NULL) == has_nh &&
	      (strstr(second, " nh") != NULL) == has_nh &&
	      (strstr(run.out, " hg") != NULL) == has_hg &&
	      (strstr(second, " hg") != NULL) == has_hg,
	      "%s: %s", setting, run.out);
}

static void huge_pages(void **state)
{
	void *range = system_memory(MIB);
	int status = madvise(range, MIB, MADV_NOHUGEPAGE);

	(void)state;
	munmap(range, MIB);
	if (status != 0) {
		print_message("this kernel has no transparent huge pages\n");
		skip();
	}
	huge_flags("MIMALLOC_VERBOSE=0", true, false);	/* by default */
	huge_flags("MIMALLOC_ALLOW_THP=0", true, false);
	huge_flags("MIMALLOC_ALLOW_THP=1", false, false);
	huge_flags("MIMALLOC_ALLOW_LARGE_OS_PAGES=1", false, true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbering),
		cmocka_unit_test(get_and_set),
		cmocka_unit_test(clamp),
		cmocka_unit_test(no_such_option),
		cmocka_unit_test(numbers_from_the_environment),
		cmocka_unit_test(sizes_from_the_environment),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(defaults),
		cmocka_unit_test(printing),
		cmocka_unit_test(huge_pages),
	};

	if (argc > 1)
		return *argv[1] == 'p' ? child_prints() :
		       *argv[1] == 'b' ? child_bad() :
		       *argv[1] == 'h' ? child_huge() : child_defaults();
	for (int i = 0; i < OPTIONS; i++) {
		char name[64];

		snprintf(name, sizeof(name), "MIMALLOC_%s", names[i]);
		unsetenv(name);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
