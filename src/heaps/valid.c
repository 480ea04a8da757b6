/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Executable specification: each function walks a whole structure and tells
 * whether its invariants hold. Called by tests between operations; a library
 * without MI_DEBUG does not contain them.
 */
#include "heaps/heaps.h"

static bool list_is_valid(struct page *page, const struct block *list,
			  size_t *count)
{
	const struct block *end = page_empty_list(page);
	size_t n = 0;

	for (; list != end; list = list->next) {
		if (!page_block_at(page, list) || n++ == page->capacity)
			return false;
		if (MI_HARDENING && !block_has_tag(page, list))
			return false;
	}
	*count += n;
	return true;
}

static uint64_t list_weight(struct page *page, const struct block *list)
{
	uint64_t weight = 0;

	/* NULL: the memory was given back meanwhile, and reads as zero */
	for (; list && list != page_empty_list(page); list = list->next)
		weight += block_weight(&page->run, list);
	return weight;
}

bool account_is_valid(struct page *page)
{
	const void *first = (void *)run_start(&page->run);
	uint64_t constant = block_weight(&page->run, first);
	uint64_t withheld = account_withheld(page), full = page->capacity;

	if (constant < page->block_size ||
	    constant > 2 * (uint64_t)page->block_size)
		return false;
	if (account_total(page) != constant * (full * (full + 1) / 2) -
	    list_weight(page, page->local_free) -
	    constant * page->holes_sum)
		return false;
	return withheld == 0 || withheld >= list_weight(page, page->free);
}

/* No address leads to a hole, and it is on none of the owner's lists */
static bool holes_are_valid(struct page *page, size_t *count)
{
	struct instance *instance = page->heap->instance;
	unsigned int holes = page->holes;
	uintptr_t start = run_start(&page->run), p;
	size_t number, sum = 0;

	if (holes && (page->block_size < UNIT_SIZE ||
		      (page->flags & PAGE_SWAPS) ||
		      holes >> page->capacity != 0))
		return false;
	for (; holes; holes &= holes - 1, ++*count) {
		number = (size_t)__builtin_ctz(holes);
		sum += number + 1;
		p = start + number * page->block_size;
		if (run_of(instance, (void *)p) == &page->run)
			return false;
	}
	return sum == page->holes_sum;
}

static bool lists_are_valid(struct page *page)
{
	size_t free = 0, local = 0, holes = 0;

	if (!holes_are_valid(page, &holes) ||
	    !list_is_valid(page, page->free, &free) ||
	    !list_is_valid(page, page->local_free, &local))
		return false;
	if (free + local + holes > page->capacity)
		return false;
	return account_is_valid(page) &&
	       (!(page->flags & PAGE_IN_FULL) ||
		(free == 0 && account_is_suspended(page)));
}

bool page_is_valid(struct page *page)
{
	if (page->kind != RUN_PAGE || page->capacity > page->reserved ||
	    page->reserved * (size_t)page->block_size > run_bytes(&page->run) ||
	    page->block_size != size_class_bytes(page->class))
		return false;
	if ((thread_free_read(page) & PAGE_RESTING) &&
	    (page->flags & PAGE_SWAPS))
		return false;
	/* what another thread gives back may be gone, lists included */
	return lists_are_valid(page) ||
	       word_is_closed(thread_free_read(page));
}

static bool queue_is_valid(struct heap *heap, unsigned int class)
{
	struct queue *queue = &heap->queues[class];
	struct page *page = queue->first, *prev = NULL;
	size_t count = 0;

	if (page == &empty_page)
		return !queue->last;
	for (; page; prev = page, page = page->list.next, count++) {
		if (page->list.prev != prev || page->class != class ||
		    page->heap != heap || (page->flags & PAGE_IN_FULL) ||
		    !page_is_valid(page))
			return false;
		/* only the first page may have been taken from */
	}
	return prev == queue->last && count <= heap->page_count[class];
}

static bool add_kept(struct page *page, void *units)
{
	if (page->flags & PAGE_KEPT)
		*(size_t *)units += page->units;
	return true;
}

bool heap_is_valid(struct heap *heap)
{
	struct page *page, *prev = NULL;
	unsigned int class;
	size_t kept = 0;

	for (class = 0; class < CLASS_COUNT; class++)
		if (!queue_is_valid(heap, class))
			return false;
	for (page = heap->full; page; prev = page, page = page->list.next)
		if (page->list.prev != prev || !(page->flags & PAGE_IN_FULL) ||
		    page->heap != heap || !page_is_valid(page))
			return false;
	(void)heap_visit_pages(heap, add_kept, &kept);
	return kept == heap->kept_units;
}

/* Units, of all runs looked at */
struct units {
	size_t free, dirty, shelved, promised;
};

static bool free_run_is_valid(const struct arena *arena,
			      const struct free_run *run)
{
	size_t from = (run_start(&run->run) - arena->start) >> UNIT_SHIFT;
	const struct span *dirty = run->dirty;

	if (run->owner || free_run_of(run->phys.next) ||
	    free_run_of(run->phys.prev))
		return false;
	if (!(run->flags & RUN_DIRTY))
		return !dirty[0].to && !dirty[1].to;
	if (dirty[0].from < from || dirty[0].from >= dirty[0].to ||
	    dirty[0].to > from + run->units)
		return false;
	return !dirty[1].to || (dirty[0].to < dirty[1].from &&
				dirty[1].from < dirty[1].to &&
				dirty[1].to <= from + run->units);
}

static bool large_is_valid(const struct large *large)
{
	uintptr_t shift = (uintptr_t)large->block - run_start(&large->run);

	return !large->block || shift < UNIT_SIZE;
}

static bool chunk_is_valid(const struct arena *pool, const struct chunk *chunk)
{
	const struct slot *slot = chunk->free;
	size_t free = 0;

	for (; slot; slot = slot->next)
		if (slot->run.kind != RUN_NONE || free++ == chunk->slots)
			return false;
	return chunk->kind == RUN_META && chunk->used + free == chunk->slots &&
	       (chunk == pool->first_chunk ||
		run_start(&chunk->run) == (uintptr_t)chunk);
}

/* Only chunks with free slots are listed */
static bool chunks_are_valid(const struct arena *pool)
{
	const struct chunk *chunk = pool->chunks.first, *prev = NULL;
	size_t free = 0;

	for (; chunk; prev = chunk, chunk = chunk->list.next) {
		if (chunk->list.prev != prev || !chunk->free ||
		    !chunk_is_valid(pool, chunk))
			return false;
		free += (size_t)chunk->slots - chunk->used;
	}
	return free == pool->descriptors_free &&
	       (pool->pool != pool || chunk_is_valid(pool, pool->first_chunk));
}

static bool run_is_valid(const struct arena *arena, struct run *run,
			 struct units *units)
{
	const struct free_run *free = free_run_of(run);

	if (run->arena_number != arena->number || run->units == 0)
		return false;
	if (run->phys.next && (run->phys.next->phys.prev != run ||
			       run_start(run->phys.next) != run_end(run)))
		return false;
	if (run->flags & RUN_PROMISED)
		units->promised += run->units;
	if (run->kind != RUN_PAGE && !run_is_void(run))
		return false;
	if (run->kind == RUN_LARGE && !large_is_valid(large_of_run(run)))
		return false;
	if (run->kind == RUN_SHELVED)
		units->shelved += run->units;
	if (!free)
		return run->kind != RUN_NONE;
	if (free->flags & RUN_DIRTY)
		units->dirty += run_dirty_units(free);
	units->free += free->units;
	return free_run_is_valid(arena, free);
}

static bool bins_are_valid(const struct arena *arena, size_t free_units)
{
	size_t units = 0, below = 0, most = 0;
	unsigned int bin;

	for (bin = 0; bin < BIN_COUNT; bin++, below = most) {
		const struct free_run *run = arena->bins[bin], *prev = NULL;
		bool used = arena->bins_used[bin / 64] >> (bin % 64) & 1;

		if (used != (run != NULL))
			return false;
		for (; run; prev = run, run = run->list.next) {
			if (run->list.prev != prev || run->bin != bin ||
			    run->kind != RUN_FREE)
				return false;
			/* larger than all that stand in the bins before */
			if (run->units <= below)
				return false;
			if (run->units > most)
				most = run->units;
			units += run->units;
		}
	}
	return units == free_units;
}

static bool arena_is_valid(const struct arena *arena, struct units *units)
{
	struct run *run = arena->phys.first;
	size_t free_before = units->free;

	if (run_start(run) != arena->start || run->phys.prev)
		return false;
	for (; run; run = run->phys.next) {
		if (!run_is_valid(arena, run, units))
			return false;
		if (!run->phys.next && (run_end(run) != arena->end ||
					run != arena->phys.last))
			return false;
	}
	return chunks_are_valid(arena) &&
	       units->free - free_before == arena->units_free &&
	       bins_are_valid(arena, arena->units_free);
}

/* Each shelf has runs of one size, and all together those that are counted */
static bool shelves_are_valid(const struct instance *instance)
{
	const struct large *large, *prev;
	size_t units = 0;
	unsigned int i, runs = 0;

	for (i = 0; i < SHELVES; i++) {
		prev = NULL;
		large = instance->shelves[i].runs.first;
		for (; large; prev = large, large = large->list.next) {
			if (large->kind != RUN_SHELVED ||
			    large->list.prev != prev ||
			    (prev && prev->units != large->units))
				return false;
			units += large->units;
			runs++;
		}
	}
	return units == instance->units_shelved &&
	       runs == instance->runs_shelved;
}

bool instance_is_valid(struct instance *instance)
{
	const struct arena *arena;
	struct units units = { 0 };
	bool valid = true;

	port_lock(&instance->lock);
	for (arena = instance->arenas; arena && valid; arena = arena->next)
		valid = arena_is_valid(arena, &units);
	valid = valid && units.dirty == instance->units_dirty &&
		units.shelved == instance->units_shelved &&
		shelves_are_valid(instance) &&
		units.promised == instance->units_promised;
	port_unlock(&instance->lock);
	return valid;
}
