/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sparse MIN MAX NTH COUNT: 120 MiB are allocated in blocks of MIN to below
 * MAX bytes, and all are freed but each NTH. So much is resident then is
 * printed. Then these are freed, too; COUNT times.
 */
#include "bench.h"

#define TOTAL	(120 * MIB)

int main(int argc, char **argv)
{
	size_t min = argument(argc, argv, 1), max = argument(argc, argv, 2);
	size_t nth = argument(argc, argv, 3), count = argument(argc, argv, 4);
	void **block = calloc(TOTAL / min, sizeof(*block));
	size_t before = resident_kib(), left = 0;
	uint64_t random = 1, sum = 0;

	if (!block)
		die("no memory");
	for (size_t round = 0; round < count; round++) {
		size_t n = 0, size;

		for (size_t bytes = 0; bytes + max < TOTAL; bytes += size) {
			size = random_size(&random, min, max);
			block[n++] = touch_pages(malloc(size), size);
		}
		for (size_t i = 0; i < n; i++)
			if (i % nth)
				sum += drop(block[i]);
		left = resident_kib();
		for (size_t i = 0; i < n; i += nth)
			sum += drop(block[i]);
	}
	free(block);
	print_left(before, left);
	return print_sum(sum);
}
