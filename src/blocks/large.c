/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large blocks: a run each.
 *
 *	| shift | block ...        | rest of the last unit |
 *
 * The shift is 0 unless an alignment at an offset asks for one; it is less
 * than a unit, and only the first unit is in the map.
 */
#include "blocks/blocks.h"

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

/* Takes the block that was freed last, where it has the right size */
static inline void *large_again(struct heap *heap, size_t size)
{
	struct instance *instance = heap->instance;
	size_t units = units_of(size);
	struct page *page;

	if (!units || large_cache_units(instance) != units)
		return NULL;
	page = large_cache_exchange(instance, NULL);
	if (unlikely(!page))
		return NULL;
	/* look again: now it is ours */
	if (unlikely(page->units != units || atomic_read(&page->heap) != heap ||
		     (uintptr_t)large_block(page) != run_start(page))) {
		instance_run_free(instance, page);
		return NULL;
	}
	*page->map_entry = page->map_value;
	return large_block(page);
}

static NOINLINE void *large_new(struct heap *heap, size_t size,
				size_t alignment, size_t offset, bool zero)
{
	struct instance *instance = heap->instance;
	struct run_request request = {
		.align_units = 1, .kind = RUN_LARGE, .arena = heap->arena,
		.heap = heap,
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
	account_void(page);
	page->free = (struct block *)block;
	arena_map_large(arena_by_number(instance, page->arena_number), page);
	*page->map_entry = page->map_value;
	return (void *)block;
}

void *large_alloc(struct heap *heap, size_t size, size_t alignment,
		  size_t offset, bool zero)
{
	void *block;

	if (likely(alignment <= UNIT_SIZE && offset == 0 &&
		   size <= CACHE_UNITS_MAX << UNIT_SHIFT)) {
		block = large_again(heap, size);
		if (likely(block)) {
			if (zero) {
				size = align_up(size ? size : 1, UNIT_SIZE);
				track_touch(block, size);
				memory_zero(block, size);
			}
			return block;
		}
	}
	return large_new(heap, size, alignment, offset, zero);
}

void large_free(struct instance *instance, struct page *page)
{
	atomic_write(page->map_entry, 0);
	if (likely(page->units <= CACHE_UNITS_MAX)) {
		page = large_cache_exchange(instance, page);
		if (!page)
			return;
	}
	instance_run_free(instance, page);
}

void large_lose(struct instance *instance, struct page *page)
{
	*page->map_entry = 0;
	instance_run_lose(instance, page);
}
