/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions of <stdlib.h> and <malloc.h> that the libcs of Unikraft lack, on
 * the default allocator, as their malloc() and free() are. They are weak: a
 * libc that has one of them has its own.
 */
#include <errno.h>

#include "port_internal.h"

#include <uk/arch/limits.h>

#define WEAK	__attribute__((weak))

WEAK size_t malloc_usable_size(void *p);
WEAK void *aligned_alloc(size_t alignment, size_t size);
WEAK void *memalign(size_t alignment, size_t size);
WEAK void *pvalloc(size_t size);
WEAK void *reallocarray(void *p, size_t count, size_t size);
WEAK void *valloc(size_t size);

/* Other allocators leave errno to the caller, and ask for a word at least */
static void *aligned(size_t alignment, size_t size)
{
	void *p;

	if (!is_power_of_two(alignment)) {
		port_set_errno(EINVAL);
		return NULL;
	}
	if (alignment < sizeof(void *))
		alignment = sizeof(void *);
	p = uk_memalign(uk_alloc_get_default(), alignment, size);
	if (!p)
		port_set_errno(ENOMEM);
	return p;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return aligned(alignment, size);
}

void *memalign(size_t alignment, size_t size)
{
	return aligned(alignment, size);
}

void *valloc(size_t size)
{
	return aligned(__PAGE_SIZE, size);
}

void *pvalloc(size_t size)
{
	if (size > PTRDIFF_MAX) {
		port_set_errno(ENOMEM);
		return NULL;
	}
	return aligned(__PAGE_SIZE, size ? align_up(size, __PAGE_SIZE) :
					   __PAGE_SIZE);
}

void *reallocarray(void *p, size_t count, size_t size)
{
	size_t total;
	void *moved;

	if (multiply_overflows(count, size, &total)) {
		port_set_errno(ENOMEM);
		return NULL;
	}
	moved = uk_realloc(uk_alloc_get_default(), p, total);
	if (!moved && total)
		port_set_errno(ENOMEM);
	return moved;
}

/*
 * The default allocator may be a wrapper around one of ours, which is found by
 * the block. Of a block of another library nothing is known: 0.
 */
size_t malloc_usable_size(void *p)
{
	struct uk_alloc *a;
	size_t bytes = 0;

	uk_alloc_foreach(a) {
		if (allocator_is_ours(a))
			bytes = block_live_size(instance_of(a), p);
		if (bytes)
			break;
	}
	return bytes;
}
