/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests linked into the image: the cases that UK_TESTCASE defined, suite
 * by suite.
 */
#include <stdarg.h>
#include <uk/test.h>

#include "machine.h"

extern struct uk_testcase uk_testtab_start[], uk_testtab_end[];

static unsigned int cases, cases_run, checks, failures;

void uk_test_check(struct uk_testcase *esac, int line, int passed,
		   const char *format, ...)
{
	va_list arguments;

	esac->checks++;
	if (passed)
		return;
	esac->failures++;
	console_print("FAILED: %s:%d: ", esac->file, line);
	va_start(arguments, format);
	console_vprint(format, arguments);
	va_end(arguments);
	console_print("\r\n");
}

void uk_test_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	console_vprint(format, arguments);
	va_end(arguments);
}

/* A case that checks nothing has said why. */
static void case_run(struct uk_testcase *esac)
{
	esac->func(esac);
	console_print("%s: %s.%s\r\n", esac->failures ? "failed"
		      : esac->checks ? "ok" : "skipped", esac->suite,
		      esac->name);
	cases_run++;
	checks += esac->checks;
	failures += esac->failures;
}

static void suite_run(struct uk_testsuite *suite)
{
	struct uk_testcase *esac;

	if (suite->init && suite->init(suite)) {
		failures++;
		console_print("FAILED: the start of suite %s\r\n",
			      suite->name);
		return;
	}
	for (esac = uk_testtab_start; esac < uk_testtab_end; esac++)
		if (esac->func && !strcmp(esac->suite, suite->name))
			case_run(esac);
}

int uk_test_run_all(void)
{
	struct uk_testcase *esac;

	for (esac = uk_testtab_start; esac < uk_testtab_end; esac++) {
		cases += esac->func != NULL;
		if (esac->registered)
			suite_run(esac->registered);
	}
	console_print("%u cases, %u run, %u checks, %u failures\r\n", cases,
		      cases_run, checks, failures);
	return checks && !failures && cases == cases_run ? 0 : 1;
}
