/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator that is made of the next one's malloc and free, which it calls
 * by name: so the profiler sees calls inside of calls.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *calloc(size_t count, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(total);
	return p ? memset(p, 0, total) : NULL;
}

void *realloc(void *p, size_t size)
{
	size_t usable = p ? malloc_usable_size(p) : 0;
	void *moved = malloc(size);

	if (!moved)
		return NULL;
	if (p)
		memcpy(moved, p, usable < size ? usable : size);
	free(p);
	return moved;
}

void *memalign(size_t alignment, size_t size)
{
	return aligned_alloc(alignment, size);
}
