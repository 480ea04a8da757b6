/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * zeroed SIZE LIVE COUNT: LIVE blocks are asked of calloc, read in three places
 * and written in two, then all are freed; COUNT pairs altogether.
 */
#include "bench.h"

static void *block_new(size_t size)
{
	volatile unsigned char *block = calloc(1, size);

	if (!block)
		die("no memory");
	if (block[0] || block[size / 2] || block[size - 1])
		die("a block of calloc is not zero");
	return touch((void *)block, size);
}

int main(int argc, char **argv)
{
	size_t size = argument(argc, argv, 1);
	size_t live = argument(argc, argv, 2);
	size_t rounds = argument(argc, argv, 3) / live;
	void **block = malloc(live * sizeof(*block));
	uint64_t sum = 0;

	if (!block)
		die("no memory");
	for (size_t round = 0; round < rounds + !rounds; round++) {
		for (size_t i = 0; i < live; i++)
			block[i] = block_new(size);
		for (size_t i = 0; i < live; i++)
			sum += drop(block[i]);
	}
	free(block);
	return print_sum(sum);
}
