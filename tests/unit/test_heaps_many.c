/* SPDX-License-Identifier: BSD-3-Clause */
/* More heaps than KEPT_HEAPS_MAX: what each keeps, and does without. */
#include "unit.h"

#define ARENA_BYTES	(256 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

static void begin(void)
{
	instance_renew(&instance);
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
}

static void *blocks[3 * PAGE_BYTES_MAX / BLOCK_ALIGN];

#define HEAPS_MANY	(2 * KEPT_HEAPS_MAX)

/* Each heap uses and frees a block of each of CLASS_DIRECT_COUNT classes */
static void many_heaps_keep_little_each(void **state)
{
	static struct heap *heaps[HEAPS_MANY];
	unsigned int class;
	void *block;
	size_t i;

	(void)state;
	begin();
	for (i = 0; i < HEAPS_MANY; i++) {
		heaps[i] = heap_new(&heap);
		assert_non_null(heaps[i]);
	}
	for (i = 0; i < HEAPS_MANY; i++) {
		for (class = 1; class < CLASS_DIRECT_COUNT; class++) {
			block = heap_malloc(heaps[i], size_class_bytes(class));
			assert_non_null(block);
			instance_free(&instance, block);
		}
		assert_true(heap_is_valid(heaps[i]));
	}
	assert_true(all_is_valid(&instance));
	check(units_of_pages(&instance) <= PORT_KEPT_UNITS_MAX +
	      HEAPS_MANY * KEPT_UNITS_EACH, "%zu units for %d heaps",
	      units_of_pages(&instance), HEAPS_MANY);
	assert_int_equal(heaps[HEAPS_MANY - 1]->kept_units, KEPT_UNITS_EACH);
	/* one that is busy gets no more because the others are there */
	for (i = 0; i < ARRAY_LENGTH(blocks); i++)
		assert_non_null(blocks[i] = heap_malloc(heaps[1], 1024));
	for (i = 0; i < ARRAY_LENGTH(blocks); i++)
		instance_free(&instance, blocks[i]);
	assert_true(heaps[1]->kept_units <= PORT_KEPT_UNITS_MAX);
	assert_true(instance.kept_units <= PORT_KEPT_UNITS_MAX +
		    HEAPS_MANY * KEPT_UNITS_EACH);
	for (i = 0; i < HEAPS_MANY; i++) {
		heap_absorb(&heap, heaps[i]);
		heap_end(heaps[i]);
	}
	heap_collect(&heap, true);
	assert_int_equal(units_of_pages(&instance), 0);
	assert_int_equal(instance.kept_units, 0);
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, ARENA_BYTES);
}

/* Where there are many heaps a block that is a little larger will do */
static void many_heaps_borrow(void **state)
{
	static struct heap *heaps[HEAPS_MANY];
	const size_t count = 2 * UNIT_SIZE / 112;
	char *larger, *block, *aligned[8];
	size_t i, round;

	(void)state;
	begin();
	larger = heap_malloc(&heap, 112);
	block = heap_malloc(&heap, 96);
	assert_int_equal(block_usable(block_run_quiet(&instance, block)), 96);
	instance_free(&instance, block);
	heap_collect(&heap, true);
	for (i = 0; i < HEAPS_MANY; i++)
		assert_non_null(heaps[i] = heap_new(&heap));
	/* blocks that are dirty, of which only a part is asked for */
	for (i = 0; i < count; i++) {
		blocks[i] = heap_malloc(&heap, 112);
		memset(blocks[i], DIRT, 112);
	}
	while (i--)
		instance_free(&instance, blocks[i]);
	for (i = 0; i < count; i++) {
		block = heap_zalloc(&heap, 96);
		assert_non_null(block);
		assert_int_equal(block_usable(block_run_quiet(&instance,
							      block)), 112);
		assert_true(all_zero(block, 112));
		memset(block, DIRT, 112);
		blocks[i] = block;
	}
	/* nor is one lent that is not aligned as it has to be */
	for (round = 0; round < 2; round++) {
		block = heap_malloc(&heap, 80);
		for (i = 0; i < 8; i++) {
			aligned[i] = heap_malloc_aligned(&heap, 64, 64, 0,
							 i % 2 == 0);
			assert_non_null(aligned[i]);
			assert_int_equal((uintptr_t)aligned[i] % 64, 0);
			assert_true(i % 2 || all_zero(aligned[i], 64));
			memset(aligned[i], DIRT, 64);
		}
		for (i = 0; i < 8; i++)
			instance_free(&instance, aligned[i]);
		instance_free(&instance, block);
		/* the next round finds no page of theirs, and their dirt */
		heap_collect(&heap, false);
	}
	/* what is larger by more than a quarter will not */
	block = heap_malloc(&heap, 80);
	assert_int_equal(block_usable(block_run_quiet(&instance, block)), 80);
	assert_true(heap_is_valid(&heap));
	instance_free(&instance, block);
	for (i = 0; i < count; i++)
		instance_free(&instance, blocks[i]);
	instance_free(&instance, larger);
	for (i = 0; i < HEAPS_MANY; i++) {
		heap_absorb(&heap, heaps[i]);
		heap_end(heaps[i]);
	}
	heap_collect(&heap, true);
	assert_int_equal(units_of_pages(&instance), 0);
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, ARENA_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_heaps_keep_little_each),
		cmocka_unit_test(many_heaps_borrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
