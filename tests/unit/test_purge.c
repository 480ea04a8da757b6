/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When memory is given back to the port, and how much of it.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "purge.h"

/* Larger than what comes to a shelf */
#define BLOCK	(5 * MIB)

static void nothing_below_the_budget(void **state)
{
	char *p;
	size_t i;

	(void)state;
	instance.config.budget_bytes = BLOCK;
	for (i = 0; i < 100; i++)
		instance_free(&instance, dirty_block(BLOCK));
	assert_int_equal(purge_count, 0);
	assert_int_equal(instance.units_dirty, BLOCK / UNIT_SIZE);
	/* one unit more is one too many: it goes, and a little beside */
	p = dirty_block(BLOCK + 1);
	instance_free(&instance, p);
	assert_true(instance.units_dirty <= BLOCK / UNIT_SIZE);
	assert_in_range(purged_bytes(), UNIT_SIZE, MIB);
	assert_int_equal(instance.bytes_purged, purged_bytes());
	assert_int_equal(instance.purges, purge_count);
	/* of its end: what is handed out next is the front */
	assert_true(was_purged(p + BLOCK, 1));
	assert_ptr_equal(heap_malloc(&heap, 3 * MIB), p);
	assert_true(all_dirt(p + 64, 3 * MIB - 64));
}

static bool all_purges_in(const char *start, size_t bytes)
{
	size_t i;

	for (i = 0; i < purge_count; i++)
		if (purges[i].start < start ||
		    purges[i].start + purges[i].bytes > start + bytes)
			return false;
	return true;
}

static void oldest_goes_first(void **state)
{
	char *blocks[9];
	size_t i;

	(void)state;
	instance.config.budget_bytes = 12 * MIB;
	/* blocks with odd numbers stay and keep the others apart */
	for (i = 0; i < 9; i++)
		blocks[i] = dirty_block(BLOCK);
	instance_free(&instance, blocks[4]);
	instance_free(&instance, blocks[0]);
	assert_int_equal(purge_count, 0);
	instance_free(&instance, blocks[8]);
	assert_true(purged_bytes() >= 3 * MIB);
	assert_true(all_purges_in(blocks[4], BLOCK));
	instance_free(&instance, blocks[2]);
	for (i = 0; i < purge_count; i++)
		assert_true(purges[i].start < blocks[1] ||
			    (purges[i].start >= blocks[4] &&
			     purges[i].start < blocks[5]));
	for (i = 1; i < 9; i += 2)
		assert_true(all_dirt(blocks[i], BLOCK));
}

static void budget_follows_what_is_used(void **state)
{
	char *used, *blocks[8];
	size_t i;

	(void)state;
	instance.config.budget_share = 4;
	used = dirty_block(32 * MIB);
	for (i = 0; i < 8; i++)
		blocks[i] = dirty_block(MIB);
	for (i = 0; i < 8; i++)
		instance_free(&instance, blocks[i]);
	assert_int_equal(purge_count, 0);
	/* with the use goes the budget */
	instance_free(&instance, used);
	assert_true(instance.units_dirty <= MIB / UNIT_SIZE);
	assert_true(purged_bytes() >= 37 * MIB);
}

static void disabled_but_for_all(void **state)
{
	(void)state;
	instance.config.purge_enabled = false;
	instance_free(&instance, dirty_block(20 * MIB));
	assert_int_equal(purge_count, 0);
	purge_all(&instance);
	assert_purged(20 * MIB);
	assert_int_equal(instance.units_dirty, 0);
}

static void random_frees_under_the_budget(void **state)
{
	struct check_random random = { check_seed("random frees") };
	static struct {
		char *p;
		size_t size;
		bool zero;
	} s[200];
	size_t rounds = check_rounds(6000), i, k, budget;

	(void)state;
	for (i = 0; i < rounds; i++) {
		k = check_below(&random, ARRAY_LENGTH(s));
		purge_fails = i > rounds / 4 * 3 && i % 8 == 0;
		if (s[k].p) {
			assert_true(all_dirt(s[k].p, s[k].size));
			instance_free(&instance, s[k].p);
			s[k].p = NULL;
			budget = instance.config.budget_bytes / UNIT_SIZE;
			assert_true(instance.units_dirty <= budget);
		} else {
			s[k].size = 1 + check_log_size(&random, 512 * KIB);
			s[k].p = heap_zalloc(&heap, s[k].size);
			assert_non_null(s[k].p);
			assert_true(all_zero(s[k].p, s[k].size));
			memset(s[k].p, DIRT, s[k].size);
		}
		if (i % 64 == 0) {
			assert_true(all_is_valid(&instance));
			purge_count = 0;
		}
	}
	assert_true(instance.purges >= rounds / 1000);
	memset(s, 0, sizeof(s));
}

/*
 * Memory freed in order, up or down, is given back about once; more only
 * where a chunk of descriptors comes back in between
 */
static void given_back_once(bool upwards)
{
	enum { COUNT = 600 };
	size_t bytes = 20 * UNIT_SIZE, i;
	void *blocks[COUNT];

	for (i = 0; i < COUNT; i++)
		blocks[i] = dirty_block(bytes);
	for (i = 0; i < COUNT; i++)
		instance_free(&instance,
			      blocks[upwards ? i : COUNT - 1 - i]);
	check(purged_bytes() <= COUNT * bytes * 2,
	      "%zu bytes given back of %zu freed", purged_bytes(),
	      COUNT * bytes);
	assert_true(instance.units_dirty << UNIT_SHIFT <= MIB);
}

static void upwards_given_back_once(void **state)
{
	(void)state;
	given_back_once(true);
}

static void downwards_given_back_once(void **state)
{
	(void)state;
	given_back_once(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_below_the_budget),
		T(oldest_goes_first),
		T(budget_follows_what_is_used),
		T(disabled_but_for_all),
		T(random_frees_under_the_budget),
		T(upwards_given_back_once),
		T(downwards_given_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
