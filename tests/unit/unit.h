/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the white-box tests share: instances of their own, memory to make
 * arenas of, and checks of structures that valid.c leaves out.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include "../api/check.h"
#include "blocks/blocks.h"

/* A check for threads and children, which cmocka cannot return from */
#define must(condition)							\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: must %s\n", __FILE__,	\
				__LINE__, #condition);			\
			abort();					\
		}							\
	} while (0)

/* As new, whatever it was before. Its memory is what the test hands over */
static inline void instance_renew(struct instance *instance)
{
	struct instance_config config = INSTANCE_CONFIG;

	config.outside = false;
	config.os_enabled = false;
	memset(instance, 0xa5, sizeof(*instance));
	instance_init(instance, &config);
}

/* The calling thread's only heap, on an instance of the test's own */
static inline void heap_begin(struct heap *heap, struct instance *instance)
{
	heap->notified = 0;
	heap->instance = instance;
	heap_init(heap);
	heap->backing = heap;
	heap_word = heap_to_word(heap);
}

static inline void heap_finish(void)
{
	heap_word = heap_to_word(&empty_heap);
}

/* Address space that reads as zero and is taken where it is touched */
static inline char *zero_memory(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(p != MAP_FAILED);
	/* a page touched shall be a page that mincore() tells of */
	(void)madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

#define DIRT	0xa5

static inline char *dirty_memory(size_t bytes)
{
	char *p = zero_memory(bytes);

	track_touch(p, bytes);	/* an arena may have been there */
	memset(p, DIRT, bytes);
	return p;
}

static inline bool all_dirt(const void *p, size_t bytes)
{
	const unsigned char *byte = launder(p);

	return bytes == 0 ||
	       (byte[0] == DIRT && memcmp(byte, byte + 1, bytes - 1) == 0);
}

/* The kernel's pages that lie in a range of zero_memory() and were touched */
static inline size_t touched_pages(const void *start, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0, pages, i;
	uintptr_t from = align_up((uintptr_t)start, page);
	uintptr_t to = align_down((uintptr_t)start + bytes, page);
	unsigned char *present;

	if (from >= to)
		return 0;
	pages = (to - from) / page;
	present = system_memory(pages);
	assert_int_equal(mincore((void *)from, to - from, present), 0);
	for (i = 0; i < pages; i++)
		count += present[i] & 1;
	munmap(present, pages);
	return count;
}

/* Arenas that are nobody's: neither exclusive nor the user's for ever */
static inline struct arena *arena_new(struct instance *instance, void *start,
				      size_t bytes, bool is_zero)
{
	return arena_add(instance, start, bytes, is_zero ? ARENA_ZERO : 0);
}

/* An arena of memory that reads as zero, and the caller's heap on it */
static inline char *arena_begin(struct instance *instance, struct heap *heap,
				size_t bytes)
{
	char *memory = zero_memory(bytes);

	assert_non_null(arena_new(instance, memory, bytes, true));
	heap_begin(heap, instance);
	return memory;
}

/*
 * Every descriptor that a chunk counts as used describes a run, of this arena
 * or of one whose pool it is, and there are as many free ones as it says.
 */
static inline bool descriptors_are_valid(const struct arena *pool)
{
	const struct arena *arena;
	const struct chunk *chunk;
	const struct run *run;
	size_t runs = 0, used = 0, listed = 0, listed_free = 0, open = 0;

	for (arena = pool->instance->arenas; arena; arena = arena->next)
		for (run = arena->phys.first; run && arena->pool == pool;
		     run = run->phys.next)
			runs++;
	for (run = pool->phys.first; run; run = run->phys.next) {
		if (run != &pool->first_chunk->run &&
		    (uintptr_t)run != run_start(run))
			continue;
		chunk = (const struct chunk *)run;
		used += chunk->used;
		open += chunk->used < chunk->slots;
	}
	for (chunk = pool->chunks.first; chunk; chunk = chunk->list.next) {
		listed++;
		listed_free += (size_t)chunk->slots - chunk->used;
	}
	return runs == used && listed == open &&
	       listed_free == pool->descriptors_free;
}

/* No run but the header and one that is free: as arena_add() left it */
static inline bool arena_is_as_new(struct arena *arena)
{
	const struct run *run;

	large_cache_flush(arena->instance);
	run = arena->phys.first;
	if (arena->pool == arena)
		run = run->phys.next;
	return run && run->kind == RUN_FREE && !run->phys.next;
}

/*
 * Free in all arenas that blocks come from. Settled, as a spare chunk may hold
 * the last free descriptor.
 */
static inline size_t instance_free_bytes(struct instance *instance)
{
	const struct arena *arena;
	size_t units = 0;

	large_cache_flush(instance);
	instance_settle(instance);
	for (arena = instance->arenas; arena; arena = arena->next)
		if (arena != instance->meta)
			units += arena->units_free;
	return units << UNIT_SHIFT;
}

/* For heap_set_deferred(): counts collections of everything in a size_t */
static inline void count_forced(bool force, unsigned long long heartbeat,
				void *arg)
{
	(void)heartbeat;
	*(size_t *)arg += force;
}

static inline unsigned int runs_of_kind(const struct instance *instance,
					enum run_kind kind)
{
	const struct arena *arena;
	const struct run *run;
	unsigned int count = 0;

	for (arena = instance->arenas; arena; arena = arena->next)
		for (run = arena->phys.first; run; run = run->phys.next)
			count += run->kind == kind;
	return count;
}

static inline size_t units_of_pages(const struct instance *instance)
{
	const struct arena *arena;
	const struct run *run;
	size_t units = 0;

	for (arena = instance->arenas; arena; arena = arena->next)
		for (run = arena->phys.first; run; run = run->phys.next)
			units += run->kind == RUN_PAGE ? run->units : 0;
	return units;
}

/* What pages an instance may hold where nothing at all is handed out */
#define EMPTY_UNITS_MAX	(PORT_KEPT_UNITS_MAX + PORT_KEPT_LEARN_MAX + \
			 CLASS_COUNT)

/*
 * Whether it was noticed that the page is empty, in a heap that had `count`
 * pages of the class: it went back, or is counted as kept
 */
static inline bool was_noticed(const struct heap *heap, unsigned int class,
			       unsigned int count, const struct page *page)
{
	return heap->page_count[class] == count - 1 ||
	       (page->kind == RUN_PAGE && page->flags & PAGE_KEPT);
}

/* All that valid.c knows, of an instance that no other thread works on */
static inline bool all_is_valid(struct instance *instance)
{
	const struct arena *arena;

	for (arena = instance->arenas; arena; arena = arena->next)
		if (arena->pool == arena && !descriptors_are_valid(arena))
			return false;
	return instance_is_valid(instance);
}

#endif /* TESTS_UNIT_UNIT_H */
