/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests inside the kernel: UK_TESTCASE defines a case, and
 * uk_testsuite_register puts the suite of that name on the list that the
 * application uktest runs.
 */
#ifndef __UK_TEST_H__
#define __UK_TEST_H__

#include <uk/essentials.h>

struct uk_testcase {
	const char *suite;
	const char *name;
	void (*function)(void);
};

/* Counts a check of the running case and names it when it failed. */
void uk_test_check(int passed, const char *file, int line, const char *text);

/* Runs all; 0 when there were checks and none failed. */
int uk_test_run_all(void);

#define UK_TESTCASE(suite_, case_)					\
	static void uk_testcase_##suite_##_##case_(void);		\
	static const struct uk_testcase __used				\
	__section(".uk_testtab") __align(8)				\
	uk_testentry_##suite_##_##case_ = {				\
		.suite = #suite_, .name = #case_,			\
		.function = uk_testcase_##suite_##_##case_		\
	};								\
	static void uk_testcase_##suite_##_##case_(void)

/* Every case is on the list already. */
#define uk_testsuite_register(suite, filter)				\
	_Static_assert(1, #suite)

#define UK_TEST_EXPECT(condition)					\
	uk_test_check(!!(condition), __FILE__, __LINE__, #condition)
#define UK_TEST_ASSERT(condition)					\
	do {								\
		int passed_ = !!(condition);				\
		uk_test_check(passed_, __FILE__, __LINE__, #condition);	\
		if (!passed_)						\
			return;						\
	} while (0)
#define UK_TEST_EXPECT_NULL(p) UK_TEST_EXPECT((p) == 0)
#define UK_TEST_EXPECT_NOT_NULL(p) UK_TEST_EXPECT((p) != 0)
#define UK_TEST_EXPECT_ZERO(v) UK_TEST_EXPECT((v) == 0)
#define UK_TEST_EXPECT_NOT_ZERO(v) UK_TEST_EXPECT((v) != 0)
#define UK_TEST_EXPECT_PTR_EQ(a, b) UK_TEST_EXPECT((a) == (b))
#define UK_TEST_EXPECT_SNUM_EQ(a, b) UK_TEST_EXPECT((long)(a) == (long)(b))
#define UK_TEST_EXPECT_SNUM_GE(a, b) UK_TEST_EXPECT((long)(a) >= (long)(b))
#define UK_TEST_EXPECT_SNUM_LE(a, b) UK_TEST_EXPECT((long)(a) <= (long)(b))

#endif /* __UK_TEST_H__ */
