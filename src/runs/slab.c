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
 */
#include "runs/runs.h"

/* Where a descriptor lies: the first chunk is part of a header, not a unit */
static struct chunk *chunk_of(const struct arena *pool, struct run *run)
{
	struct chunk *first = pool->first_chunk;

	if ((size_t)(run - &first->run) < first->slots && run >= &first->run)
		return first;
	return (struct chunk *)align_down((uintptr_t)run, UNIT_SIZE);
}

static void chunk_unlist(struct arena *pool, struct chunk *chunk)
{
	DEQUE_REMOVE(&pool->chunks, chunk, list);
}

/*
 * An empty chunk stands at the end: descriptor_take() takes from the first one,
 * so that those in use are filled and this one can be given back, for which
 * slab_spare() looks at the last one.
 */
static void chunk_to_end(struct arena *pool, struct chunk *chunk)
{
	chunk_unlist(pool, chunk);
	DEQUE_APPEND(&pool->chunks, chunk, list);
}

static void chunk_push(struct chunk *chunk, struct run *run)
{
	struct slot *slot = (struct slot *)run;

	run->kind = RUN_NONE;
	slot->next = chunk->free;
	chunk->free = slot;
}

static void chunk_init(struct arena *pool, struct chunk *chunk, size_t slots)
{
	size_t i;

	memory_zero(chunk, sizeof(*chunk));
	chunk->kind = RUN_META;
	chunk->arena_number = pool->number;
	chunk->slots = (uint16_t)slots;
	chunk->used = 1;
	for (i = slots - 1; i > 0; i--)	/* so the lowest is taken first */
		chunk_push(chunk, chunk_slot(chunk, i));
	pool->descriptors_free += slots - 1;
	DEQUE_PREPEND(&pool->chunks, chunk, list);
	if (chunk->list.next)
		chunk_to_end(pool, chunk);
}

void descriptors_init(struct arena *pool, struct chunk *chunk, size_t slots,
		      size_t header_units)
{
	chunk_init(pool, chunk, slots);
	pool->first_chunk = chunk;
	chunk->origin = pool->start;
	chunk->units = (uint32_t)header_units;
	DEQUE_APPEND(&pool->phys, &chunk->run, phys);
}

struct run *chunk_take(struct arena *pool, struct chunk *chunk)
{
	struct slot *slot = chunk->free;

	chunk->free = slot->next;
	chunk->used++;
	if (unlikely(!chunk->free))
		chunk_unlist(pool, chunk);
	pool->descriptors_free--;
	return &slot->run;
}

struct run *descriptor_take(struct arena *arena)
{
	struct arena *pool = arena->pool;
	struct run *run;

	if (unlikely(!pool->chunks.first))
		return NULL;
	run = chunk_take(pool, pool->chunks.first);
	run->owner = 0;
	run_void(run);
	run->flags = 0;
	run->arena_number = arena->number;
	return run;
}

struct run *descriptor_take_first(struct arena *pool, struct run *than)
{
	struct chunk *first = pool->first_chunk;

	if (!first->free || chunk_of(pool, than) == first)
		return NULL;
	return chunk_take(pool, first);
}

void descriptor_give(struct arena *arena, struct run *run)
{
	struct arena *pool = arena->pool;
	struct chunk *chunk = chunk_of(pool, run);

	mi_assert(chunk->kind == RUN_META && chunk->used > 1);
	run->owner = 0;
	if (unlikely(!chunk->free))
		DEQUE_PREPEND(&pool->chunks, chunk, list);
	chunk_push(chunk, run);
	chunk->used--;
	pool->descriptors_free++;
	if (unlikely(chunk->used == 1) && chunk != pool->first_chunk)
		chunk_to_end(pool, chunk);
}

/* Whether the chunk has descriptors in use, and all of them of free runs */
static bool chunk_is_movable(const struct arena *pool, struct chunk *chunk)
{
	const struct run *run;
	size_t i;

	if (chunk == pool->first_chunk || chunk->used == 1)
		return false;
	for (i = 1; i < CHUNK_SLOTS; i++) {
		run = chunk_slot(chunk, i);
		if (run->kind != RUN_NONE && run->kind != RUN_FREE)
			return false;
	}
	return true;
}

/* The run's place in the arena goes to the descriptor inside of the run */
void slab_add(struct arena *pool, struct run *run)
{
	struct chunk *chunk = (struct chunk *)run_start(run);
	struct run *own = &chunk->run;

	chunk_init(pool, chunk, CHUNK_SLOTS);
	own->origin = run->origin;
	own->units = 1;
	own->phys = run->phys;
	DEQUE_RELINK(&pool->phys, own, phys);
	descriptor_give(pool, run);
}

struct run *slab_remove(struct arena *pool, struct chunk *chunk)
{
	struct run *run;

	mi_assert(chunk->used == 1 && chunk != pool->first_chunk);
	chunk_unlist(pool, chunk);
	pool->descriptors_free -= CHUNK_SLOTS - 1;
	run = descriptor_take(pool);
	run->origin = chunk->origin;
	run->units = 1;
	run->kind = RUN_META;
	run->phys = chunk->run.phys;
	DEQUE_RELINK(&pool->phys, run, phys);
	return run;
}

struct chunk *slab_spare(const struct arena *pool)
{
	struct chunk *chunk = pool->chunks.last;

	if (likely(!chunk || chunk->used > 1) ||
	    chunk == pool->first_chunk || pool->descriptors_free <
	    CHUNK_SLOTS - 1 + DESCRIPTOR_RESERVE)
		return NULL;
	return chunk;
}

struct chunk *slab_movable(const struct arena *pool)
{
	struct chunk *chunk = pool->chunks.last;

	while (chunk && !chunk_is_movable(pool, chunk))
		chunk = chunk->list.prev;
	return chunk;
}
