/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors come from chunks of one unit: 32 slots, the first of which
 * describes the chunk's own run. The first chunk of an arena lies in its
 * header and has fewer slots.
 *
 *	chunk: | own | free | used | used | free | ...
 *
 * Of a chunk's own descriptor, `free` is the list of free slots, `capacity`
 * counts all slots and `reserved` those in use.
 */
#include "arena.h"

_Static_assert(CHUNK_SLOTS == 32, "a chunk fills its unit");

static struct page *chunk_of(struct arena *arena, struct page *page)
{
	struct page *first = arena->first_chunk;

	if ((size_t)(page - first) < first->capacity && page >= first)
		return first;
	return (struct page *)align_down((uintptr_t)page, UNIT_SIZE);
}

static void chunk_list(struct arena *arena, struct page *chunk)
{
	chunk->prev = NULL;
	chunk->next = arena->chunks;
	if (chunk->next)
		chunk->next->prev = chunk;
	else
		arena->chunks_last = chunk;
	arena->chunks = chunk;
}

static void chunk_unlist(struct arena *arena, struct page *chunk)
{
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		arena->chunks = chunk->next;
	if (chunk->next)
		chunk->next->prev = chunk->prev;
	else
		arena->chunks_last = chunk->prev;
}

/* An empty chunk is used last, and given back when there is enough else */
static void chunk_to_end(struct arena *arena, struct page *chunk)
{
	chunk_unlist(arena, chunk);
	chunk->next = NULL;
	chunk->prev = arena->chunks_last;
	if (chunk->prev)
		chunk->prev->next = chunk;
	else
		arena->chunks = chunk;
	arena->chunks_last = chunk;
}

static void chunk_init(struct arena *arena, struct page *slots, size_t count)
{
	struct page *chunk = slots;
	size_t i;

	memory_zero(chunk, sizeof(*chunk));
	chunk->kind = RUN_META;
	chunk->arena_number = arena->number;
	chunk->capacity = (uint16_t)count;
	chunk->reserved = 1;
	for (i = count - 1; i > 0; i--) {
		slots[i].kind = RUN_NONE;
		slots[i].next = (struct page *)chunk->free;
		chunk->free = (struct block *)&slots[i];
	}
	arena->descriptors_free += count - 1;
	chunk_list(arena, chunk);
	if (chunk->next)
		chunk_to_end(arena, chunk);
}

void descriptors_init(struct arena *arena, struct page *slots, size_t count,
		      size_t header_units)
{
	chunk_init(arena, slots, count);
	arena->first_chunk = slots;
	slots->origin = arena->start;
	slots->units = (uint32_t)header_units;
	arena->phys_first = slots;
	arena->phys_last = slots;
}

static struct page *chunk_take(struct arena *arena, struct page *chunk)
{
	struct page *page = (struct page *)chunk->free;

	chunk->free = (struct block *)page->next;
	chunk->reserved++;
	if (unlikely(!chunk->free))
		chunk_unlist(arena, chunk);
	arena->descriptors_free--;
	return page;
}

struct page *descriptor_take(struct arena *arena)
{
	struct page *page;

	if (unlikely(!arena->chunks))
		return NULL;
	page = chunk_take(arena, arena->chunks);
	page->owner = 0;
	page->heap = NULL;
	page->block_size = 0;
	page->thread_free = 0;
	page->flags = 0;
	page->arena_number = arena->number;
	return page;
}

struct page *descriptor_take_first(struct arena *arena, struct page *than)
{
	struct page *first = arena->first_chunk;

	if (!first->free || chunk_of(arena, than) == first)
		return NULL;
	return chunk_take(arena, first);
}

/*
 * A chunk that only describes itself becomes a free run. Its descriptor
 * cannot stay where it is, so another chunk lends one.
 */
static void chunk_release(struct arena *arena, struct page *chunk)
{
	struct page *run;

	chunk_unlist(arena, chunk);
	arena->descriptors_free -= CHUNK_SLOTS - 1;
	run = descriptor_take(arena);
	run->origin = chunk->origin;
	run->units = 1;
	run->phys_prev = chunk->phys_prev;
	run->phys_next = chunk->phys_next;
	phys_relink(arena, run);
	run_put(arena, run, true);
}

void descriptor_give(struct arena *arena, struct page *page)
{
	struct page *chunk = chunk_of(arena, page);

	mi_assert(chunk->kind == RUN_META && chunk->reserved > 1);
	page->kind = RUN_NONE;
	page->owner = 0;
	page->next = (struct page *)chunk->free;
	if (unlikely(!chunk->free))
		chunk_list(arena, chunk);
	chunk->free = (struct block *)page;
	chunk->reserved--;
	arena->descriptors_free++;
	if (unlikely(chunk->reserved == 1) && chunk != arena->first_chunk)
		chunk_to_end(arena, chunk);
}

void descriptors_trim(struct arena *arena)
{
	struct page *chunk = arena->chunks_last;

	if (likely(!chunk || chunk->reserved > 1) || arena->trimming)
		return;
	arena->trimming = true;
	/* bounded: a release makes at most one more chunk empty */
	while (chunk && chunk->reserved == 1 && chunk != arena->first_chunk &&
	       arena->descriptors_free >=
	       CHUNK_SLOTS - 1 + DESCRIPTOR_RESERVE) {
		chunk_release(arena, chunk);
		chunk = arena->chunks_last;
	}
	arena->trimming = false;
}

/* A chunk more, in the smallest free run */
static bool chunk_add(struct arena *arena)
{
	struct page *run, *slots;
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	if (arena->descriptors_free == 0)
		return false;
	run = run_cut(arena, &request);
	if (!run)
		return false;
	/* The run's descriptor moves into the chunk that it describes */
	slots = (struct page *)run_start(run);
	chunk_init(arena, slots, CHUNK_SLOTS);
	slots->origin = run->origin;
	slots->units = 1;
	slots->phys_prev = run->phys_prev;
	slots->phys_next = run->phys_next;
	phys_relink(arena, slots);
	descriptor_give(arena, run);
	return true;
}

bool descriptors_reserve(struct arena *arena)
{
	return likely(arena->descriptors_free >= DESCRIPTOR_RESERVE) ||
	       chunk_add(arena);
}

/* Whether nothing but free runs keeps the chunk */
static bool chunk_is_movable(const struct arena *arena,
			     const struct page *chunk)
{
	size_t i;

	for (i = 1; i < CHUNK_SLOTS; i++)
		if (chunk[i].kind != RUN_NONE && chunk[i].kind != RUN_FREE)
			return false;
	return chunk != arena->first_chunk && chunk->reserved > 1;
}

static struct page *chunk_movable(const struct arena *arena)
{
	struct page *chunk = arena->chunks_last;

	while (chunk && !chunk_is_movable(arena, chunk))
		chunk = chunk->prev;
	return chunk;
}

/* Its free runs go to other chunks in use, as far as there is room */
static void chunk_move(struct arena *arena, struct page *chunk)
{
	struct page *slot, *to;
	size_t i;

	chunk_unlist(arena, chunk);
	arena->descriptors_free -= (size_t)(chunk->capacity - chunk->reserved);
	for (i = 1; i < CHUNK_SLOTS; i++) {
		slot = &chunk[i];
		to = arena->chunks;
		if (!to || (to->reserved == 1 && to != arena->first_chunk))
			break;
		if (slot->kind != RUN_FREE)
			continue;
		run_move(arena, slot, chunk_take(arena, to));
		slot->kind = RUN_NONE;
		slot->next = (struct page *)chunk->free;
		chunk->free = (struct block *)slot;
		chunk->reserved--;
	}
	arena->descriptors_free += (size_t)(chunk->capacity - chunk->reserved);
	chunk_list(arena, chunk);
	if (chunk->reserved == 1)
		chunk_to_end(arena, chunk);
}

/*
 * An empty chunk that is there in reserve was made when memory was full, and
 * may stand in the middle of what could be the largest free run now.
 *
 *	| free run           | chunk | free run |
 *	| chunk | free run                      |
 */
static void chunk_relocate(struct arena *arena)
{
	struct page *chunk = arena->chunks_last, *run, *slots;
	uintptr_t dirty_start, dirty_end;

	if (!chunk || chunk->reserved > 1 || chunk == arena->first_chunk)
		return;
	run = chunk->phys_prev;
	if (!run || run->kind != RUN_FREE || !chunk->phys_next ||
	    chunk->phys_next->kind != RUN_FREE)
		return;
	chunk_unlist(arena, chunk);
	arena->descriptors_free -= CHUNK_SLOTS - 1;
	dirty_start = run->dirty_start;
	dirty_end = run->dirty_end;
	run_set_dirty(arena, run, 0, 0);
	run_unbin(arena, run);
	arena->units_free -= run->units;

	slots = (struct page *)run_start(run);
	chunk_init(arena, slots, CHUNK_SLOTS);
	slots->origin = run->origin;
	slots->units = 1;
	slots->phys_prev = run->phys_prev;
	slots->phys_next = run;
	run->phys_next = chunk->phys_next;
	phys_relink(arena, slots);
	phys_relink(arena, run);
	run->origin += UNIT_SIZE;
	run->kind = RUN_META;
	run_put(arena, run, false);
	run = slots->phys_next;
	if (dirty_start < run_start(run))
		dirty_start = run_start(run);
	if (dirty_start < dirty_end)
		run_widen_dirty(arena, run, dirty_start, dirty_end);
	run_widen_dirty(arena, run, (uintptr_t)chunk,
			(uintptr_t)chunk + UNIT_SIZE);
}

void descriptors_settle(struct arena *arena)
{
	unsigned int rounds = 8;
	struct page *chunk;
	size_t free;

	(void)descriptors_reserve(arena);
	do {	/* what joins may let another chunk go */
		free = arena->units_free;
		do {	/* bounded: each round empties a chunk, fills none */
			chunk = chunk_movable(arena);
			if (chunk)
				chunk_move(arena, chunk);
		} while (chunk && chunk->reserved == 1);
		descriptors_trim(arena);
	} while (arena->units_free != free && --rounds);
	chunk_relocate(arena);
}
