/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nothing is mapped before the first request, so what a program says in main
 * about where memory comes from holds for all its memory. Each test is a run
 * of this program in which nothing was asked for before.
 */
#include "check.h"

#define AREA_BYTES	(64 * MIB)

static char area[AREA_BYTES];

static bool in_area(const void *p)
{
	return (const char *)p >= area && (const char *)p < area + AREA_BYTES;
}

static size_t address_space_kib(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text) - 1);
	const char *at = strstr(text, "VmSize:");

	close(fd);
	return got > 0 && at ? strtoul(at + 7, NULL, 10) : SIZE_MAX;
}

/* Memory of the area only, and NULL when it is full */
static int disallow_in_main(void)
{
	size_t bytes = 0;
	char *p;

	mi_option_set(mi_option_disallow_os_alloc, 1);
	need(mi_manage_os_memory(area, AREA_BYTES, true, false, true, -1));
	p = mi_malloc(1000);
	need(p && in_area(p));
	p = mi_malloc(10 * MIB);
	need(p && in_area(p));
	while ((p = mi_malloc(100 * KIB)) != NULL) {
		need(in_area(p));
		memset(p, 1, 100 * KIB);
		bytes += 100 * KIB;
		need(bytes < AREA_BYTES);
	}
	need(bytes > AREA_BYTES / 2);
	return 0;
}

/* The same where the option comes after the area, and for a large request */
static int disallow_after_area(void)
{
	char *p;

	need(mi_manage_os_memory(area, AREA_BYTES, true, false, true, -1));
	mi_option_set(mi_option_disallow_os_alloc, 1);
	p = mi_malloc(30 * MIB);
	need(p && in_area(p));
	need(mi_malloc(60 * MIB) == NULL);
	p = mi_malloc(8);
	need(p && in_area(p));
	return 0;
}

static int nothing_is_mapped(void)
{
	size_t before = address_space_kib();

	fprintf(stderr, "%zu KiB before the first request\n", before);
	/* this program, libc, cmocka, the area, a stack */
	need(before < (AREA_BYTES + 32 * MIB) / KIB);
	mi_option_set(mi_option_purge_delay, mi_option_get(
		      mi_option_purge_delay));
	need(address_space_kib() < before + 1024);
	need(mi_malloc(8) != NULL);
	return 0;
}

static void run(const char *mode)
{
	struct check_run run;

	check_run_self(&run, mode, NULL);
	check(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0,
	      "%s: status %x, %s", mode, run.status, run.err);
}

static void disallow_as_the_first_thing(void **state)
{
	(void)state;
	run("disallow-in-main");
}

static void disallow_once_there_is_an_area(void **state)
{
	(void)state;
	run("disallow-after-area");
}

static void nothing_before_the_first_request(void **state)
{
	(void)state;
	if (CHECK_SANITIZED) {
		printf("# sanitizers map much address space of their own\n");
		skip();
	}
	run("nothing-is-mapped");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disallow_as_the_first_thing),
		cmocka_unit_test(disallow_once_there_is_an_area),
		cmocka_unit_test(nothing_before_the_first_request),
	};

	if (argc > 1 && strcmp(argv[1], "disallow-in-main") == 0)
		return disallow_in_main();
	if (argc > 1 && strcmp(argv[1], "disallow-after-area") == 0)
		return disallow_after_area();
	if (argc > 1 && strcmp(argv[1], "nothing-is-mapped") == 0)
		return nothing_is_mapped();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
