/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds blocks of several sizes, and prints "FUNCTION SIZE COUNT" for each. */
#include <cstdio>
#include <cstdlib>

static void *volatile last;

#define HOLDER(name, size, count)					\
	extern "C" __attribute__((noinline)) void name()		\
	{								\
		for (int i = 0; i < (count); i++) {			\
			last = std::malloc(size);			\
			std::free(std::malloc(size));			\
		}							\
		std::printf("%s %d %d\n", #name, size, count);		\
	}

HOLDER(of_8, 8, 20000)
HOLDER(of_24, 24, 20000)
HOLDER(of_100, 100, 10000)
HOLDER(of_1000, 1000, 5000)
HOLDER(of_10000, 10000, 500)
HOLDER(of_100000, 100000, 50)

int main()
{
	of_8();
	of_24();
	of_100();
	of_1000();
	of_10000();
	of_100000();
	return 0;
}
