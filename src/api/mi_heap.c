/* SPDX-License-Identifier: BSD-3-Clause */
/* Heaps: made, ended, looked into. */
#include "api/api.h"

mi_heap_t *mi_heap_new(void)
{
	struct heap *heap = heap_here_or_new();

	if (heap)
		heap = heap_new(heap->backing);
	if (!heap)
		return error_no_memory(sizeof(struct heap));
	return heap_to_api(heap);
}

mi_heap_t *mi_heap_new_in_arena(mi_arena_id_t arena_id)
{
	struct arena *arena;
	mi_heap_t *heap;

	port_init();
	if (arena_id <= 0 || arena_id > ARENA_NUMBER_META)
		return NULL;
	arena = arena_by_number(instance_here(), (unsigned int)arena_id - 1);
	if (!arena)
		return NULL;
	heap = mi_heap_new();
	if (heap)
		heap_of_api(heap)->arena = arena;
	return heap;
}

/* Whether the heap can be ended; the thread's default is another then */
static bool heap_leave(struct heap *heap)
{
	if (!heap || heap == &empty_heap || heap == heap->backing)
		return false;
	heap_unchoose(heap);
	return true;
}

void mi_heap_delete(mi_heap_t *heap)
{
	struct heap *gone = heap_of_api(heap);

	if (!heap_leave(gone))
		return;
	heap_absorb(gone->backing, gone);
	heap_end(gone);
}

void mi_heap_destroy(mi_heap_t *heap)
{
	struct heap *gone = heap_of_api(heap);

	if (!heap_leave(gone))
		return;
	heap_drop_pages(gone);
	heap_end(gone);
}

mi_heap_t *mi_heap_get_default(void)
{
	return heap_to_api(heap_here_or_new());
}

mi_heap_t *mi_heap_get_backing(void)
{
	struct heap *heap = heap_here_or_new();

	return heap ? heap_to_api(heap->backing) : NULL;
}

mi_heap_t *mi_heap_set_default(mi_heap_t *heap)
{
	struct heap *before = heap_here_or_new();

	if (heap && before && heap_may_be_chosen(heap_of_api(heap), before))
		heap_choose(heap_of_api(heap));
	return before ? heap_to_api(before) : NULL;
}

mi_heap_t *mi_heap_main(void)
{
	(void)heap_here_or_new();
	return instance_is_made() ? heap_to_api(&instance_here()->main_heap) :
				    NULL;
}

void mi_heap_collect(mi_heap_t *heap, bool force)
{
	struct instance *instance = instance_here();

	if (!heap || heap_of_api(heap) == &empty_heap)
		return;
	heap_collect(heap_of_api(heap), force);
	if (force)
		purge_all(instance);
}

/* The abandoned pages in which nothing is left to free go first */
static void reclaim_all(struct heap *heap)
{
	unsigned int class;
	struct page *page;

	for (class = 0; class < CLASS_COUNT; class++) {
		while ((page = page_reclaim(heap, class))) {
			heap->page_count[class]--;
			heap_page_adopt(heap, page);
		}
	}
}

void mi_collect(bool force)
{
	struct heap *heap = heap_here()->backing;

	if (!heap) {	/* of a thread without one */
		if (force)
			purge_all(instance_here());
		return;
	}
	if (force)
		reclaim_all(heap);
	for (; heap->thread_next; heap = heap->thread_next)
		heap_collect(heap, force);
	mi_heap_collect(heap_to_api(heap), force);
}

/* ---- which heap ---- */

/*
 * Any address inside a block of a heap; NULL: in none. Relaxed: who asks has
 * the block, and knows whose it was when it was handed out, or later.
 */
static struct heap *heap_around(const void *p)
{
	struct run *run = run_around(instance_here(), p);

	if (!run || (run->kind == RUN_PAGE && !atomic_read(&run->owner)))
		return NULL;
	return run_heap(run);
}

mi_heap_t *mi_heap_of(const void *p)
{
	return heap_to_api(heap_around(p));
}

bool mi_heap_contains(const mi_heap_t *heap, const void *p)
{
	return heap && heap_around(p) == heap_of_api(heap);
}

bool mi_any_heap_contains(const void *p)
{
	return heap_around(p) != NULL;
}

bool mi_heap_contains_block(mi_heap_t *heap, const void *p)
{
	struct run *run = block_run_quiet(instance_here(), p);

	return heap && run && run_heap(run) == heap_of_api(heap);
}

bool mi_heap_check_owned(mi_heap_t *heap, const void *p)
{
	return mi_heap_contains(heap, p);
}

bool mi_check_owned(const void *p)
{
	return mi_heap_contains(heap_to_api(heap_here()), p);
}

/* ---- visiting ---- */

struct visit {
	const mi_heap_t *heap;
	mi_block_visit_fun *visitor;
	void *arg;
	bool blocks;
};

static size_t page_used(struct page *page,
			const uint64_t bits[PAGE_BITMAP_WORDS])
{
	size_t used = page->capacity, i;

	for (i = 0; i < PAGE_BITMAP_WORDS; i++)
		used -= bits_set(bits[i]);
	return used;
}

static bool visit_page(struct page *page, void *arg)
{
	uint64_t bits[PAGE_BITMAP_WORDS];
	const struct visit *visit = arg;
	mi_heap_area_t area;
	char *block;
	size_t i;

	page_collect_remote(page);
	page_free_bitmap(page, bits);
	area.blocks = (void *)run_start(&page->run);
	area.reserved = run_bytes(&page->run);
	area.committed = (size_t)page->capacity * page->block_size;
	area.used = page_used(page, bits);
	area.block_size = page->block_size;
	area.full_block_size = page->block_size;
	if (!visit->visitor(visit->heap, &area, NULL, 0, visit->arg))
		return false;
	block = area.blocks;
	for (i = 0; visit->blocks && i < page->capacity; i++) {
		if (!(bits[i / 64] >> (i % 64) & 1) &&
		    !visit->visitor(visit->heap, &area, block,
				    page->block_size, visit->arg))
			return false;
		block += page->block_size;
	}
	return true;
}

/* The large blocks that a heap had when they were counted, in a run */
struct large_blocks {
	struct run *run;
	void **blocks;
	size_t count;
};

static size_t large_count(struct heap *heap)
{
	const struct large *large;
	size_t count = 0;

	port_lock(&instance_here()->lock);
	for (large = heap->large; large; large = large->list.next)
		count++;
	port_unlock(&instance_here()->lock);
	return count;
}

/* False: no memory. Only the heap's thread, which calls, adds blocks */
static bool large_blocks_begin(struct large_blocks *list, struct heap *heap)
{
	size_t room = large_count(heap);
	const struct run_request request = {
		.units = units_of(room * sizeof(void *)), .align_units = 1,
		.kind = RUN_META,
	};
	const struct large *large;

	memory_zero(list, sizeof(*list));
	if (!room)
		return true;
	list->run = instance_run_alloc(instance_here(), &request);
	if (!list->run)
		return false;
	list->blocks = (void **)run_start(list->run);
	port_lock(&instance_here()->lock);
	large = heap->large;
	for (; large && list->count < room; large = large->list.next)
		/* relaxed: 0 once another thread has begun to free it */
		if (large->block && atomic_read(large->map_entry))
			list->blocks[list->count++] = large->block;
	port_unlock(&instance_here()->lock);
	return true;
}

static void large_blocks_end(struct large_blocks *list)
{
	if (list->run)
		instance_run_free(instance_here(), list->run);
}

/* Whether the block is live and the heap's still; then tells its area */
static bool large_area(struct heap *heap, const void *block,
		       mi_heap_area_t *area)
{
	const struct large *large;
	struct run *run;
	bool live;

	port_lock(&instance_here()->lock);
	run = arena_run_locked(instance_here(), block);
	live = run && run->kind == RUN_LARGE && run_heap(run) == heap &&
	       large_of_run(run)->block == block;
	if (live) {
		large = large_of_run(run);
		area->blocks = large->block;
		area->reserved = run_bytes(run);
		area->committed = run_bytes(run);
		area->used = 1;
		area->block_size = large_usable(large);
		area->full_block_size = run_bytes(run);
	}
	port_unlock(&instance_here()->lock);
	return live;
}

/* The visitor is called without the lock, and may free what it likes */
static bool visit_large(const struct visit *visit, struct large_blocks *list)
{
	struct heap *heap = heap_of_api(visit->heap);
	mi_heap_area_t area;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (!large_area(heap, list->blocks[i], &area))
			continue;
		if (!visit->visitor(visit->heap, &area, NULL, 0, visit->arg))
			return false;
		if (visit->blocks &&
		    !visit->visitor(visit->heap, &area, list->blocks[i],
				    area.block_size, visit->arg))
			return false;
	}
	return true;
}

bool mi_heap_visit_blocks(const mi_heap_t *heap, bool visit_all_blocks,
			  mi_block_visit_fun *visitor, void *arg)
{
	struct visit visit = {
		.heap = heap, .visitor = visitor, .arg = arg,
		.blocks = visit_all_blocks,
	};
	struct large_blocks list;
	bool all;

	if (!heap || !visitor || heap_of_api(heap) == &empty_heap ||
	    !large_blocks_begin(&list, heap_of_api(heap)))
		return false;
	all = heap_visit_pages(heap_of_api(heap), visit_page, &visit) &&
	      visit_large(&visit, &list);
	large_blocks_end(&list);
	return all;
}
