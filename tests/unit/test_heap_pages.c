/* SPDX-License-Identifier: BSD-3-Clause */
/* Heaps of pages of all classes: filled, drained, and what they keep. */
#include "unit.h"

#define ARENA_BYTES	(256 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

static int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
	return 0;
}

static unsigned int pages_in_heap(void)
{
	unsigned int class, count = 0;

	for (class = 0; class < CLASS_COUNT; class++)
		count += heap.page_count[class];
	return count;
}

static bool count_page(struct page *page, void *arg)
{
	size_t *counts = arg;

	if (page->flags & PAGE_KEPT)
		counts[1] += page->units;
	counts[0]++;
	return true;
}

/* What heap_is_valid() does not add up */
static bool heap_adds_up(void)
{
	size_t counts[2] = { 0, 0 };

	(void)heap_visit_pages(&heap, count_page, counts);
	return counts[0] == pages_in_heap() &&
	       counts[1] <= PORT_KEPT_UNITS_MAX + PORT_KEPT_LEARN_MAX &&
	       counts[0] == runs_of_kind(&instance, RUN_PAGE);
}

static int end(void **state)
{
	(void)state;
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	assert_true(heap_adds_up());
	heap_collect(&heap, true);
	assert_int_equal(pages_in_heap(), 0);
	assert_int_equal(instance.units_used, 0);
	assert_true(arena_is_as_new(instance.arenas));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

static void shuffle(struct check_random *random, void **blocks, size_t count)
{
	size_t i, k;

	for (i = count; i > 1; i--) {
		void *p = blocks[i - 1];

		k = check_below(random, i);
		blocks[i - 1] = blocks[k];
		blocks[k] = p;
	}
}

static void *blocks[3 * PAGE_BYTES_MAX / BLOCK_ALIGN];

/* -------- heaps of pages -------- */

/* Three pages and more of each class, whose blocks come back in any order */
static void every_class_fills_and_drains(void **state)
{
	struct check_random random = { check_seed("fill and drain") };
	size_t size, count, i, step;
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		size = class ? size_class_bytes(class) : 0;
		count = 0;
		while (heap.page_count[class] < 4) {
			blocks[count] = heap_malloc(&heap, size);
			assert_non_null(blocks[count]);
			pattern_write(blocks[count], size, count);
			count++;
		}
		assert_true(heap_is_valid(&heap));
		for (i = 0; i < count; i++)
			assert_true(pattern_holds(blocks[i], size, i));
		shuffle(&random, blocks, count);
		step = 1 + count / 50;
		for (i = 0; i < count; i++) {
			instance_free(&instance, blocks[i]);
			if (i % step == 0)
				assert_true(heap_is_valid(&heap));
		}
		check(units_of_pages(&instance) <= EMPTY_UNITS_MAX,
		      "class %u: %zu units", class, units_of_pages(&instance));
		assert_true(heap_is_valid(&heap));
		assert_true(heap_adds_up());
		assert_true(all_is_valid(&instance));
	}
}

/* A heap without a block in use holds little memory: what is kept is limited */
static void drained_heap_holds_little(void **state)
{
	static void *out[CLASS_COUNT][600];
	static size_t count[CLASS_COUNT];
	unsigned int class;
	size_t i;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		while (heap.page_count[class] < 3) {
			if (count[class] == ARRAY_LENGTH(out[0]))
				break;
			out[class][count[class]++] =
				heap_malloc(&heap, size_class_bytes(class));
		}
	}
	for (class = 0; class < CLASS_COUNT; class++)
		for (i = 0; i < count[class]; i++)
			instance_free(&instance, out[class][i]);
	assert_true(heap_adds_up());
	check(units_of_pages(&instance) <= EMPTY_UNITS_MAX,
	      "%zu units of empty pages", units_of_pages(&instance));
}

/* Again and again one block: the page stays, and nothing else happens */
static void one_block_in_turn(void **state)
{
	unsigned int class;
	size_t i, total;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		instance_free(&instance, heap_malloc(&heap,
						     size_class_bytes(class)));
		total = instance.stats[class].pages_total;
		for (i = 0; i < 3000; i++) {
			void *p = heap_malloc(&heap, size_class_bytes(class));

			instance_free(&instance, p);
		}
		assert_int_equal(instance.stats[class].pages_total, total);
		assert_true(heap_is_valid(&heap));
		/* or there might be too much to keep with the next class */
		heap_collect(&heap, true);
	}
}

static void random_classes(void **state)
{
	struct check_random random = { check_seed("random classes") };
	size_t rounds = check_rounds(60000), i, k;
	static struct {
		void *p;
		size_t size;
		uint64_t tag;
	} s[4000];

	(void)state;
	memset(s, 0, sizeof(s));
	for (i = 0; i < rounds; i++) {
		k = check_below(&random, ARRAY_LENGTH(s));
		/* waves: mostly taking, then mostly giving */
		if (s[k].p && (i / 8192 % 2 || check_below(&random, 4) == 0)) {
			assert_true(pattern_holds(s[k].p, s[k].size, s[k].tag));
			instance_free(&instance, s[k].p);
			s[k].p = NULL;
		} else if (!s[k].p) {
			s[k].size = check_log_size(&random, CLASSED_SIZE_MAX);
			if (s[k].size > CLASSED_SIZE_MAX)
				s[k].size = CLASSED_SIZE_MAX;
			s[k].p = heap_malloc(&heap, s[k].size);
			s[k].tag = i;
			assert_non_null(s[k].p);
			pattern_write(s[k].p, s[k].size, i);
		}
		if (i % 512 == 0) {
			assert_true(heap_is_valid(&heap));
			assert_true(heap_adds_up());
			assert_true(all_is_valid(&instance));
		}
	}
	for (k = 0; k < ARRAY_LENGTH(s); k++) {
		if (!s[k].p)
			continue;
		assert_true(pattern_holds(s[k].p, s[k].size, s[k].tag));
		instance_free(&instance, s[k].p);
	}
}

/*
 * A kept page swaps its lists, and heap_alloc(), which the heartbeat counts, is
 * spared: but not for so long that what another thread freed is forgotten.
 */
static void swaps_are_short_and_not_endless(void **state)
{
	void *stays = heap_malloc(&heap, DIRECT_SIZE_MAX);
	struct block *block = heap_malloc(&heap, DIRECT_SIZE_MAX);
	struct page *page = heap.queues[CLASS_DIRECT_COUNT - 1].first;
	size_t swaps = 0, pairs, left = (size_t)heap.swaps_left;
	uint64_t beats = heap.heartbeat;
	uintptr_t word = thread_free_read(page);

	(void)state;
	block_mark_free(page, block);
	assert_true(thread_free_try_push(page, &word, block, 0));
	/* two blocks are left, which take turns */
	for (pairs = 0; word_has_come(thread_free_read(page)); pairs++) {
		assert_true(pairs < 3 * SWAPS_MAX);
		swaps += page_list_is_empty(page);
		assert_true(swaps > left || heap.heartbeat == beats);
		instance_free(&instance, heap_malloc(&heap, DIRECT_SIZE_MAX));
	}
	assert_true(swaps > SWAPS_MAX / 2);
	assert_true(heap_is_valid(&heap));
	instance_free(&instance, stays);
}

static struct page *full_page_of(const void *block)
{
	struct page *page = heap.full;

	while (page && (uintptr_t)block - run_start(&page->run) >=
	       run_bytes(&page->run))
		page = page->list.next;
	return page;
}

/*
 * A full page waits until some of its blocks have come back, but for no more
 * than a quarter of them, and a collection finds what it has.
 */
static void full_pages_wait(void **state)
{
	struct page *page = NULL;
	size_t size, count, i, freed;
	unsigned int class;

	(void)state;
	for (class = 1; class < CLASS_COUNT; class++) {
		size = size_class_bytes(class);
		for (count = 0; heap.page_count[class] < 4; count++)
			blocks[count] = heap_malloc(&heap, size);
		page = full_page_of(blocks[count / 3]);
		assert_non_null(page);
		for (i = freed = 0; page->flags & PAGE_IN_FULL; i++) {
			if (full_page_of(blocks[i]) != page)
				continue;
			instance_free(&instance, blocks[i]);
			blocks[i] = NULL;
			freed++;
			assert_true(heap_is_valid(&heap));
		}
		if (page->reserved < SUSPENDED_BLOCKS_MIN)
			check(freed == 1, "class %u: %zu", class, freed);
		else
			check(freed > page->reserved / 32u && freed <=
			      page->reserved / 4u + 1, "class %u: %zu of %u",
			      class, freed, page->reserved);
		for (i = 0; i < count; i++)
			if (blocks[i])
				instance_free(&instance, blocks[i]);
		heap_collect(&heap, true);
	}
}

static void collection_finds_full_pages(void **state)
{
	size_t count = 0;
	struct page *page;

	(void)state;
	while (heap.page_count[4] < 4)
		blocks[count++] = heap_malloc(&heap, 64);
	page = full_page_of(blocks[count / 3]);
	assert_non_null(page);
	instance_free(&instance, blocks[count / 3]);
	assert_true(page->flags & PAGE_IN_FULL);
	heap_collect(&heap, false);
	assert_false(page->flags & PAGE_IN_FULL);
	blocks[count / 3] = NULL;
	while (count--)
		if (blocks[count])
			instance_free(&instance, blocks[count]);
}

static void breathe(size_t size, size_t count, unsigned int rounds)
{
	size_t i;

	while (rounds--) {
		for (i = 0; i < count; i++)
			blocks[i] = heap_malloc(&heap, size);
		for (i = 0; i < count; i++)
			instance_free(&instance, blocks[i]);
	}
}

#if PORT_KEPT_LEARN_MAX && MI_CLASS_STATS
/* Pages of blocks of some units that run empty and are needed again soon */
static void missed_pages_are_kept(void **state)
{
	unsigned int class = size_class_of(32 * KIB);
	uint64_t made;

	(void)state;
	instance.config.budget_bytes = 6 * MIB;
	instance.config.learn_bytes = MIB;
	breathe(32 * KIB, 70, 8);
	made = instance.stats[class].pages_total;
	breathe(32 * KIB, 70, 8);
	assert_int_equal(instance.stats[class].pages_total, made);
	assert_in_range(instance.kept_learned, 1, PORT_KEPT_LEARN_MAX);
	/* no more than the limit; that of small ones costs little, not kept */
	breathe(32 * KIB, 1000, 8);
	assert_in_range(instance.kept_units, 1,
			PORT_KEPT_UNITS_MAX + PORT_KEPT_LEARN_MAX);
	/* it is within the budget, and forgotten with all else */
	assert_true(instance.kept_learned <=
		    instance.config.budget_bytes / 3 >> UNIT_SHIFT);
	purge_all(&instance);
	assert_int_equal(instance.kept_learned, 0);
	breathe(256, 10000, 8);
	assert_int_equal(instance.kept_learned, 0);
	instance.config.budget_bytes = 0;
	breathe(32 * KIB, 1000, 8);
	assert_int_equal(instance.kept_learned, 0);
}
#endif

#if MI_CONCURRENT && !PORT_FRAMES_RUN_OUT
/* What has all come back to a page of many blocks is made anew, in order */
static void empty_pages_are_in_order(void **state)
{
	const size_t count = 4096, size = 64;
	struct check_random random = { check_seed("in order") };
	size_t i, next, round;

	(void)state;
	for (round = 0; round < 4; round++) {
		for (i = 0, next = 0; i < count; i++) {
			blocks[i] = heap_malloc(&heap, size);
			assert_non_null(blocks[i]);
			memset(blocks[i], (int)i, size);
			next += i && (uintptr_t)blocks[i] ==
				     (uintptr_t)blocks[i - 1] + size;
		}
		/* but where another page begins, and in those of one unit */
		assert_true(next >= count * 7 / 8);
		assert_true(heap_is_valid(&heap));
		shuffle(&random, blocks, count);
		for (i = 0; i < count; i++)
			instance_free(&instance, blocks[i]);
	}
}
#endif

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_class_fills_and_drains),
		T(drained_heap_holds_little),
		T(one_block_in_turn),
		T(random_classes),
		T(swaps_are_short_and_not_endless),
		T(full_pages_wait),
		T(collection_finds_full_pages),
#if PORT_KEPT_LEARN_MAX && MI_CLASS_STATS
		T(missed_pages_are_kept),
#endif
#if MI_CONCURRENT && !PORT_FRAMES_RUN_OUT
		T(empty_pages_are_in_order),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
