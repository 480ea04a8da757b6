/* SPDX-License-Identifier: BSD-3-Clause */
/* Free blocks whose memory a collection gives back: they are holes. */
#include "unit.h"

#define ARENA_BYTES	(64 * MIB)
#define COUNT		100
#define CLASS_FIRST	size_class_of(UNIT_SIZE)

static struct instance instance;
static struct heap heap;
static char *memory;
static char *block[COUNT];
static size_t size[COUNT];

static int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
	memset(block, 0, sizeof(block));
	return 0;
}

static int end(void **state)
{
	(void)state;
	heap_collect(&heap, true);
	assert_true(heap_is_valid(&heap));
	assert_int_equal(instance.units_used, 0);
	assert_true(arena_is_as_new(instance.arenas));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

static void take(size_t i, size_t bytes)
{
	block[i] = heap_malloc(&heap, bytes);
	assert_non_null(block[i]);
	size[i] = bytes;
	memset(block[i], (int)i, bytes);
}

static void give(size_t i)
{
	size_t k;

	if (!block[i])
		return;
	for (k = 0; k < size[i]; k++)
		assert_int_equal((unsigned char)block[i][k], i);
	instance_free(&instance, block[i]);
	block[i] = NULL;
}

static void give_all(void)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		give(i);
}

static void collect(void)
{
	heap_collect(&heap, true);
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
}

/* Holes of all pages. No whole page of the system is touched in one */
static size_t count_holes(void)
{
	const struct run *run = instance.arenas->phys.first;
	const struct page *page;
	size_t count = 0, i;

	for (; run; run = run->phys.next) {
		if (run->kind != RUN_PAGE)
			continue;
		page = (const struct page *)run;
		for (i = 0; i < page->capacity; i++) {
			if (!(page->holes >> i & 1))
				continue;
			count++;
			assert_int_equal(touched_pages((char *)run_start(run) +
						       i * page->block_size,
						       page->block_size), 0);
		}
	}
	return count;
}

/* Where the system's pages are large there may be no row that holds one */
static bool has_holes(void)
{
	return count_holes() > 0 || sysconf(_SC_PAGESIZE) > (long)UNIT_SIZE;
}

/* One block in each ten stays: what is free around it goes, and comes again */
static void every_class(void **state)
{
	size_t whole = (size_t)sysconf(_SC_PAGESIZE), bytes, holes, i;
	unsigned int class;

	(void)state;
	for (class = CLASS_FIRST; class < CLASS_COUNT; class++) {
		bytes = size_class_bytes(class);
		for (i = 0; i < COUNT; i++)
			take(i, bytes);
		for (i = 0; i < COUNT; i++)
			if (i % 10)
				give(i);
		collect();
		holes = count_holes();
		assert_true(whole > UNIT_SIZE || holes >= COUNT / 2);
		collect();	/* and there is no more to give back */
		assert_int_equal(count_holes(), holes);
		for (i = 0; i < COUNT; i++) {
			if (i % 10)
				take(i, bytes);
			assert_true(heap_is_valid(&heap));
		}
		assert_int_equal(count_holes(), 0);
		give_all();
	}
}

static void at_random(void **state)
{
	struct check_random *r = *state;
	size_t rounds = check_rounds(20000), i, k;

	for (i = 0; i < rounds; i++) {
		k = check_below(r, COUNT);
		if (block[k])
			give(k);
		else
			take(k, UNIT_SIZE + check_below(r, 7 * UNIT_SIZE));
		if (check_below(r, 20) == 0)
			collect();
		assert_true(i % 8 || heap_is_valid(&heap));
	}
	assert_true(all_is_valid(&instance));
	give_all();
}

/* Memory of the user has no holes */
static void fixed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		take(i, 3 * UNIT_SIZE);
	for (i = 0; i < COUNT; i += 2)
		give(i);
	instance.arenas->fixed = true;
	collect();
	assert_int_equal(count_holes(), 0);
	instance.arenas->fixed = false;
	collect();
	assert_true(has_holes());
	give_all();
}

#if MI_THREADS
/* Holes stay when the page changes hands, and count as not handed out */
static void abandoned(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++)
		take(i, 2 * UNIT_SIZE);
	for (i = 0; i < COUNT; i++)
		if (i % 8)
			give(i);
	collect();
	assert_true(heap_visit_pages(&heap, page_abandon, NULL));
	assert_true(has_holes());
	for (i = 0; i < COUNT; i++)
		if (i % 8)
			take(i, 2 * UNIT_SIZE);
	assert_true(heap_is_valid(&heap));
	/* blocks of the last page that nobody has taken as yet */
	assert_true(count_holes() < PAGE_BLOCKS_MEDIUM);
	for (i = 0; i < COUNT; i++)
		if (i % 8)
			give(i);
	collect();
	assert_true(heap_visit_pages(&heap, page_abandon, NULL));
	give_all();		/* who brings the last block takes the page */
}
#endif

/* A heap that ends, as deleted or destroyed ones do */
static void moved(void **state)
{
	struct heap *other = heap_new(&heap);
	size_t i;

	(void)state;
	assert_non_null(other);
	for (i = 0; i < COUNT; i++) {
		block[i] = heap_malloc(other, 2 * UNIT_SIZE);
		size[i] = 2 * UNIT_SIZE;
		memset(block[i], (int)i, size[i]);
	}
	for (i = 0; i < COUNT; i++)
		if (i % 8)
			give(i);
	heap_collect(other, true);
	assert_true(heap_is_valid(other));
	assert_true(has_holes());
	heap_absorb(&heap, other);
	assert_true(heap_is_valid(&heap));
	for (i = 0; i < COUNT; i++)
		if (i % 8)
			take(i, 2 * UNIT_SIZE);
	heap_end(other);
	give_all();
}

int main(void)
{
	struct check_random random = { check_seed("holes") };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_class, begin, end),
		cmocka_unit_test_prestate_setup_teardown(at_random, begin, end,
							 &random),
		cmocka_unit_test_setup_teardown(fixed, begin, end),
#if MI_THREADS
		cmocka_unit_test_setup_teardown(abandoned, begin, end),
#endif
		cmocka_unit_test_setup_teardown(moved, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
