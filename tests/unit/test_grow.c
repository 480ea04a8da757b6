/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where blocks go that grow, what makes room for them, and what is done
 * before a request for one fails.
 */
#include "arena.h"

#define GAPS	16

static size_t heap_usable(const void *block)
{
	return block_usable(block_run(&instance, block));
}

/* Grows by eighths from just over the classes' sizes; counts the moves */
static size_t moves_of(char **block, size_t to)
{
	size_t size = CLASSED_SIZE_MAX, moves = 0, before;
	char *p = heap_malloc(&heap, size);

	assert_non_null(p);
	for (before = 0; size < to; before = size) {
		char *moved;

		pattern_write(p, size, size);
		moved = heap_realloc(&heap, p, size + size / 8, false);
		assert_non_null(moved);
		assert_true(pattern_holds(moved, size, size));
		moves += before && moved != p;
		size += size / 8;
		p = moved;
		assert_true(all_is_valid(&instance));
	}
	*block = p;
	return moves;
}

/* Holes of 40 KiB, 56 KiB, ... with a block in use behind each */
static void gaps_make(void *walls[GAPS])
{
	void *gaps[GAPS];

	for (size_t i = 0; i < GAPS; i++) {
		gaps[i] = heap_malloc(&heap, (40 + 16 * i) * KIB);
		walls[i] = heap_malloc(&heap, 36 * KIB);
		assert_non_null(gaps[i]);
		assert_non_null(walls[i]);
	}
	for (size_t i = 0; i < GAPS; i++)
		instance_free(&instance, gaps[i]);
	large_cache_flush(&instance);
}

static void goes_where_it_can_grow(void **state)
{
	char *memory = dirty_memory(16 * MIB), *block;
	void *walls[GAPS];
	size_t moves;

	(void)state;
	assert_non_null(arena_new(&instance, memory, 16 * MIB, false));
	heap_begin(&heap, &instance);
	gaps_make(walls);
	moves = moves_of(&block, 2 * MIB);
	check(moves <= 1, "a block that grows moves %zu times", moves);
	instance_free(&instance, block);
	for (size_t i = 0; i < GAPS; i++)
		instance_free(&instance, walls[i]);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	heap_finish();
	munmap(memory, 16 * MIB);
}

/* The only gap is as large as what is asked for, and then there is none */
static void less_room_will_do(void **state)
{
	char *memory = dirty_memory(MIB), *gap, *moved;
	void *filling[BLOCKS], *block, *wall;
	size_t count = 0;

	(void)state;
	assert_non_null(arena_new(&instance, memory, MIB, false));
	heap_begin(&heap, &instance);
	gap = heap_malloc(&heap, 60 * KIB);
	wall = heap_malloc(&heap, 40 * KIB);
	block = heap_malloc(&heap, 40 * KIB);
	assert_true(gap && block && wall);
	for (size_t units = 64; units; units /= 2) {
		size_t bytes = units << UNIT_SHIFT;

		while ((filling[count] = large_alloc(&heap, bytes, 16, 0, 0)))
			count++;
	}
	instance_free(&instance, gap);
	pattern_write(block, 40 * KIB, 1);
	moved = heap_realloc(&heap, block, 60 * KIB, false);
	assert_ptr_equal(moved, gap);
	assert_true(pattern_holds(moved, 40 * KIB, 1));
	pattern_write(moved, 60 * KIB, 2);
	assert_null(heap_realloc(&heap, moved, 70 * KIB, false));
	assert_true(pattern_holds(moved, 60 * KIB, 2));
	assert_true(all_is_valid(&instance));
	while (count--)
		instance_free(&instance, filling[count]);
	instance_free(&instance, moved);
	instance_free(&instance, wall);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	heap_finish();
	munmap(memory, MIB);
}

/* A block of 40 KiB, and pages of two classes right behind it */
static char *block_before_pages(void *small[2])
{
	char *block = heap_malloc(&heap, 40 * KIB);
	struct run *run = block_run(&instance, block);

	small[0] = heap_malloc(&heap, 1000);
	small[1] = heap_malloc(&heap, 3000);
	assert_true(block && small[0] && small[1]);
	run = run->phys.next;
	assert_ptr_equal(run, block_run(&instance, small[0]));
	run = run->phys.next;
	assert_ptr_equal(run, block_run(&instance, small[1]));
	return block;
}

static void empty_pages_give_way(void **state)
{
	char *memory = dirty_memory(4 * MIB), *block, *moved;
	void *small[2];

	(void)state;
	assert_non_null(arena_new(&instance, memory, 4 * MIB, false));
	heap_begin(&heap, &instance);
	block = block_before_pages(small);
	pattern_write(block, 40 * KIB, 1);
	instance_free(&instance, small[0]);
	instance_free(&instance, small[1]);
	assert_int_equal(block_run(&instance, block)->phys.next->kind,
			 RUN_PAGE);
	assert_ptr_equal(heap_realloc(&heap, block, 200 * KIB, false), block);
	assert_true(pattern_holds(block, 40 * KIB, 1));
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	instance_free(&instance, block);
	large_cache_flush(&instance);

	/* but not the one that is in use, and so none behind it */
	block = block_before_pages(small);
	instance_free(&instance, small[1]);
	pattern_write(small[0], 1000, 2);
	moved = heap_realloc(&heap, block, 200 * KIB, false);
	assert_ptr_not_equal(moved, block);
	assert_true(pattern_holds(small[0], 1000, 2));
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	instance_free(&instance, small[0]);
	instance_free(&instance, moved);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	heap_finish();
	munmap(memory, 4 * MIB);
}

/* A collection is made where it may help, and not for what no arena can hold */
static void collects_where_it_may_help(void **state)
{
	char *memory = dirty_memory(4 * MIB);
	size_t forced = 0;
	void *block;

	(void)state;
	assert_non_null(arena_new(&instance, memory, 4 * MIB, false));
	heap_begin(&heap, &instance);
	heap_set_deferred(count_forced, &forced);
	block = heap_malloc(&heap, 2 * MIB);
	assert_non_null(block);
	assert_null(heap_malloc(&heap, 4 * MIB + 1));
	assert_int_equal(forced, 0);
	assert_null(heap_malloc(&heap, 3 * MIB));
	assert_int_equal(forced, 1);
	heap_set_deferred(NULL, NULL);
	instance_free(&instance, block);
	heap_finish();
	munmap(memory, 4 * MIB);
}

/* From the smallest on: through a few classes, and then in a run of its own */
static void moves_seldom(void **state)
{
	char *memory = dirty_memory(16 * MIB), *block, *before;
	size_t size, small = 0, large = 0;

	(void)state;
	assert_non_null(arena_new(&instance, memory, 16 * MIB, false));
	heap_begin(&heap, &instance);
	block = heap_malloc(&heap, 16);
	for (size = 16; size < 4 * MIB; size += size / 8) {
		before = block;
		pattern_write(block, size, size);
		block = heap_realloc(&heap, block, size + size / 8, false);
		assert_non_null(block);
		assert_true(pattern_holds(block, size, size));
		if (size > GROWN_CLASSED_MAX)
			large += block != before;
		else
			small += block != before;
		assert_true(all_is_valid(&instance));
	}
	assert_true(heap_is_valid(&heap));
	check(small <= 17, "moved %zu times while it was small", small);
	check(large <= 1, "and %zu times afterwards", large);
	/* and as it shrinks it stays, until it is small again */
	before = block;
	block = heap_realloc(&heap, block, GROWN_CLASSED_MAX + 1, false);
	assert_ptr_equal(block, before);
	assert_true(heap_usable(block) <= 3 * UNIT_SIZE);
	block = heap_realloc(&heap, block, 3000, false);
	assert_ptr_not_equal(block, before);
	instance_free(&instance, block);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	heap_finish();
	munmap(memory, 16 * MIB);
}

#define MANY	1000

/* Many that grow once, and a little: all but the first have an eighth more */
static void many_have_what_they_need(void **state)
{
	char *memory = dirty_memory(4 * MIB), *blocks[MANY];
	size_t need = size_class_bytes(size_class_of(600 + 75)), more = 0;

	(void)state;
	assert_non_null(arena_new(&instance, memory, 4 * MIB, false));
	heap_begin(&heap, &instance);
	for (size_t i = 0; i < MANY; i++) {
		blocks[i] = heap_malloc(&heap, 500);
		assert_non_null(blocks[i]);
	}
	for (size_t i = 0; i < MANY; i++) {
		blocks[i] = heap_realloc(&heap, blocks[i], 600, false);
		assert_non_null(blocks[i]);
		more += heap_usable(blocks[i]) > need;
	}
	check(more <= 1, "%zu blocks have more", more);
	assert_true(heap_is_valid(&heap));
	for (size_t i = 0; i < MANY; i++)
		instance_free(&instance, blocks[i]);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	heap_finish();
	munmap(memory, 4 * MIB);
}

/* Where nothing else is left, what it needs will do */
static void grows_in_the_last_memory(void **state)
{
	char *memory = dirty_memory(MIB), *block, *filling;
	size_t units, count;

	(void)state;
	assert_non_null(arena_new(&instance, memory, MIB, false));
	heap_begin(&heap, &instance);
	/* each class of which a block is taken has free ones */
	block = heap_malloc(&heap, 7000);
	filling = heap_malloc(&heap, 10000);
	assert_true(block && filling);
	for (units = 256, count = 0; units; units /= 2)
		while (units_alloc(&instance, units))
			count++;
	assert_true(count > 0);
	pattern_write(block, 7000, 1);
	errno = 0;
	block = heap_realloc(&heap, block, 9000, false);
	assert_non_null(block);
	assert_int_equal(errno, 0);
	assert_true(pattern_holds(block, 7000, 1));
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, MIB);
}

/* Nor where the only blocks left have just the size that it needs */
static void grows_to_the_last_block(void **state)
{
	char *memory = dirty_memory(MIB), *grown, *block, *last;

	(void)state;
	assert_non_null(arena_new(&instance, memory, MIB, false));
	heap_begin(&heap, &instance);
	grown = heap_malloc(&heap, 600);
	block = heap_malloc(&heap, 640);
	do {
		last = block;
		block = heap_malloc(&heap, 640);
	} while (block);
	instance_free(&instance, last);
	errno = 0;
	grown = heap_realloc(&heap, grown, 635, false);
	assert_non_null(grown);
	assert_int_equal(errno, 0);
	assert_true(heap_is_valid(&heap));
	heap_finish();
	munmap(memory, MIB);
}

/* A small block that grows gets about half more: no more than a class above */
static void room_is_half(void **state)
{
	char *memory = dirty_memory(4 * MIB);
	size_t size, usable, most;
	void *p;

	(void)state;
	assert_non_null(arena_new(&instance, memory, 4 * MIB, false));
	heap_begin(&heap, &instance);
	for (size = 32; size <= GROWN_CLASSED_MAX; size += 16) {
		p = heap_realloc(&heap, heap_malloc(&heap, 16), size, false);
		assert_non_null(p);
		usable = block_usable(block_run_quiet(&instance, p));
		most = size_class_bytes(size_class_of(size + size / 2));
		check(usable <= most, "%zu bytes for %zu", usable, size);
		instance_free(&instance, p);
		heap_collect(&heap, true);
	}
	heap_finish();
	munmap(memory, 4 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(goes_where_it_can_grow, renew),
		cmocka_unit_test_setup(less_room_will_do, renew),
		cmocka_unit_test_setup(empty_pages_give_way, renew),
		cmocka_unit_test_setup(collects_where_it_may_help, renew),
		cmocka_unit_test_setup(room_is_half, renew),
		cmocka_unit_test_setup(moves_seldom, renew),
		cmocka_unit_test_setup(many_have_what_they_need, renew),
		cmocka_unit_test_setup(grows_in_the_last_memory, renew),
		cmocka_unit_test_setup(grows_to_the_last_block, renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
