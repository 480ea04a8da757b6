/* SPDX-License-Identifier: BSD-3-Clause */
/* A block that grows. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>

#include "bench.h"

void bench_realloc(struct uk_alloc *a)
{
	uint64_t begin = testbed_instructions();
	size_t size = 16;
	void *block = uk_malloc(a, size);

	while (block && size < 4 * MIB) {
		size += size / 8;
		block = uk_realloc(a, block, size);
	}
	if (!block)
		fail("realloc: no memory");
	uk_free(a, block);
	printf("realloc_to_4mib %" PRIu64 "\n",
	       testbed_instructions() - begin);
}
