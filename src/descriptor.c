/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors come from chunks of one unit: 32 slots, the first of which
 * describes the chunk's own run. The first chunk lies in an arena's header and
 * has fewer slots.
 *
 * The chunks of an arena are those of its pool. That is the arena itself
 * where it holds its own data, and else the region for the engine's data,
 * which is the pool of all arenas of the instance.
 *
 *	chunk: | own | free | used | used | free | ...
 *
 * Of a chunk's own descriptor, `free` is the list of free slots, `capacity`
 * counts all slots and `reserved` those in use.
 */
#include "arena.h"

_Static_assert(CHUNK_SLOTS == 32, "a chunk fills its unit");

static struct page *chunk_of(struct arena *pool, struct page *page)
{
	struct page *first = pool->first_chunk;

	if ((size_t)(page - first) < first->capacity && page >= first)
		return first;
	return (struct page *)align_down((uintptr_t)page, UNIT_SIZE);
}

/* An empty chunk is used last, and given back when there is enough else */
static void chunk_to_end(struct arena *pool, struct page *chunk)
{
	DEQUE_REMOVE(&pool->chunks, chunk, list);
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

static struct page *chunk_take(struct arena *pool, struct page *chunk)
{
	struct page *page = (struct page *)chunk->free;

	chunk->free = (struct block *)page->list.next;
	chunk->reserved++;
	if (unlikely(!chunk->free))
		DEQUE_REMOVE(&pool->chunks, chunk, list);
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

/*
 * A chunk that only describes itself becomes a free run. Its descriptor
 * cannot stay where it is, so another chunk lends one.
 */
static void chunk_release(struct arena *pool, struct page *chunk)
{
	struct page *run;

	DEQUE_REMOVE(&pool->chunks, chunk, list);
	pool->descriptors_free -= CHUNK_SLOTS - 1;
	run = descriptor_take(pool);
	run->origin = chunk->origin;
	run->units = 1;
	run->phys = chunk->phys;
	DEQUE_RELINK(&pool->phys, run, phys);
	run_put(pool, run, true);
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

void descriptors_trim(struct arena *arena)
{
	struct arena *pool = arena->pool;
	struct page *chunk = pool->chunks.last;

	if (likely(!chunk || chunk->reserved > 1) || pool->trimming)
		return;
	pool->trimming = true;
	/* bounded: a release makes at most one more chunk empty */
	while (chunk && chunk->reserved == 1 && chunk != pool->first_chunk &&
	       pool->descriptors_free >=
	       CHUNK_SLOTS - 1 + DESCRIPTOR_RESERVE) {
		chunk_release(pool, chunk);
		chunk = pool->chunks.last;
	}
	pool->trimming = false;
}

/* A chunk more, in the smallest free run */
static bool chunk_add(struct arena *pool)
{
	struct page *run, *slots;
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	if (pool->descriptors_free == 0)
		return false;
	run = run_cut(pool, &request);
	/* the region for the engine's data grows, which takes a descriptor */
	if (!run && pool->grows && pool->descriptors_free > 1 &&
	    !pool->growing) {
		pool->growing = true;
		if (arena_grow(pool, 1))
			run = run_cut(pool, &request);
		pool->growing = false;
	}
	if (!run)
		return false;
	/* The run's descriptor moves into the chunk that it describes */
	slots = (struct page *)run_start(run);
	chunk_init(pool, slots, CHUNK_SLOTS);
	slots->origin = run->origin;
	slots->units = 1;
	slots->phys = run->phys;
	DEQUE_RELINK(&pool->phys, slots, phys);
	descriptor_give(pool, run);
	return true;
}

bool descriptors_reserve(struct arena *arena)
{
	struct arena *pool = arena->pool;

	return likely(pool->descriptors_free >= DESCRIPTOR_RESERVE) ||
	       chunk_add(pool);
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

static struct page *chunk_movable(const struct arena *pool)
{
	struct page *chunk = pool->chunks.last;

	while (chunk && !chunk_is_movable(pool, chunk))
		chunk = chunk->list.prev;
	return chunk;
}

/* Its free runs go to other chunks in use, as far as there is room */
static void chunk_move(struct arena *pool, struct page *chunk)
{
	struct page *slot, *to;
	size_t i;

	DEQUE_REMOVE(&pool->chunks, chunk, list);
	pool->descriptors_free -= (size_t)(chunk->capacity - chunk->reserved);
	for (i = 1; i < CHUNK_SLOTS; i++) {
		slot = &chunk[i];
		to = pool->chunks.first;
		if (!to || (to->reserved == 1 && to != pool->first_chunk))
			break;
		if (slot->kind != RUN_FREE)
			continue;
		run_move(arena_by_number(pool->instance, slot->arena_number),
			 slot, chunk_take(pool, to));
		slot->kind = RUN_NONE;
		slot->list.next = (struct page *)chunk->free;
		chunk->free = (struct block *)slot;
		chunk->reserved--;
	}
	pool->descriptors_free += (size_t)(chunk->capacity - chunk->reserved);
	DEQUE_PREPEND(&pool->chunks, chunk, list);
	if (chunk->reserved == 1)
		chunk_to_end(pool, chunk);
}

/*
 * An empty chunk that is there in reserve was made when memory was full, and
 * may stand in the middle of what could be the largest free run now.
 *
 *	| free run           | chunk | free run |
 *	| chunk | free run                      |
 */
static void chunk_relocate(struct arena *pool)
{
	struct page *chunk = pool->chunks.last, *run, *slots;
	uintptr_t dirty_start, dirty_end;

	if (!chunk || chunk->reserved > 1 || chunk == pool->first_chunk)
		return;
	run = chunk->phys.prev;
	if (!run || run->kind != RUN_FREE || !chunk->phys.next ||
	    chunk->phys.next->kind != RUN_FREE)
		return;
	DEQUE_REMOVE(&pool->chunks, chunk, list);
	pool->descriptors_free -= CHUNK_SLOTS - 1;
	dirty_start = run->dirty_start;
	dirty_end = run->dirty_end;
	run_set_dirty(pool, run, 0, 0);
	run_unbin(pool, run);
	pool->units_free -= run->units;

	slots = (struct page *)run_start(run);
	track_touch(slots, UNIT_SIZE);
	chunk_init(pool, slots, CHUNK_SLOTS);
	slots->origin = run->origin;
	slots->units = 1;
	DEQUE_INSERT_BEFORE(&pool->phys, run, slots, phys);
	DEQUE_REMOVE(&pool->phys, chunk, phys);
	run->origin += UNIT_SIZE;
	run->kind = RUN_META;
	run_put(pool, run, false);
	run = slots->phys.next;
	if (dirty_start < run_start(run))
		dirty_start = run_start(run);
	if (dirty_start < dirty_end)
		run_widen_dirty(pool, run, dirty_start, dirty_end);
	run_widen_dirty(pool, run, (uintptr_t)chunk,
			(uintptr_t)chunk + UNIT_SIZE);
}

void descriptors_settle(struct arena *arena)
{
	struct arena *pool = arena->pool;
	unsigned int rounds = 8;
	struct page *chunk;
	size_t free;

	(void)descriptors_reserve(arena);
	do {	/* what joins may let another chunk go */
		free = pool->units_free;
		do {	/* bounded: each round empties a chunk, fills none */
			chunk = chunk_movable(pool);
			if (chunk)
				chunk_move(pool, chunk);
		} while (chunk && chunk->reserved == 1);
		descriptors_trim(pool);
	} while (pool->units_free != free && --rounds);
	chunk_relocate(pool);
}
