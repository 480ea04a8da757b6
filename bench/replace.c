/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * replace LIVE MIN MAX COUNT [pages]: random blocks among LIVE are replaced by
 * new ones of MIN to below MAX bytes; MAX is a power of two times MIN. pages:
 * a byte of each page of the system is written.
 */
#include "bench.h"

int main(int argc, char **argv)
{
	size_t live = argument(argc, argv, 1);
	size_t min = argument(argc, argv, 2);
	size_t max = argument(argc, argv, 3);
	size_t count = argument(argc, argv, 4);
	bool pages = has_word(argc, argv, "pages");
	void **block = calloc(live, sizeof(*block));
	uint64_t random = 1, sum = 0;

	if (!block)
		die("no memory");
	for (size_t i = 0; i < live + count; i++) {
		size_t at = i < live ? i : random_below(&random, live);
		size_t size = random_size(&random, min, max);

		sum += drop(block[at]);
		block[at] = pages ? touch_pages(malloc(size), size)
				  : touch(malloc(size), size);
	}
	for (size_t i = 0; i < live; i++)
		sum += drop(block[i]);
	free(block);
	return print_sum(sum);
}
