/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the slab of descriptors gets units and gives them back: as runs of the
 * pool, like all others.
 */
#include "runs/runs.h"

/*
 * A chunk more, in the smallest free run. Cutting a unit for it may take a
 * descriptor itself, so it is too late where none is left: hence
 * descriptors_reserve(), which comes before what cuts and splits.
 */
static bool chunk_add(struct arena *pool)
{
	struct run *run;
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	if (pool->descriptors_free == 0)
		return false;
	run = run_cut(pool, &request);
	/* the region for the engine's data grows, which takes a descriptor */
	if (!run && pool->grows && pool->descriptors_free > 1 &&
	    arena_grow(pool, 1))
		run = run_cut(pool, &request);
	if (!run)
		return false;
	slab_add(pool, run);
	return true;
}

bool descriptors_reserve(struct arena *arena)
{
	struct arena *pool = arena->pool;

	return likely(pool->descriptors_free >= DESCRIPTOR_RESERVE) ||
	       chunk_add(pool);
}

struct run *arena_cut(struct arena *arena, const struct run_request *request)
{
	struct run *run;

	(void)descriptors_reserve(arena);
	run = run_cut(arena, request);
	if (likely(run) || !arena->grows ||
	    !arena_grow(arena, request->units + request->align_units - 1))
		return run;
	return run_cut(arena, request);
}

/* Gives empty chunks back */
static void descriptors_trim(struct arena *pool)
{
	struct chunk *chunk;

	/* bounded: each round one chunk less */
	while (unlikely(chunk = slab_spare(pool)))
		run_put(pool, slab_remove(pool, chunk), true);
}

void run_give_back(struct arena *arena, struct run *run, bool dirty)
{
	run_put(arena, run, dirty);
	descriptors_trim(arena->pool);
}

/*
 * The descriptors of free runs in the chunk go to other chunks, as far as there
 * is room; not to an empty one, as that would only change which chunk is empty.
 */
static void chunk_move(struct arena *pool, struct chunk *chunk)
{
	struct free_run *run;
	struct chunk *to;
	size_t i;

	for (i = 1; i < CHUNK_SLOTS; i++) {
		run = free_run_of(chunk_slot(chunk, i));
		if (!run)
			continue;
		to = pool->chunks.first;
		if (to == chunk)
			to = to->list.next;
		if (!to || (to->used == 1 && to != pool->first_chunk))
			break;
		run_move(arena_by_number(pool->instance, run->arena_number),
			 run, chunk_take(pool, to));
	}
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
	struct chunk *chunk = pool->chunks.last;
	struct free_run *prev;
	struct run *run;

	if (!chunk || chunk->used > 1 || chunk == pool->first_chunk)
		return;
	prev = free_run_of(chunk->phys.prev);
	if (!prev || !free_run_of(chunk->phys.next))
		return;
	run = run_cut_front(pool, prev);
	if (!run)
		return;
	slab_add(pool, run);
	run_put(pool, slab_remove(pool, chunk), true);
}

void descriptors_settle(struct arena *arena)
{
	struct arena *pool = arena->pool;
	unsigned int rounds = 8;
	struct chunk *chunk;
	size_t free;

	(void)descriptors_reserve(arena);
	do {	/* what joins may let another chunk go */
		free = pool->units_free;
		do {	/* bounded: each round empties a chunk, fills none */
			chunk = slab_movable(pool);
			if (chunk)
				chunk_move(pool, chunk);
		} while (chunk && chunk->used == 1);
		descriptors_trim(pool);
	} while (pool->units_free != free && --rounds);
	chunk_relocate(pool);
}
