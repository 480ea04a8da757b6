/* SPDX-License-Identifier: BSD-3-Clause */
/* Free blocks that are written to. */
#include "crime.h"

/*
 * A byte of a free block is written to; it is found when the block is handed
 * out again. The witnesses' page has other free blocks, too.
 */
static int write_after_free(size_t size, size_t offset, bool collected)
{
	struct witnesses w = witnesses_call(size);
	unsigned char *p = mi_malloc(size);
	void *again[SURVIVAL_BLOCKS];
	size_t count = 0;

	mi_free(p);
	if (collected)
		mi_collect(true);
	p = accuse(p);
	p[offset] = (unsigned char)(p[offset] + 1);
	while (count < SURVIVAL_BLOCKS && size * count < 64 << 20) {
		again[count] = mi_malloc(size);
		demand(again[count] != NULL, "no memory");
		memset(again[count++], 1, size);
	}
	while (count > 0)
		mi_free(again[--count]);
	witnesses_dismiss(&w);
	return survive();
}

/* The first word of a free block, its link, is written to. */
CRIME(write_link)
{
	size_t n = crime_size(argument, 48);

	return write_after_free(n, 3, false);
}

/* The second word of a free block, its tag, is written to. */
CRIME(write_tag)
{
	size_t n = crime_size(argument, 48);

	return write_after_free(n, 11, false);
}

/* The same of a block whose memory was given back. */
CRIME(write_hole)
{
	size_t n = crime_size(argument, 8000);

	return write_after_free(n, 11, true);
}

/* A byte in the middle of a free block is written to. */
CRIME(write_middle)
{
	size_t n = crime_size(argument, 48);

	return write_after_free(n, n / 2, false);
}

/* The last byte of a free block is written to. */
CRIME(write_last)
{
	size_t n = crime_size(argument, 48);

	return write_after_free(n, n - 1, false);
}
