/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Just enough TAP for C++ tests, from C++98 on: each test is a function, a
 * failed CHECK ends it, and the plan comes last.
 */
#ifndef TESTS_CXX_TAP_HPP
#define TESTS_CXX_TAP_HPP

#include <cstdio>
#include <cstdlib>

namespace tap {

static int number;
static int failures;
static bool failed;

inline void run(const char *name, void (*test)())
{
	failed = false;
	test();
	failures += failed;
	std::printf("%sok %d - %s\n", failed ? "not " : "", ++number, name);
	std::fflush(stdout);
}

inline int done()
{
	std::printf("1..%d\n", number);
	return failures == 0 && number > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

} /* namespace tap */

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			std::printf("# %s:%d: %s\n", __FILE__,		\
				    __LINE__, #condition);		\
			tap::failed = true;				\
			return;						\
		}							\
	} while (0)

#define RUN(test) tap::run(#test, test)

#endif /* TESTS_CXX_TAP_HPP */
