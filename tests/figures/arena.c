/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arena BYTES: a range that starts at an odd address is handed over; prints
 * its size, how much of it can be had in blocks of BYTES, and the size of the
 * largest single block, found by halving. To be run with
 * MIMALLOC_DISALLOW_OS_ALLOC=1, or memory comes from elsewhere.
 */
#include <mimalloc.h>

#include "memory.h"

#define RANGE		(8 * MIB)
#define ODD		4097

static bool inside(const char *range, const void *p, size_t bytes)
{
	uintptr_t at = (uintptr_t)p;

	return at >= (uintptr_t)range &&
	       at + bytes <= (uintptr_t)range + RANGE;
}

/* Blocks are linked through themselves: nothing else is allocated */
static size_t in_blocks(const char *range, size_t bytes)
{
	void **block, **last = NULL, **next;
	size_t count = 0;

	for (; (block = mi_malloc(bytes)) != NULL; count++) {
		if (!inside(range, block, bytes))
			_exit(3);
		*block = last;
		last = block;
	}
	for (; last; last = next) {
		next = *last;
		mi_free(last);
	}
	return count * bytes;
}

static size_t largest(const char *range)
{
	size_t good = 0, bad = RANGE + 1, n;
	void *p;

	while (bad - good > 1) {
		n = good + (bad - good) / 2;
		p = mi_malloc(n);
		if (p && !inside(range, p, n))
			_exit(3);
		if (p)
			good = n;
		else
			bad = n;
		mi_free(p);
	}
	return good;
}

int main(void)
{
	char *range = (char *)table_new(RANGE + 2 * ODD) + ODD;
	size_t fresh, blocks, after;

	if (!mi_manage_os_memory(range, RANGE, true, false, false, -1))
		return 2;
	fresh = largest(range);
	blocks = in_blocks(range, 4096);
	after = largest(range);
	dprintf(STDOUT_FILENO, "%zu %zu %zu %zu\n", RANGE, blocks, fresh,
		after);
	_exit(0);
}
