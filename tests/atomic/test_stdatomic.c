/* SPDX-License-Identifier: BSD-3-Clause */
/* include/musl/stdatomic.h on the host's C library: cases.h with cmocka. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CHECK(condition)	assert_true(condition)

#include "cases.h"

#define WRAP(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		name(); \
	}
CASES(WRAP)

int main(void)
{
#define TEST(name)	{ #name, test_##name, NULL, NULL, NULL },
	static const struct CMUnitTest tests[] = {
		CASES(TEST)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
