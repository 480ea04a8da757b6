/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests linked into the image: the cases that UK_TESTCASE defined.
 */
#include <uk/test.h>

#include "machine.h"

extern const struct uk_testcase uk_testtab_start[], uk_testtab_end[];

static unsigned int failures, checks;

void uk_test_check(int passed, const char *file, int line, const char *text)
{
	checks++;
	if (passed)
		return;
	failures++;
	console_print("FAILED: %s:%d: %s\r\n", file, line, text);
}

int uk_test_run_all(void)
{
	const struct uk_testcase *test;

	for (test = uk_testtab_start; test < uk_testtab_end; test++) {
		unsigned int before = failures;

		test->function();
		console_print("%s: %s.%s\r\n",
			      failures == before ? "ok" : "failed",
			      test->suite, test->name);
	}
	console_print("%u checks, %u failures\r\n", checks, failures);
	return checks && !failures ? 0 : 1;
}
