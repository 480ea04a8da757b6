/* SPDX-License-Identifier: BSD-3-Clause */
/* A range behind an arena makes it longer. */
#include "arena.h"

/* Each block is filled with a pattern of its own */
static size_t blocks_make(void *blocks[BLOCKS])
{
	size_t i;

	for (i = 0; i < BLOCKS; i++) {
		blocks[i] = heap_malloc(&heap, block_size(i));
		if (!blocks[i])
			break;
		pattern_write(blocks[i], block_size(i), i);
	}
	return i;
}

static void blocks_end(void *blocks[BLOCKS], size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		assert_true(pattern_holds(blocks[i], block_size(i), i));
		instance_free(&instance, blocks[i]);
	}
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
}

static void extended_from_64_kib(void **state)
{
	char *memory = dirty_memory(64 * MIB);
	static void *before[BLOCKS], *after[BLOCKS];
	size_t count, largest;
	struct arena *arena;

	(void)state;
	arena = arena_new(&instance, memory, 64 * KIB, false);
	heap_begin(&heap, &instance);
	count = blocks_make(before);
	assert_in_range(count, 1, BLOCKS - 1);
	assert_ptr_equal(arena_new(&instance, memory + 64 * KIB, MIB -
				   64 * KIB, false), arena);
	assert_true(all_is_valid(&instance));
	assert_ptr_equal(arena_new(&instance, memory + MIB, 63 * MIB, false),
			 arena);
	assert_int_equal(instance.arena_count, 1);
	assert_int_equal(arena->end, (uintptr_t)memory + 64 * MIB);
	assert_true(all_is_valid(&instance));
	assert_true(all_dirt((void *)arena->high_water,
			     arena->end - arena->high_water));
	largest = instance_largest(&instance);
	assert_true(largest > 62 * MIB);
	assert_int_equal(blocks_make(after), BLOCKS);
	blocks_end(before, count);
	blocks_end(after, BLOCKS);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	assert_int_equal(instance_largest(&instance), largest);
	heap_finish();
	munmap(memory, 64 * MIB);
}

static void extended_many_times(void **state)
{
	static void *blocks[100][BLOCKS];
	size_t count[100], i, at = 0, bytes;
	char *memory = dirty_memory(32 * MIB);
	struct arena *arena = NULL;

	(void)state;
	heap_begin(&heap, &instance);
	for (i = 0; i < 100; i++) {
		/* some ranges go over more than the units that they fill */
		bytes = 32 * KIB + i % 7 * 20 * KIB + i % 3 * 100;
		arena = arena_new(&instance, memory + at, bytes, false);
		assert_non_null(arena);
		at += bytes & ~(UNIT_SIZE - 1);
		assert_ptr_equal(arena, instance.arenas);
		assert_int_equal(instance.arena_count, 1);
		assert_int_equal(arena->end, (uintptr_t)memory + at);
		assert_ptr_equal(arena_of(&instance, memory + at - 1), arena);
		assert_null(arena_of(&instance, memory + at));
		count[i] = blocks_make(blocks[i]);
		assert_true(all_is_valid(&instance));
		assert_true(heap_is_valid(&heap));
	}
	for (i = 0; i < 100; i++)
		blocks_end(blocks[i], count[i]);
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	/* what the engine keeps: headers, maps, descriptors */
	assert_true(instance_free_bytes(&instance) > at / 4 * 3);
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, 32 * MIB);
}

static void extended_when_full(void **state)
{
	char *memory = dirty_memory(MIB);
	struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_PALLOC,
	};
	size_t i, free_bytes;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_non_null(arena_new(&instance, memory + i * 128 * KIB,
					  128 * KIB, false));
		free_bytes = instance_free_bytes(&instance);
		assert_true(free_bytes >= 120 * KIB);
		while (instance_run_alloc(&instance, &request))
			assert_true(all_is_valid(&instance));
		assert_int_equal(instance_free_bytes(&instance), 0);
	}
	munmap(memory, MIB);
}

/* What serves only its own heaps does not become part of what serves all */
static void unlike_ranges_stay_apart(void **state)
{
	char *memory = zero_memory(4 * MIB);
	struct arena *arena = arena_new(&instance, memory, MIB, false);

	(void)state;
	assert_true(arena_add(&instance, memory + MIB, MIB,
			      ARENA_EXCLUSIVE) != arena);
	assert_int_equal(instance.arena_count, 2);
	assert_true(arena_add(&instance, memory + 2 * MIB, MIB,
			      ARENA_FIXED) != arena);
	assert_int_equal(instance.arena_count, 3);
	assert_true(all_is_valid(&instance));
	munmap(memory, 4 * MIB);
}

/* The only heap may be that of another thread, which reads the map meanwhile */
static void the_map_of_a_heap_stays(void **state)
{
	char *memory = zero_memory(2 * MIB);
	struct arena *arena = arena_new(&instance, memory, MIB, true);
	const struct map *map = instance.map;

	(void)state;
	assert_false(arena->map_is_window);
	assert_non_null(heap_create(&instance, NULL, false));
	assert_non_null(arena_new(&instance, memory + MIB, MIB, true));
	assert_int_equal(instance.arena_count, MI_CONCURRENT ? 2 : 1);
	if (MI_CONCURRENT)
		assert_ptr_equal(instance.map, map);
	assert_true(all_is_valid(&instance));
	munmap(memory, 2 * MIB);
}

static void zeroes_extended_by_dirt(void **state)
{
	char *memory = zero_memory(2 * MIB), *block;

	(void)state;
	memset(memory + MIB, DIRT, MIB);
	assert_non_null(arena_new(&instance, memory, MIB, true));
	assert_non_null(arena_new(&instance, memory + MIB, MIB, false));
	assert_int_equal(instance.arena_count, 1);
	heap_begin(&heap, &instance);
	while ((block = large_alloc(&heap, 50000, 16, 0, LARGE_ZERO)))
		assert_true(all_zero(block, 50000));
	heap_finish();
	munmap(memory, 2 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(extended_from_64_kib, renew),
		cmocka_unit_test_setup(extended_many_times, renew),
		cmocka_unit_test_setup(extended_when_full, renew),
		cmocka_unit_test_setup(unlike_ranges_stay_apart, renew),
		cmocka_unit_test_setup(the_map_of_a_heap_stays, renew),
		cmocka_unit_test_setup(zeroes_extended_by_dirt, renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
