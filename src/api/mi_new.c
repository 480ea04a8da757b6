/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What C++ operator new is made of: on failure the new-handler is called and
 * the request tried again, as long as there is a handler; then
 * std::bad_alloc, or the end of a program that has no C++ library.
 */
#include "api/api.h"

/* After a failure: true when it is worth another try */
static bool try_again(bool may_throw)
{
	if (!may_throw)
		return false;
	if (port_new_handler())
		return true;
	port_throw_bad_alloc();
}

/* `heap`: NULL for the default one, which the handler may change or end */
static COLD void *new_slow(struct heap *heap, size_t size, size_t alignment,
			   bool may_throw)
{
	void *p = NULL;

	while (!p && size <= PTRDIFF_MAX && try_again(may_throw))
		p = tracked(heap_malloc_aligned(heap ? heap : heap_here(),
						size, alignment, 0, false),
			    false);
	if (!p && may_throw)
		port_throw_bad_alloc();
	return p;
}

void *mi_new(size_t size)
{
	void *p = mi_malloc(size);

	return likely(p) ? p : new_slow(NULL, size, BLOCK_ALIGN, true);
}

void *mi_new_nothrow(size_t size)
{
	return mi_malloc(size);
}

void *mi_new_aligned(size_t size, size_t alignment)
{
	void *p = mi_malloc_aligned(size, alignment);

	return likely(p) ? p : new_slow(NULL, size, alignment, true);
}

void *mi_new_aligned_nothrow(size_t size, size_t alignment)
{
	return mi_malloc_aligned(size, alignment);
}

void *mi_heap_alloc_new(mi_heap_t *heap, size_t size)
{
	void *p = mi_heap_malloc(heap, size);

	return likely(p) ? p : new_slow(heap_of_api(heap), size, BLOCK_ALIGN,
					true);
}

void *mi_heap_alloc_new_n(mi_heap_t *heap, size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		port_throw_bad_alloc();
	return mi_heap_alloc_new(heap, total);
}

void *mi_new_n(size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		port_throw_bad_alloc();
	return mi_new(total);
}

void *mi_new_realloc(void *p, size_t newsize)
{
	void *moved = mi_realloc(p, newsize);

	while (!moved && newsize <= PTRDIFF_MAX && try_again(true))
		moved = mi_realloc(p, newsize);
	if (!moved)
		port_throw_bad_alloc();
	return moved;
}

void *mi_new_reallocn(void *p, size_t newcount, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(newcount, size, &total)))
		port_throw_bad_alloc();
	return mi_new_realloc(p, total);
}
