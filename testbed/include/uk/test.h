/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests: the names of Unikraft's uktest, and what they mean there.
 *
 * UK_TESTCASE defines a case of a suite, uk_testsuite_register and its like
 * put the suite on the list of those that are run. An expectation that fails
 * does not end its case. There is one for each line at most, and only in the
 * body of UK_TESTCASE: in Unikraft it is known by its line.
 *
 * Other than there, suites run when they are asked to and in the order of the
 * linker, so class and priority mean nothing.
 */
#ifndef __UK_TEST_H__
#define __UK_TEST_H__

#include <stddef.h>
#include <string.h>
#include <uk/assert.h>
#include <uk/config.h>
#include <uk/essentials.h>
#include <uk/init.h>
#include <uk/print.h>

struct uk_testsuite {
	const char *name;
	int (*init)(struct uk_testsuite *suite);
};

struct uk_testcase {
	const char *suite;
	const char *name;
	const char *desc;
	void (*func)(struct uk_testcase *esac);	/* NULL: a suite */
	struct uk_testsuite *registered;
	const char *file;
	unsigned int checks;
	unsigned int failures;
};

/* Counts an expectation, and prints it when it failed. */
void uk_test_check(struct uk_testcase *esac, int line, int passed,
		   const char *format, ...) __printf(4, 5);

/* What a test has to say, a line. */
void uk_test_printf(const char *format, ...) __printf(1, 2);

/* Runs all; 0 when there were cases, all were run, and none failed. */
int uk_test_run_all(void);

#define _UK_TESTTAB_ENTRY(name_)					\
	static struct uk_testcase __used __section(".uk_testtab")	\
	__align(8) name_

#define UK_TESTCASE_DESC(suite_, case_, desc_)				\
	static void _uk_testsuite_##suite_##_case_##case_(		\
		struct uk_testcase *esac __maybe_unused);		\
	_UK_TESTTAB_ENTRY(_uk_testtab_##suite_##_##case_) = {		\
		.suite = #suite_, .name = #case_, .desc = (desc_),	\
		.func = _uk_testsuite_##suite_##_case_##case_,		\
		.file = __FILE__					\
	};								\
	static void _uk_testsuite_##suite_##_case_##case_(		\
		struct uk_testcase *esac __maybe_unused)

#define UK_TESTCASE(suite, fn)						\
	UK_TESTCASE_DESC(suite, fn, NULL)

#define UK_TESTSUITE_AT_INITCALL_PRIO(suite_, initfn, class, prio)	\
	static struct uk_testsuite testsuite_##suite_ = {		\
		.name = #suite_, .init = (initfn)			\
	};								\
	_UK_TESTTAB_ENTRY(_uk_testtab_of_##suite_) = {			\
		.suite = #suite_, .registered = &testsuite_##suite_	\
	}

#define uk_testsuite_late_prio(suite, initfn, prio)			\
	UK_TESTSUITE_AT_INITCALL_PRIO(suite, initfn, UK_INIT_CLASS_LATE, prio)
#define uk_testsuite_prio(suite, initfn, prio)				\
	uk_testsuite_late_prio(suite, initfn, prio)
#define uk_testsuite_register(suite, initfn)				\
	uk_testsuite_prio(suite, initfn, UK_PRIO_LATEST)

#define UK_TEST_ASSERTF(cond, ...)					\
	uk_test_check(esac, __LINE__, !!(cond), __VA_ARGS__)
#define UK_TEST_EXPECT(cond)						\
	UK_TEST_ASSERTF((cond), "expected `%s` to be true", #cond)
#define UK_TEST_ASSERT(cond) UK_TEST_EXPECT(cond)

#define _UK_TEST_EXPECT_A_COND_B(a, cond, b, desc, type, fmt)		\
	do {								\
		type a_v_ = (type)(a);					\
		type b_v_ = (type)(b);					\
									\
		UK_TEST_ASSERTF(a_v_ cond b_v_,				\
				"expected `%s` to " desc " " fmt	\
				" and was " fmt, #a, b_v_, a_v_);	\
	} while (0)

#define UK_TEST_EXPECT_NULL(exp)					\
	_UK_TEST_EXPECT_A_COND_B(exp, ==, NULL, "be", void *, "%p")
#define UK_TEST_EXPECT_NOT_NULL(exp)					\
	_UK_TEST_EXPECT_A_COND_B(exp, !=, NULL, "not be", void *, "%p")
#define UK_TEST_EXPECT_ZERO(exp)					\
	_UK_TEST_EXPECT_A_COND_B(exp, ==, 0, "be", long, "%ld")
#define UK_TEST_EXPECT_NOT_ZERO(exp)					\
	_UK_TEST_EXPECT_A_COND_B(exp, !=, 0, "not be", long, "%ld")
#define UK_TEST_EXPECT_PTR_EQ(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, ==, b, "be", void *, "%p")
#define UK_TEST_EXPECT_BYTES_EQ(a, b, size)				\
	UK_TEST_ASSERTF(!memcmp((a), (b), (size)),			\
			"expected `%s` to equal `%s`", #a, #b)
#define UK_TEST_EXPECT_SNUM_EQ(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, ==, b, "be", long, "%ld")
#define UK_TEST_EXPECT_SNUM_NQ(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, !=, b, "not be", long, "%ld")
#define UK_TEST_EXPECT_SNUM_GT(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, >, b, "be greater than", long, "%ld")
#define UK_TEST_EXPECT_SNUM_GE(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, >=, b, "be at least", long, "%ld")
#define UK_TEST_EXPECT_SNUM_LT(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, <, b, "be less than", long, "%ld")
#define UK_TEST_EXPECT_SNUM_LE(a, b)					\
	_UK_TEST_EXPECT_A_COND_B(a, <=, b, "be at most", long, "%ld")

#endif /* __UK_TEST_H__ */
