/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases share: see cases.h. Compiled as the engine is. */
#include "cases.h"

void *blocks[8];
struct page *page;

size_t block_size;
static size_t wanted;

/* What others do while a page is counted decides nothing but when to purge */
static void ignore_counters(void)
{
	order_ignore(&INSTANCE->remote_purged_units);
	order_ignore(&INSTANCE->waiting_learned);
	order_ignore(&INSTANCE->waiting_deep);
	order_ignore(&INSTANCE->counting);
	order_ignore(&INSTANCE->kept_units);
}

void case_begin_empty(void)
{
	struct instance_config config = INSTANCE_CONFIG;
	size_t i;

	port_begin();
	config.os_enabled = false;
	instance_init(INSTANCE, &config);
	default_instance_pointer = INSTANCE;
	for (i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		blocks[i] = NULL;
	page = NULL;
	order_name(&INSTANCE->lock, "lock");
	order_name(&INSTANCE->abandoned_count, "abandoned_count");
	order_name(&INSTANCE->heap_count, "heap_count");
	order_name(&INSTANCE->large_cache, "large_cache");
	order_name(&INSTANCE->waiting_units, "waiting_units");
	order_name(&INSTANCE->arenas, "arenas");
	ignore_counters();
}

void case_begin(void)
{
	case_begin_empty();
	check(arena_add(INSTANCE, (void *)ARENA_START, ARENA_BYTES,
			ARENA_ZERO));
}

void case_purges(void)
{
	INSTANCE->config.budget_bytes = 0;
}

static unsigned int class_of_size(void)
{
	unsigned int class = 0;

	while (size_class_bytes(class) < block_size)
		class++;
	return class;
}

static void name_page(void)
{
	order_name(&page->thread_free, "page->thread_free");
	order_name(&page->heap, "page->heap");
	order_name(&page->owner, "page->owner");
	order_name(&page->local_free, "page->local_free");
	order_name(&page->capacity, "page->capacity");
	order_name(&page->notified_next, "page->notified_next");
}

static void make_page(struct heap *heap, size_t count)
{
	size_t i;

	block_size = UNIT_SIZE / count / 256 * 256;
	page = page_alloc_of(heap, class_of_size(), count);
	check(page && page->reserved == count);
	name_page();
	heap_page_adopt(heap, page);
	for (i = 0; i < count; i++) {
		blocks[i] = heap_malloc(heap, block_size);
		block_use(blocks[i]);
		check(run_of(INSTANCE, blocks[i]) == &page->run);
	}
}

static void make_heap(void)
{
	struct heap *heap = heap_current_or_new();

	check(heap);
	order_name(&heap->notified, "heap->notified");
	if (wanted)
		make_page(heap, wanted);
}

void case_heap(unsigned int thread, size_t count)
{
	wanted = count;
	as_thread(thread, make_heap);
}

struct heap *case_second_heap(size_t count)
{
	struct heap *heap = heap_new(heap_current());

	check(heap);
	order_name(&heap->notified, "second->notified");
	make_page(heap, count);
	return heap;
}

static void make_full(void)
{
	take_block(7);
	check(page_state(page) == PAGE_FULL);
	free_block(7);
	/* and no other one */
	heap_collect(heap_current(), true);
}

void case_full(unsigned int thread)
{
	as_thread(thread, make_full);
}

void block_use(void *block)
{
	uintptr_t *word = block;

	word[0] = (uintptr_t)block;
	word[1] = ~(uintptr_t)block;
	word[2] = 0;
}

void free_block(unsigned int number)
{
	void *block = blocks[number];

	check(block);
	blocks[number] = NULL;
	block_use(block);
	block_free(INSTANCE, block);
}

void take_block(unsigned int number)
{
	struct heap *heap = heap_current_or_new();

	check(heap && !blocks[number]);
	blocks[number] = heap_malloc(heap, block_size);
	check(blocks[number]);
	block_use(blocks[number]);
}

/* ---- at the end ---- */

static void collect(void)
{
	struct heap *heap = heap_current();

	if (heap == &empty_heap)
		return;
	check(heap_is_valid(heap));
	heap_collect(heap, true);
	check(heap_is_valid(heap));
}

static bool has_pages(void)
{
	const struct arena *arena;
	const struct run *run;

	for (arena = INSTANCE->arenas; arena; arena = arena->next)
		for (run = arena->phys.first; run; run = run->phys.next)
			if (run->kind == RUN_PAGE)
				return true;
	return false;
}

void judge(void)
{
	unsigned int i;

	check(instance_is_valid(INSTANCE));
	for (i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		if (blocks[i])
			free_block(i);
	/* twice: a page may stand on the list of a heap that it has left */
	for (i = 1; i < 2 * THREADS; i++)
		if (i % THREADS)
			as_thread(i % THREADS, collect);
	check(instance_is_valid(INSTANCE));
	check(!has_pages());
	check(INSTANCE->abandoned_count == 0);
	check(INSTANCE->counting == 0);
	check(INSTANCE->waiting_units == 0);
	check(INSTANCE->remote_purged_units == 0);
}

void begin_active(void)
{
	case_begin();
	case_heap(1, 2);
}

void begin_full(void)
{
	begin_active();
	case_full(1);
}

void begin_full_purges(void)
{
	begin_full();
	case_purges();
}
