/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A block that grows by eighths of itself from 16 bytes to 4 MiB: on a fresh
 * heap, and where 2048 blocks of 1 to 8 KiB have come, and all but every 16th
 * of them gone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>

#include "bench.h"

#define PAGE 4096UL
#define FRESH (16 * MIB)
#define OTHERS 2048
#define STAY 16			/* one in so many */
#define SMALL (32 * KIB)	/* up to here a block moves at each size class */

static void grow(struct uk_alloc *a, const char *figure)
{
	uint64_t begin = testbed_instructions(), moves = 0;
	size_t size = 16, held;
	void *block = uk_malloc(a, size), *before;

	while (block && size < 4 * MIB) {
		before = block;
		held = size;
		size += size / 8;
		block = uk_realloc(a, block, size);
		moves += block != before && held > SMALL;
	}
	if (!block)
		fail("a block that grows: no memory");
	uk_free(a, block);
	printf("%s %" PRIu64 "\n%s_moves %" PRIu64 "\n", figure,
	       testbed_instructions() - begin, figure, moves);
}

/* On an allocator of its own: that stays, as none can be taken back */
void bench_grow_fresh(struct uk_alloc *a)
{
	void *memory = uk_palloc(a, FRESH / PAGE);

	a = memory ? testbed_alloc_init(memory, FRESH) : NULL;
	if (!a)
		fail("a fresh heap: no memory");
	grow(a, "realloc_fresh");
}

void bench_grow_used(struct uk_alloc *a)
{
	static void *others[OTHERS];

	for (size_t i = 0; i < OTHERS; i++) {
		others[i] = uk_malloc(a, KIB + random_next() % (7 * KIB));
		if (!others[i])
			fail("blocks beside one that grows: no memory");
	}
	for (size_t i = 0; i < OTHERS; i++)
		if (i % STAY)
			uk_free(a, others[i]);
	grow(a, "realloc_used");
	for (size_t i = 0; i < OTHERS; i += STAY)
		uk_free(a, others[i]);
}
