/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large blocks: a run each.
 *
 *	| shift | block ...        | rest of the last unit |
 *
 * The shift is 0 unless an alignment at an offset asks for one; it is less
 * than a unit, and only the first unit is in the map.
 */
#include "verbs.h"

static bool request_place(struct run_request *request, size_t size,
			  size_t alignment, size_t offset, size_t *shift)
{
	/* (start + shift + offset) % alignment == 0 */
	size_t target = (0 - offset) & (alignment - 1);

	*shift = target & (UNIT_SIZE - 1);
	if (alignment > UNIT_SIZE) {
		request->align_units = alignment >> UNIT_SHIFT;
		request->phase_units = (0 - (target >> UNIT_SHIFT)) &
				       (request->align_units - 1);
	}
	if (size > port_request_max() || alignment > port_request_max())
		return false;
	request->units = units_of(*shift + (size ? size : 1));
	return request->units <= UINT32_MAX;
}

void *large_alloc(struct heap *heap, size_t size, size_t alignment,
		  size_t offset, bool zero)
{
	struct instance *instance = heap->instance;
	struct run_request request = {
		.align_units = 1, .kind = RUN_LARGE, .arena = heap->arena,
		.heap = PORT_DROPS_HEAPS ? heap : NULL,
	};
	struct page *page;
	uintptr_t block;
	size_t shift;

	if (unlikely(!request_place(&request, size, alignment, offset, &shift)))
		return error_no_memory(size);
	page = instance_run_alloc(instance, &request);
	if (unlikely(!page)) {
		heap_collect_all(heap);
		page = instance_run_alloc(instance, &request);
		if (!page)
			return error_no_memory(size);
	}
	block = run_start(page) + shift;
	if (zero && !(page->flags & RUN_ZERO))
		memory_zero((void *)block, run_end(page) - block);
	page->flags &= (uint8_t)~RUN_ZERO;
	page->reciprocal = 0;
	page->sum = 0;
	page->held = 0;
	page->free = (struct block *)block;
	instance_map_set(instance, page);
	return (void *)block;
}

/* As large_alloc() of a size alone, from a run that was kept whole */
void *large_malloc(struct heap *heap, size_t size)
{
	struct instance *instance = heap->instance;
	struct page *page = NULL;
	size_t units = units_of(size);

	/* with neither a lock to take nor frames to promise */
	if (MI_RUN_CACHE && !MI_CONCURRENT && likely(!instance->purge_enabled))
		page = cache_take(instance, units);
	if (!page)
		return large_alloc(heap, size, BLOCK_ALIGN, 0, false);
	page->kind = RUN_LARGE;
	page->reciprocal = 0;
	page->sum = 0;
	page->held = 0;
	page->heap = NULL;
	page->free = (struct block *)run_start(page);
	stats_add(instance, page, units, 1);
	instance_map_set(instance, page);
	return page->free;
}

void large_free(struct instance *instance, struct page *page)
{
	instance_run_free(instance, page);
}
