/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much is free in all, and nothing changed by asking: what a collection
 * would give back counts as free, so the answer depends on nothing but what
 * is handed out. Free blocks of pages in use serve one size only and are not
 * counted; what the largest of them holds is told beside it.
 *
 *	| live | free | empty page | cached | live | chunk | live |
 *	       |<-- one run, collected --->|      |<----->| and one
 */
#include "blocks/blocks.h"

/* A chunk of descriptors lies in the run that it describes itself */
static bool run_is_chunk(const struct page *run)
{
	return run->kind == RUN_META && run_start(run) == (uintptr_t)run;
}

static bool run_is_spare(const struct instance *instance,
			 const struct page *run)
{
	switch (run->kind) {
	case RUN_FREE:
		return true;
	case RUN_META:
		return run_is_chunk(run);
	case RUN_SMALL:
		return account_is_empty(run);
	default:
		return run == large_cache_run(instance);
	}
}

/* The block that malloc could take from the page, or 0 */
static size_t page_free_block(const struct page *page)
{
	const struct block *end = (const struct block *)page;

	if (page->kind != RUN_SMALL ||
	    (page->free == end && page->local_free == end &&
	     page->capacity == page->reserved))
		return 0;
	return page->block_size;
}

static size_t arena_available(const struct instance *instance,
			      const struct arena *arena, size_t *block)
{
	size_t units = 0, descriptors = 0, chunks = 0, slots;
	const struct page *run = arena->phys.first->phys.next;
	bool spare, before = false;

	for (; run; run = run->phys.next, before = spare) {
		spare = run_is_spare(instance, run);
		if (spare)
			units += run->units;
		else if (page_free_block(run) > *block)
			*block = page_free_block(run);
		descriptors += !spare || !before;
	}
	slots = arena->first_chunk->capacity - 1u;
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
