/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much is free in all, and nothing changed by asking: what a collection
 * would give back counts as free, so the answer depends on nothing but what
 * is handed out. Free blocks of pages in use serve one size only and are not
 * counted; what the largest of them holds is told beside it. Where threads are
 * concurrent, pages of others are not looked at: whatever is free there is for
 * these alone.
 *
 *	| live | free | empty page | cached | live | chunk | live |
 *	       |<-- one run, collected --->|      |<----->| and one
 */
#include "blocks/blocks.h"

/* A chunk of descriptors lies in the run that it describes itself */
static bool run_is_chunk(const struct run *run)
{
	return run->kind == RUN_META && run_start(run) == (uintptr_t)run;
}

/* Where threads take turns all pages are as good as the caller's own */
static bool page_is_own(const struct run *run)
{
#if MI_CONCURRENT
	return port_thread_is(atomic_read(&run->owner));
#else
	(void)run;
	return true;
#endif
}

static bool run_is_spare(const struct instance *instance, struct run *run)
{
	switch (run->kind) {
	case RUN_FREE:
	case RUN_SHELVED:
		return true;
	case RUN_META:
		return run_is_chunk(run);
	case RUN_PAGE:
		return page_is_own(run) && account_is_empty(page_of_run(run));
	case RUN_LARGE:
		return large_of_run(run) == large_cache_block(instance);
	default:
		return false;
	}
}

/* What the block holds that malloc could take from the run, or 0 */
static size_t run_free_block(struct run *run)
{
	const struct block *end;
	const struct page *page;

	if (run->kind != RUN_PAGE || !page_is_own(run))
		return 0;
	page = page_of_run(run);
	end = page_empty_list(page);
	if (page->free == end && page->local_free == end && !page->holes &&
	    page->capacity == page->reserved)
		return 0;
	return page->block_size;
}

static size_t arena_available(const struct instance *instance,
			      const struct arena *arena, size_t *block)
{
	size_t units = 0, descriptors = 0, chunks = 0, slots;
	struct run *run = arena->phys.first->phys.next;
	bool spare, before = false;

	for (; run; run = run->phys.next, before = spare) {
		spare = run_is_spare(instance, run);
		if (spare)
			units += run->units;
		else if (run_free_block(run) > *block)
			*block = run_free_block(run);
		descriptors += !spare || !before;
	}
	slots = arena->first_chunk->slots - 1u;
	if (descriptors > slots)
		chunks = (descriptors - slots + CHUNK_SLOTS - 2) /
			 (CHUNK_SLOTS - 1);
	return units > chunks ? units - chunks : 0;
}

size_t instance_available(struct instance *instance, size_t *block)
{
	const struct arena *arena;
	size_t units = 0;

	*block = 0;
	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next)
		units += arena_available(instance, arena, block);
	port_unlock(&instance->lock);
	return units << UNIT_SHIFT;
}
