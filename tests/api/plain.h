/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of plain allocation and of reallocation share. */
#ifndef TESTS_API_PLAIN_H
#define TESTS_API_PLAIN_H

#include "check.h"

/* Sizes around each limit that there is, and others */
static const size_t sizes[] = {
	0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 127,
	128, 129, 200, 255, 256, 257, 500, 511, 512, 513, 1000, 1023, 1024,
	1025, 1500, 2048, 3000, 4095, 4096, 4097, 6000, 8192, 10000, 16384,
	20000, 32768, 40000, 65535, 65536, 65537, 100000, 131072, 200000,
	262144, 500000, 524288, 1000000, 1048576, 2000000, 5000000, 16777216,
};

/* Requests that no machine can meet. */
static inline size_t impossible(size_t i)
{
	static const size_t requests[] = {
		(size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX + 4096,
		SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX - 1, SIZE_MAX,
	};

	return launder_size(requests[i % ARRAY_LENGTH(requests)]);
}

#define IMPOSSIBLE_COUNT 6

/* NULL with ENOMEM, from a clean errno. */
#define assert_no_memory(call)						\
	do {								\
		errno = 0;						\
		assert_null(call);					\
		assert_int_equal(errno, ENOMEM);			\
	} while (0)

/* A block for `size` bytes that is ours, and errno as it was. */
#define assert_block(p, size)	expect_block((p), (size), __LINE__)

static inline void expect_block(const void *p, size_t size, int line)
{
	check(p != NULL, "line %d: size %zu: NULL", line, size);
	check(errno == ERRNO_UNTOUCHED, "line %d: errno %d", line, errno);
	check(mi_usable_size(p) >= size, "line %d: size %zu: usable %zu",
	      line, size, mi_usable_size(p));
	check(mi_is_in_heap_region(p), "line %d: not in the region", line);
	check(is_aligned(p, 16), "line %d: %p", line, p);
}

#endif /* TESTS_API_PLAIN_H */
