/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large runs that were freed and wait for the same request: src/runs/shelf.c.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "purge.h"

#include "runs/budget.h"

#define COUNT	((size_t)8)
#define SIZE	(256 * KIB)

static void *blocks[COUNT];

static void all_new(size_t size)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		blocks[i] = dirty_block(size);
}

/* The cache of one block is not what is tested here */
static void freed(void *block)
{
	struct large *cached;

	instance_free(&instance, block);
	cached = large_cache_exchange(&instance, NULL);
	if (cached)
		instance_run_free(&instance, &cached->run);
}

static void all_freed(void)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		freed(blocks[i]);
	assert_true(all_is_valid(&instance));
}

static void the_last_comes_first(void **state)
{
	size_t i, round;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	all_new(SIZE);
	for (round = 0; round < 3; round++) {
		all_freed();
		assert_int_equal(instance.runs_shelved, COUNT);
		assert_int_equal(instance.units_dirty, 0);
		assert_int_equal(instance.units_used, 0);
		for (i = COUNT; i-- > 0;)
			assert_ptr_equal(dirty_block(SIZE), blocks[i]);
	}
	assert_int_equal(purge_count, 0);
	all_freed();
}

static void zero_where_it_has_to_be(void **state)
{
	char *p;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	all_new(SIZE);
	all_freed();
	p = heap_zalloc(&heap, SIZE - 100);
	assert_ptr_equal(p, blocks[COUNT - 1]);
	assert_true(all_zero(p, SIZE));
	instance_free(&instance, p);
}

static void other_sizes_do_not_stay(void **state)
{
	size_t i;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	for (i = 0; i < COUNT; i++)
		blocks[i] = dirty_block(SIZE + i * UNIT_SIZE);
	for (i = 0; i < COUNT; i++)
		blocks[i] = heap_realloc(&heap, blocks[i],
					 SIZE / 2 + i * UNIT_SIZE, false);
	all_freed();
	assert_int_equal(instance.runs_shelved, 0);
}

static void within_the_budget(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		all_new(SIZE);
		all_freed();
		assert_true(units_resting(&instance) <= MIB / UNIT_SIZE);
	}
	assert_true(purge_count > 0);
	instance.config.budget_bytes = 0;
	all_new(SIZE);
	all_freed();
	assert_int_equal(units_resting(&instance), 0);
	/* where nothing is given back it is the same budget */
	instance.config.purge_enabled = false;
	instance.config.budget_bytes = MIB;
	all_new(SIZE);
	all_freed();
	assert_in_range(instance.runs_shelved, 1, MIB / SIZE);
}

static void a_collection_empties_them(void **state)
{
	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	all_new(SIZE);
	all_freed();
	assert_true(instance.runs_shelved > 0);
	purge_all(&instance);
	assert_int_equal(units_resting(&instance), 0);
	assert_purged(COUNT * SIZE);
}

/*
 * All memory is in runs of 4 MiB that wait, and a request needs two of them. It
 * does not have to look at all pages for that.
 */
static void a_request_finds_what_is_there(void **state)
{
	const size_t count = ARENA_BYTES / (4 * MIB) - 1;
	void *fill[ARENA_BYTES / (4 * MIB)], *p;
	size_t forced = 0, i;

	(void)state;
	instance.config.budget_bytes = ARENA_BYTES;
	for (i = 0; i < count; i++)
		fill[i] = heap_malloc(&heap, 4 * MIB);
	for (i = 0; i < count; i++)
		instance_free(&instance, fill[i]);
	assert_int_equal(instance.runs_shelved, count);
	heap_set_deferred(count_forced, &forced);
	p = heap_malloc(&heap, 12 * MIB);
	heap_set_deferred(NULL, NULL);
	assert_non_null(p);
	assert_int_equal(forced, 0);
	assert_int_equal(instance.runs_shelved, 0);
	instance_free(&instance, p);
	assert_int_equal(purge_count, 0);
}

static void a_block_grows_over_them(void **state)
{
	void *first;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	first = dirty_block(SIZE);
	all_new(SIZE);
	all_freed();
	assert_int_equal(instance.runs_shelved, COUNT);
	assert_ptr_equal(heap_realloc(&heap, first, 3 * SIZE, false), first);
	assert_true(instance.runs_shelved < COUNT);
	assert_true(all_is_valid(&instance));
	instance_free(&instance, first);
}

/* The oldest of what nobody asks for goes with each part that is given back */
static void nobody_asks_for_them(void **state)
{
	size_t i;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	all_new(SIZE);
	all_freed();
	for (i = 0; i < 4 * COUNT; i++)
		instance_free(&instance, dirty_block(5 * MIB));
	assert_int_equal(instance.runs_shelved, 0);
	assert_true(units_resting(&instance) <= 4 * MIB / UNIT_SIZE);
}

/* Another size of the same shelf takes its place, one run for each */
static void another_size_takes_the_shelf(void **state)
{
	size_t units = SIZE / UNIT_SIZE, before, i;

	(void)state;
	instance.config.budget_bytes = 32 * MIB;
	all_new(SIZE);
	all_freed();
	do {
		units++;
		before = instance.runs_shelved;
		freed(dirty_block(units * UNIT_SIZE));
	} while (instance.runs_shelved >= before && units < 512);
	check(units < 512, "%zu sizes, and none on the same shelf", units);
	for (i = 0; i < 2 * COUNT; i++) {
		all_new(units * UNIT_SIZE);
		all_freed();
	}
	before = instance.runs_shelved;
	all_new(units * UNIT_SIZE);
	assert_int_equal(instance.runs_shelved, before - COUNT);
	all_freed();
}

/* A heap's own arena serves nobody else, and the user's memory stays his */
static void not_of_every_arena(void **state)
{
	char *own = zero_memory(8 * MIB);
	struct arena *arena;
	void *p;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	arena = arena_add(&instance, own, 8 * MIB, ARENA_EXCLUSIVE);
	assert_non_null(arena);
	p = dirty_block(SIZE);	/* the size is asked for */
	heap.arena = arena;
	all_new(SIZE);
	all_freed();
	assert_int_equal(instance.runs_shelved, 0);
	heap.arena = NULL;
	freed(p);
	assert_int_equal(instance.runs_shelved, 1);
	/* and a heap with an arena of its own takes nothing from there */
	heap.arena = arena;
	blocks[0] = dirty_block(SIZE);
	assert_true(arena_holds(arena, blocks[0]));
	instance_free(&instance, blocks[0]);
	heap.arena = NULL;
	large_cache_flush(&instance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_last_comes_first),
		T(zero_where_it_has_to_be),
		T(other_sizes_do_not_stay),
		T(within_the_budget),
		T(a_collection_empties_them),
		T(a_request_finds_what_is_there),
		T(a_block_grows_over_them),
		T(nobody_asks_for_them),
		T(another_size_takes_the_shelf),
		T(not_of_every_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
