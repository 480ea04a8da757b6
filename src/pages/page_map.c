/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages/page.h"

/*
 * Maps the units of blocks number `first`..`last`, from 0, to `to` or to
 * nothing: all from that behind the start of the block before, which is mapped
 * already, to that where the last one starts. The entries are the page's alone,
 * so a window's are written without a lock. Another map may move when its arena
 * grows: where threads are concurrent not once there is a heap, so the lock is
 * held to be sure, and not because anything was seen to need it.
 * Who purges calls this while the owner may move the page to another of its
 * heaps: so `heap` is read once, and relaxed, as either leads to the instance.
 */
void page_map(struct page *page, size_t first, size_t last, struct run *to)
{
	struct heap *heap = atomic_read(&page->heap);
	struct arena *arena = arena_by_number(heap->instance,
					      page->arena_number);
	size_t bytes = page->block_size;
	uintptr_t from = run_start(&page->run), end = from + last * bytes;

	if (first)
		from = align_down(from + (first - 1) * bytes, UNIT_SIZE) +
		       UNIT_SIZE;
	if (from > end)
		return;
	if (!arena_in_window(arena))
		port_lock(&arena->instance->lock);
	arena_map_set(arena, to, from, end);
	if (!arena_in_window(arena))
		port_unlock(&arena->instance->lock);
}

void page_unmap(struct page *page)
{
	page_map(page, 0, page->reserved - 1u, NULL);
}
