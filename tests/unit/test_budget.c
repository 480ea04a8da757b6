/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the budget learns: src/runs/budget.c. Memory breathes in blocks of 2 MiB
 * which no cache keeps; 1 MiB may stay dirty in any case.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "purge.h"

#include "runs/budget.h"

#define BLOCK		(2 * MIB)
#define BLOCKS_MAX	((size_t)8)

static char *blocks[BLOCKS_MAX];

static void breathe_in(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		blocks[i] = dirty_block(BLOCK);
}

static void breathe_out(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		instance_free(&instance, blocks[i]);
}

/* Bytes given back in so many breaths */
static size_t breaths(size_t rounds, size_t count)
{
	size_t bytes = instance.bytes_purged;

	while (rounds--) {
		purge_count = 0;
		breathe_in(count);
		breathe_out(count);
		assert_true(all_is_valid(&instance));
	}
	return instance.bytes_purged - bytes;
}

static size_t dirty_bytes(void)
{
	return units_resting(&instance) << UNIT_SHIFT;
}

static void one_breath_is_enough(void **state)
{
	(void)state;
	instance.config.learn_bytes = 8 * MIB;
	/* the first is new memory, so nobody misses anything */
	assert_true(breaths(1, 4) >= 7 * MIB);
	assert_true(dirty_bytes() <= MIB);
	assert_int_equal(breaths(20, 4), 0);
	assert_true(dirty_bytes() <= 9 * MIB);
}

/* A block that grows in place takes from the free run behind it */
static void growth_is_a_breath(void **state)
{
	size_t round, bytes = 0;
	char *p;

	(void)state;
	instance.config.learn_bytes = 8 * MIB;
	for (round = 0; round < 6; round++) {
		if (round == 3)
			bytes = instance.bytes_purged;
		purge_count = 0;
		p = dirty_block(BLOCK);
		assert_ptr_equal(heap_realloc(&heap, p, 4 * BLOCK, false), p);
		memset(p, DIRT, 4 * BLOCK);
		instance_free(&instance, p);
		assert_true(all_is_valid(&instance));
	}
	assert_int_equal(instance.bytes_purged, bytes);
}

static void nothing_learns_where_it_must_not(void **state)
{
	(void)state;
	instance.config.learn_bytes = 0;
	assert_true(breaths(10, 4) >= 70 * MIB);
	instance.config.learn_bytes = 8 * MIB;
	instance.config.budget_bytes = 0;
	assert_true(breaths(10, 4) >= 70 * MIB);
	assert_int_equal(instance.units_dirty, 0);
}

static void too_deep_a_breath_leaves_nothing(void **state)
{
	size_t i;

	(void)state;
	instance.config.learn_bytes = 6 * MIB;
	for (i = 0; i < LEARN_PRICE / 16; i++) {
		assert_true(breaths(1, 8) >= 10 * MIB);
		assert_true(dirty_bytes() <= MIB);
	}
	/* what is no deeper than that is learned nevertheless */
	(void)breaths(2, 3);
	assert_int_equal(breaths(10, 3), 0);
}

static void what_was_missed_often_enough_stays(void **state)
{
	(void)state;
	instance.config.learn_bytes = MIB;
	(void)breaths(LEARN_PRICE / 2, 2);
	assert_true(breaths(1, 2) > MIB);
	(void)breaths(LEARN_PRICE, 2);
	assert_int_equal(breaths(20, 2), 0);
}

/* As much as is in use may be learned beside it */
static void large_working_set_learns_more(void **state)
{
	char *used;

	(void)state;
	instance.config.learn_bytes = MIB;
	used = dirty_block(16 * MIB);
	(void)breaths(3, 7);
	assert_int_equal(breaths(5, 7), 0);
	/* it is bounded when it is asked for; what is in the cache is in use */
	(void)budget_units(&instance);
	assert_true(instance.budget.learned <= 17 * MIB >> UNIT_SHIFT);
	instance_free(&instance, used);
	/* that is more than all that was learned: it is all too much */
	assert_true(dirty_bytes() <= MIB);
}

static void spare_memory_goes(void **state)
{
	size_t bytes;

	(void)state;
	instance.config.learn_bytes = 16 * MIB;
	(void)breaths(4, 7);
	assert_true(dirty_bytes() > 12 * MIB);
	/* of 14 MiB only two are used from now on */
	for (bytes = 0; bytes < 2 * EPOCH_BREATHS * 17 * MIB; bytes += BLOCK)
		instance_free(&instance, dirty_block(BLOCK));
	assert_true(dirty_bytes() <= 4 * MIB);
	bytes = breaths(20, 1);
	check(bytes == 0, "%zu bytes of a small breath given back", bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_breath_is_enough),
		T(growth_is_a_breath),
		T(nothing_learns_where_it_must_not),
		T(too_deep_a_breath_leaves_nothing),
		T(what_was_missed_often_enough_stays),
		T(large_working_set_learns_more),
		T(spare_memory_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
