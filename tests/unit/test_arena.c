/* SPDX-License-Identifier: BSD-3-Clause */
/* Arenas: which ranges become one, what that costs, and whose they are. */
#include "arena.h"

/* -------- any start, any size -------- */

static void from_16_kib_at_any_start(void **state)
{
	static const size_t starts[] = { 0, 1, 8, 16, 100, 2048, 4080, 4095 };
	char *memory = zero_memory(MIB);
	size_t bytes, i;

	(void)state;
	for (i = 0; i < ARRAY_LENGTH(starts); i++) {
		for (bytes = 16 * KIB; bytes < 600 * KIB;
		     bytes += bytes < 64 * KIB ? 509 : 4093) {
			char *start = memory + starts[i];
			struct arena *arena;
			struct run *run;

			memset(memory, DIRT, MIB);
			instance_renew(&instance);
			arena = arena_new(&instance, start, bytes, false);
			check(arena, "start %zu bytes %zu", starts[i], bytes);
			assert_true(arena->start >= (uintptr_t)start);
			assert_true(arena->end <= (uintptr_t)start + bytes);
			assert_true(all_is_valid(&instance));
			assert_true(arena_is_as_new(arena));
			/* all that is outside stays what it was */
			assert_true(all_dirt(memory, starts[i]));
			assert_true(all_dirt((void *)arena->high_water, (size_t)
					     (memory + MIB -
					      (char *)arena->high_water)));
			run = run_cut(arena, &(struct run_request) {
				.units = run_largest(arena), .align_units = 1,
				.kind = RUN_PALLOC,
			});
			assert_non_null(run);
			assert_true(run_end(run) == arena->end);
			assert_int_equal(instance_free_bytes(&instance), 0);
			assert_true(all_is_valid(&instance));
		}
	}
	munmap(memory, MIB);
}

static void below_16_kib_is_refused(void **state)
{
	char *memory = dirty_memory(64 * KIB);
	size_t bytes;

	(void)state;
	for (bytes = 0; bytes < 16 * KIB; bytes += 127) {
		check(!arena_new(&instance, memory, bytes, false),
		      "%zu bytes were taken", bytes);
		assert_null(arena_new(&instance, memory + 77, bytes, false));
		assert_null(instance.arenas);
		assert_true(all_dirt(memory, 64 * KIB));
	}
	munmap(memory, 64 * KIB);
}

static void nonsense_is_refused(void **state)
{
	char *memory = zero_memory(MIB);

	(void)state;
	assert_null(arena_new(&instance, NULL, MIB, false));
	assert_null(arena_new(&instance, memory, SIZE_MAX, false));
	/* more units than a run can count */
	assert_null(arena_new(&instance, memory, ((size_t)16 << 40) + MIB,
			      false));
	assert_null(arena_new(&instance, memory, 0 - (uintptr_t)memory + 1,
			      false));
	assert_null(instance.arenas);
	munmap(memory, MIB);
}

static void overlapping_ranges_are_refused(void **state)
{
	char *memory = zero_memory(4 * MIB), *middle = memory + MIB;

	(void)state;
	assert_non_null(arena_new(&instance, middle, MIB, false));
	memset(memory, DIRT, MIB);
	memset(middle + MIB, DIRT, 2 * MIB);
	assert_null(arena_new(&instance, middle, MIB, false));
	assert_null(arena_new(&instance, memory, 4 * MIB, false));
	assert_null(arena_new(&instance, memory, MIB + UNIT_SIZE, false));
	assert_null(arena_new(&instance, middle + MIB - UNIT_SIZE, MIB,
			      false));
	assert_null(arena_new(&instance, middle + 64 * KIB, 64 * KIB, false));
	assert_true(all_dirt(memory, MIB));
	assert_true(all_dirt(middle + MIB, 2 * MIB));
	assert_int_equal(instance.arena_count, 1);
	assert_true(all_is_valid(&instance));
	/* touching from below is no overlap, nor is it an extension */
	assert_non_null(arena_new(&instance, memory, MIB, false));
	assert_int_equal(instance.arena_count, 2);
	assert_true(all_is_valid(&instance));
	munmap(memory, 4 * MIB);
}

/* -------- what making an arena costs -------- */

static size_t pages_for(size_t bytes, bool is_zero)
{
	char *memory = zero_memory(bytes);
	struct arena *arena;
	size_t pages;

	instance_renew(&instance);
	arena = arena_new(&instance, memory, bytes, is_zero);
	assert_non_null(arena);
	pages = touched_pages(memory, bytes);
	assert_int_equal(touched_pages((void *)arena->high_water,
				       arena->end - arena->high_water), 0);
	munmap(memory, bytes);
	return pages;
}

static void making_an_arena_costs_the_same(void **state)
{
	size_t pages = pages_for(64 * MIB, false);

	(void)state;
	assert_in_range(pages, 1, 3);
	assert_int_equal(pages_for(2 * GIB, false), pages);
	/* with a map that is a window */
	pages = pages_for(128 * MIB, true);
	assert_in_range(pages, 1, 3);
	assert_int_equal(pages_for(2 * GIB, true), pages);
}

/* -------- instances side by side -------- */

static void instances_share_nothing(void **state)
{
	static struct instance others[3];
	static struct heap heaps[3];
	static void *blocks[3][BLOCKS];
	char *memory = dirty_memory(32 * MIB);
	size_t i, k;

	(void)state;
	for (i = 0; i < 3; i++) {
		instance_renew(&others[i]);
		/* they touch, and are none of each other's business */
		assert_non_null(arena_new(&others[i], memory + i * 8 * MIB,
					  8 * MIB, false));
		heap_begin(&heaps[i], &others[i]);
	}
	for (k = 0; k < BLOCKS; k++) {
		for (i = 0; i < 3; i++) {
			blocks[i][k] = heap_malloc(&heaps[i], block_size(k));
			assert_non_null(blocks[i][k]);
			pattern_write(blocks[i][k], block_size(k), i + k);
		}
		for (i = 0; i < 3; i++) {
			assert_non_null(block_run_quiet(&others[i],
							 blocks[i][k]));
			assert_null(block_run_quiet(&others[(i + 1) % 3],
						     blocks[i][k]));
			assert_null(arena_of(&others[(i + 2) % 3],
					     blocks[i][k]));
		}
	}
	for (i = 0; i < 3; i++) {
		for (k = 0; k < BLOCKS; k++) {
			assert_true(pattern_holds(blocks[i][k], block_size(k),
						  i + k));
			instance_free(&others[i], blocks[i][k]);
		}
		heap_collect(&heaps[i], true);
		assert_int_equal(others[i].units_used, 0);
		assert_true(arena_is_as_new(others[i].arenas));
		for (k = 0; k < 3; k++) {
			assert_true(all_is_valid(&others[k]));
			assert_true(heap_is_valid(&heaps[k]));
			assert_true((others[k].units_used > 0) == (k > i));
		}
	}
	heap_finish();
	munmap(memory, 32 * MIB);
}

/*
 * Nothing but the lack of an arena stands in the way of a large request to an
 * instance that asks its port.
 */
static void first_arena_is_large_enough(void **state)
{
	static const size_t sizes[] = {
		MIB, 100 * MIB, 128 * MIB, 130 * MIB, 200 * MIB, 300 * MIB,
		500 * MIB, 513 * MIB, 600 * MIB,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LENGTH(sizes); i++) {
		instance_renew(&instance);
		instance.config.os_enabled = true;
		instance.config.outside = i % 2;
		heap_begin(&heap, &instance);
		check(heap_malloc(&heap, sizes[i]), "%zu bytes", sizes[i]);
		check(instance.arena_count == 1, "%zu bytes took %u arenas",
		      sizes[i], instance.arena_count);
		assert_true(all_is_valid(&instance));
		port_release((void *)instance.arenas->start,
			     instance.arenas->end - instance.arenas->start);
	}
	heap_finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(from_16_kib_at_any_start, renew),
		cmocka_unit_test_setup(below_16_kib_is_refused, renew),
		cmocka_unit_test_setup(nonsense_is_refused, renew),
		cmocka_unit_test_setup(overlapping_ranges_are_refused, renew),
		cmocka_unit_test_setup(making_an_arena_costs_the_same, renew),
		cmocka_unit_test_setup(instances_share_nothing, renew),
		cmocka_unit_test_setup(first_arena_is_large_enough, renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
