/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * objects COUNT MIN MAX: that many blocks of MIN to MAX bytes, all written.
 * Prints what was asked and what became resident, both KiB. There is no
 * table: each block points to the one before.
 */
#include "memory.h"

int main(int argc, char **argv)
{
	uint64_t random = 1;
	size_t count, least, most, n, asked = 0;
	void **block, **before = NULL;
	long resident;

	if (argc != 4)
		return 2;
	count = (size_t)atol(argv[1]);
	least = (size_t)atol(argv[2]);
	most = (size_t)atol(argv[3]);
	if (least < sizeof(*block) || most < least)
		return 2;
	resident = resident_kib();
	for (size_t i = 0; i < count; i++) {
		n = least + random_below(&random, most - least + 1);
		block = must(malloc(n));
		memset(block, 1, n);
		*block = before;
		before = block;
		asked += n;
	}
	(void)launder(before);
	resident = resident_kib() - resident;
	printf("%zu %ld\n", asked / 1024, resident);
	return 0;
}
