/* SPDX-License-Identifier: BSD-3-Clause */
#include "verbs.h"

/* From this size on contents are moved by exchanging mappings */
#define MOVE_BYTES_MIN		((size_t)1 << 20)

static bool resize(struct instance *instance, struct page *page, void *p,
		   size_t size)
{
	size_t shift, units;

	if (page->kind != RUN_LARGE)
		return size <= page->block_size;
	if (size > port_request_max())
		return false;
	shift = (uintptr_t)p - run_start(page);
	units = units_of(shift + (size ? size : 1));
	if (units > page->units)
		return units <= UINT32_MAX &&
		       instance_run_grow(instance, page, units - page->units);
	if (units < page->units)
		instance_run_shrink(instance, page, units);
	return true;
}

/* To tools that watch it is free meanwhile: another thread may get its end */
bool block_resize(struct instance *instance, struct page *page, void *p,
		  size_t size)
{
	bool resized;

	if (!MI_TRACK)
		return resize(instance, page, p, size);
	track_free(p, block_usable(page, p));
	resized = resize(instance, page, p, size);
	track_alloc(p, block_usable(page, p), true);
	return resized;
}

/* Neither wastes half of the block nor keeps a run for a small block */
static bool stays(const struct page *page, size_t usable, size_t size)
{
	if (page->kind == RUN_LARGE)
		return size > CLASSED_SIZE_MAX || usable <= UNIT_SIZE;
	return size <= usable && size >= usable / 2;
}

/* Memory that was handed over may be shared: its mappings stay */
static bool mappings_may_move(struct instance *instance, const void *a,
			      const void *b)
{
	const struct arena *of_a = arena_of(instance, a);
	const struct arena *of_b = arena_of(instance, b);

	return of_a && !of_a->fixed && of_b && !of_b->fixed;
}

static void contents_move(struct instance *instance, void *to, void *from,
			  size_t bytes)
{
	size_t whole = align_down(bytes, UNIT_SIZE);

	if (bytes >= MOVE_BYTES_MIN &&
	    ((uintptr_t)to & (UNIT_SIZE - 1)) == 0 &&
	    ((uintptr_t)from & (UNIT_SIZE - 1)) == 0 &&
	    mappings_may_move(instance, to, from)) {
		/* the tail first: what was moved cannot be read any more */
		memory_copy((char *)to + whole, (char *)from + whole,
			    bytes - whole);
		if (port_move(to, from, whole))
			return;
	}
	memory_copy(to, from, bytes);
}

/*
 * With `zero`, the block was zero to its end when it was made, and stays
 * zero beyond its size: what is cut off is cleared, what is added is zero.
 */
void *heap_realloc(struct heap *heap, void *p, size_t size, bool zero)
{
	struct instance *instance;
	size_t usable, new_usable;
	struct page *page;
	void *moved;

	if (!p)
		return zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
	instance = heap_instance(heap);
	page = block_page(instance, p, "realloc");
	if (unlikely(!page))
		return NULL;
	usable = block_usable(page, p);
	if (stays(page, usable, size) &&
	    block_resize(instance, page, p, size)) {
		new_usable = block_usable(page, p);
		if (zero && size < usable && size < new_usable)
			memory_zero((char *)p + size,
				    (new_usable < usable ? new_usable : usable)
				    - size);
		if (zero && new_usable > usable)
			memory_zero((char *)p + usable, new_usable - usable);
		return p;
	}
	moved = heap_malloc(heap, size);
	if (unlikely(!moved)) {
		/* what is there is large enough, only too large */
		if (size > usable || !block_resize(instance, page, p, size))
			return NULL;
		if (zero)
			memory_zero((char *)p + size,
				    block_usable(page, p) - size);
		return p;
	}
	page = block_page_quiet(instance, moved);
	new_usable = block_usable(page, moved);
	if (MI_TRACK) {
		track_touch(moved, new_usable);
		track_touch(p, usable);
	}
	if (usable > size)
		usable = size;
	contents_move(instance, moved, p, usable);
	if (zero)
		memory_zero((char *)moved + usable, new_usable - usable);
	if (MI_TRACK) {
		track_block(instance, moved, true);
		track_unblock(instance, p);
	}
	instance_free(instance, p);
	return moved;
}
