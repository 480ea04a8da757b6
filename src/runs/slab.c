/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slab of descriptors. They come from chunks of one unit: 32 slots, the
 * first of which describes the chunk's own run. The first chunk lies in an
 * arena's header and has fewer slots.
 *
 * The chunks of an arena are those of its pool. That is the arena itself
 * where it holds its own data, and else the region for the engine's data,
 * which is the pool of all arenas of the instance.
 *
 *	chunk: | own | free | used | used | free | ...
 *
 * This file asks for no unit and gives none back: who calls it does so, with
 * slab_add() and slab_remove(), see chunk.c. All but slab_movable() is O(1).
 *
 * Of a chunk's own descriptor, `free` is the list of free slots, `capacity`
 * counts all slots and `reserved` those in use.
 */
#include "runs/runs.h"

_Static_assert(CHUNK_SLOTS == 32, "a chunk fills its unit");

static struct page *chunk_of(struct arena *pool, struct page *page)
{
	struct page *first = pool->first_chunk;

	if ((size_t)(page - first) < first->capacity && page >= first)
		return first;
	return (struct page *)align_down((uintptr_t)page, UNIT_SIZE);
}

static void chunk_unlist(struct arena *pool, struct page *chunk)
{
	DEQUE_REMOVE(&pool->chunks, chunk, list);
}

/* An empty chunk is used last, and given back when there is enough else */
static void chunk_to_end(struct arena *pool, struct page *chunk)
{
	chunk_unlist(pool, chunk);
	DEQUE_APPEND(&pool->chunks, chunk, list);
}

static void chunk_init(struct arena *pool, struct page *slots, size_t count)
{
	struct page *chunk = slots;
	size_t i;

	memory_zero(chunk, sizeof(*chunk));
	chunk->kind = RUN_META;
	chunk->arena_number = pool->number;
	chunk->capacity = (uint16_t)count;
	chunk->reserved = 1;
	for (i = count - 1; i > 0; i--) {
		slots[i].kind = RUN_NONE;
		slots[i].list.next = (struct page *)chunk->free;
		chunk->free = (struct block *)&slots[i];
	}
	pool->descriptors_free += count - 1;
	DEQUE_PREPEND(&pool->chunks, chunk, list);
	if (chunk->list.next)
		chunk_to_end(pool, chunk);
}

void descriptors_init(struct arena *pool, struct page *slots, size_t count,
		      size_t header_units)
{
	chunk_init(pool, slots, count);
	pool->first_chunk = slots;
	slots->origin = pool->start;
	slots->units = (uint32_t)header_units;
	DEQUE_APPEND(&pool->phys, slots, phys);
}

struct page *chunk_take(struct arena *pool, struct page *chunk)
{
	struct page *page = (struct page *)chunk->free;

	chunk->free = (struct block *)page->list.next;
	chunk->reserved++;
	if (unlikely(!chunk->free))
		chunk_unlist(pool, chunk);
	pool->descriptors_free--;
	return page;
}

struct page *descriptor_take(struct arena *arena)
{
	struct arena *pool = arena->pool;
	struct page *page;

	if (unlikely(!pool->chunks.first))
		return NULL;
	page = chunk_take(pool, pool->chunks.first);
	page->owner = 0;
	page->heap = NULL;
	page->block_size = 0;
	page->flags = 0;
	page->arena_number = arena->number;
	return page;
}

struct page *descriptor_take_first(struct arena *pool, struct page *than)
{
	struct page *first = pool->first_chunk;

	if (!first->free || chunk_of(pool, than) == first)
		return NULL;
	return chunk_take(pool, first);
}

void descriptor_give(struct arena *arena, struct page *page)
{
	struct arena *pool = arena->pool;
	struct page *chunk = chunk_of(pool, page);

	mi_assert(chunk->kind == RUN_META && chunk->reserved > 1);
	page->kind = RUN_NONE;
	page->owner = 0;
	page->list.next = (struct page *)chunk->free;
	if (unlikely(!chunk->free))
		DEQUE_PREPEND(&pool->chunks, chunk, list);
	chunk->free = (struct block *)page;
	chunk->reserved--;
	pool->descriptors_free++;
	if (unlikely(chunk->reserved == 1) && chunk != pool->first_chunk)
		chunk_to_end(pool, chunk);
}

/* Whether nothing but free runs keeps the chunk */
static bool chunk_is_movable(const struct arena *pool,
			     const struct page *chunk)
{
	size_t i;

	for (i = 1; i < CHUNK_SLOTS; i++)
		if (chunk[i].kind != RUN_NONE && chunk[i].kind != RUN_FREE)
			return false;
	return chunk != pool->first_chunk && chunk->reserved > 1;
}

struct page *slab_add(struct arena *pool, struct page *run)
{
	struct page *chunk = (struct page *)run_start(run);

	chunk_init(pool, chunk, CHUNK_SLOTS);
	chunk->origin = run->origin;
	chunk->units = 1;
	chunk->phys = run->phys;
	DEQUE_RELINK(&pool->phys, chunk, phys);
	descriptor_give(pool, run);
	return chunk;
}

struct page *slab_remove(struct arena *pool, struct page *chunk)
{
	struct page *run;

	mi_assert(chunk->reserved == 1 && chunk != pool->first_chunk);
	chunk_unlist(pool, chunk);
	pool->descriptors_free -= CHUNK_SLOTS - 1;
	run = descriptor_take(pool);
	run->origin = chunk->origin;
	run->units = 1;
	run->kind = RUN_META;
	run->phys = chunk->phys;
	DEQUE_RELINK(&pool->phys, run, phys);
	return run;
}

struct page *slab_spare(const struct arena *pool)
{
	struct page *chunk = pool->chunks.last;

	if (likely(!chunk || chunk->reserved > 1) ||
	    chunk == pool->first_chunk || pool->descriptors_free <
	    CHUNK_SLOTS - 1 + DESCRIPTOR_RESERVE)
		return NULL;
	return chunk;
}

struct page *slab_movable(const struct arena *pool)
{
	struct page *chunk = pool->chunks.last;

	while (chunk && !chunk_is_movable(pool, chunk))
		chunk = chunk->list.prev;
	return chunk;
}
