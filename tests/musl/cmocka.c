/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions behind cmocka's header that the tests in tests/api call. The
 * library that Debian has is linked to glibc, so programs for musl get these;
 * the header, and with it what each assertion asks for, is cmocka's own.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum outcome { PASSED, FAILED, SKIPPED };

static jmp_buf back;

void print_message(const char *const format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

void print_error(const char *const format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
}

void _fail(const char *const file, const int line)
{
	printf("# %s:%d: failed\n", file, line);
	longjmp(back, FAILED);
}

void _skip(const char *const file, const int line)
{
	(void)file;
	(void)line;
	longjmp(back, SKIPPED);
}

static void need(int condition, const char *what, const char *file, int line)
{
	if (condition)
		return;
	print_error("%s\n", what);
	_fail(file, line);
}

void _assert_true(const LargestIntegralType result,
		  const char *const expression, const char *const file,
		  const int line)
{
	need(result != 0, expression, file, line);
}

void _assert_int_equal(const LargestIntegralType a,
		       const LargestIntegralType b, const char *const file,
		       const int line)
{
	if (a != b)
		print_error("%#" PRIxMAX " != %#" PRIxMAX "\n", a, b);
	need(a == b, "these are to be equal", file, line);
}

void _assert_int_not_equal(const LargestIntegralType a,
			   const LargestIntegralType b,
			   const char *const file, const int line)
{
	if (a == b)
		print_error("%#" PRIxMAX "\n", a);
	need(a != b, "these are to differ", file, line);
}

void _assert_string_equal(const char *const a, const char *const b,
			  const char *const file, const int line)
{
	if (strcmp(a, b) != 0)
		print_error("'%s' != '%s'\n", a, b);
	need(strcmp(a, b) == 0, "these are to be equal", file, line);
}

void _assert_string_not_equal(const char *const a, const char *const b,
			      const char *file, const int line)
{
	need(strcmp(a, b) != 0, a, file, line);
}

void _assert_memory_equal(const void *const a, const void *const b,
			  const size_t size, const char *const file,
			  const int line)
{
	need(memcmp(a, b, size) == 0, "memory differs", file, line);
}

void _assert_memory_not_equal(const void *const a, const void *const b,
			      const size_t size, const char *const file,
			      const int line)
{
	need(memcmp(a, b, size) != 0, "memory is equal", file, line);
}

void _assert_in_range(const LargestIntegralType value,
		      const LargestIntegralType minimum,
		      const LargestIntegralType maximum,
		      const char *const file, const int line)
{
	if (value < minimum || value > maximum)
		print_error("%" PRIuMAX " is not in %" PRIuMAX "-%" PRIuMAX
			    "\n", value, minimum, maximum);
	need(value >= minimum && value <= maximum, "out of range", file, line);
}

static const char *only = "*";

void cmocka_set_test_filter(const char *pattern)
{
	only = pattern;
}

static enum outcome steps(const struct CMUnitTest *test, void **state)
{
	if (test->setup_func && test->setup_func(state) != 0)
		return FAILED;
	test->test_func(state);
	if (test->teardown_func && test->teardown_func(state) != 0)
		return FAILED;
	return PASSED;
}

/* The end of a test is its own, or where an assertion fails */
static enum outcome run(const struct CMUnitTest *test, void **state)
{
	void *own = test->initial_state;
	int outcome = setjmp(back);

	return outcome != PASSED ? (enum outcome)outcome :
	       steps(test, own ? &own : state);
}

int _cmocka_run_group_tests(const char *group_name,
			    const struct CMUnitTest *const tests,
			    const size_t num_tests,
			    CMFixtureFunction group_setup,
			    CMFixtureFunction group_teardown)
{
	static const char *const words[] = { "ok", "not ok", "ok" };
	enum outcome outcome;
	void *state = NULL;
	int failed = 0;
	size_t i;

	if (group_setup && group_setup(&state) != 0) {
		printf("Bail out! %s does not start\n", group_name);
		exit(1);
	}
	printf("1..%zu\n", num_tests);
	for (i = 0; i < num_tests; i++) {
		outcome = fnmatch(only, tests[i].name, 0) ? SKIPPED :
			  run(&tests[i], &state);
		printf("%s %zu - %s%s\n", words[outcome], i + 1, tests[i].name,
		       outcome == SKIPPED ? " # SKIP" : "");
		fflush(stdout);
		failed += outcome == FAILED;
	}
	if (group_teardown && group_teardown(&state) != 0)
		failed++;
	return failed;
}
