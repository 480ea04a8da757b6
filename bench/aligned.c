/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * aligned COUNT: random blocks among 2000 are replaced by ones that are aligned
 * to 16 bytes to 4 KiB and have 1 to 8 times as many.
 */
#include "bench.h"

#define LIVE	2000

static void *blocks[LIVE];

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 1);
	uint64_t random = 1, sum = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = random_below(&random, LIVE);
		size_t alignment = (size_t)16 << random_below(&random, 9);
		size_t size = alignment * (1 + random_below(&random, 8));

		sum += drop(blocks[at]);
		blocks[at] = touch(aligned_alloc(alignment, size), size);
		if ((uintptr_t)blocks[at] & (alignment - 1))
			die("a block is not aligned");
	}
	for (size_t i = 0; i < LIVE; i++)
		sum += drop(blocks[i]);
	return print_sum(sum);
}
