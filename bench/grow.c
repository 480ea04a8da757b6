/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grow half|step|used COUNT: a block grows by realloc, and its last byte is
 * written each time: by half of itself from 16 bytes to 16 MiB; by 1 MiB from
 * 1 to 64 MiB; or by an eighth of itself from 16 bytes to 4 MiB on a heap where
 * 2048 blocks of 1 to 8 KiB came and all but every 16th went.
 */
#include "bench.h"

#define OTHERS	2048

static uint64_t grow(size_t from, size_t to, size_t part, size_t step)
{
	unsigned char *block = touch(malloc(from), from);
	size_t size = from;

	while (size < to) {
		size += part ? (size + part - 1) / part : step;
		block = realloc(block, size);
		if (!block)
			die("no memory");
		block[size - 1] = 1;
	}
	return drop(block);
}

static uint64_t grow_among_others(void)
{
	static void *others[OTHERS];
	uint64_t random = 1, sum = 0;

	for (size_t i = 0; i < OTHERS; i++) {
		size_t size = random_size(&random, KIB, 8 * KIB);

		others[i] = touch(malloc(size), size);
	}
	for (size_t i = 0; i < OTHERS; i++)
		if (i % 16)
			sum += drop(others[i]);
	sum += grow(16, 4 * MIB, 8, 0);
	for (size_t i = 0; i < OTHERS; i += 16)
		sum += drop(others[i]);
	return sum;
}

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 2);
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (has_word(argc, argv, "half"))
			sum += grow(16, 16 * MIB, 2, 0);
		else if (has_word(argc, argv, "step"))
			sum += grow(MIB, 64 * MIB, 0, MIB);
		else
			sum += grow_among_others();
	}
	return print_sum(sum);
}
