/* SPDX-License-Identifier: BSD-3-Clause */
/* The cases of cases.h with no more than a C library, such as musl; as TAP. */
#include <stdio.h>

static int failures;

static void check(int good, const char *text, const char *file, int line)
{
	if (good)
		return;
	failures++;
	printf("# %s:%d: %s\n", file, line, text);
}

#define CHECK(condition)						\
	check((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

#include "cases.h"

int main(void)
{
#define CASE(name)	{ #name, name },
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {
		CASES(CASE)
	};
	const int count_of_cases = (int)(sizeof(cases) / sizeof(cases[0]));
	int i, before, bad = 0;

	printf("1..%d\n", count_of_cases);
	for (i = 0; i < count_of_cases; i++) {
		before = failures;
		cases[i].run();
		bad += failures != before;
		printf("%s %d - %s\n", failures == before ? "ok" : "not ok",
		       i + 1, cases[i].name);
	}
	return bad != 0;
}
