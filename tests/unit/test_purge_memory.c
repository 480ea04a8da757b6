/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which memory is given back to the port, and what becomes of it.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "purge.h"

static void all_is_given_back(void **state)
{
	char *blocks[64];
	size_t i, pages;

	(void)state;
	for (i = 0; i < 64; i++)
		blocks[i] = dirty_block(100 * KIB + i * 500);
	for (i = 0; i < 64; i += 3)
		instance_free(&instance, blocks[i]);
	purge_all(&instance);
	assert_int_equal(instance.units_dirty, 0);
	for (i = 0; i < 64; i++) {
		if (i % 3)
			assert_true(all_dirt(blocks[i], 100 * KIB + i * 500));
		else
			assert_true(was_purged(blocks[i], 100 * KIB));
	}
	for (i = 0; i < 64; i++)
		if (i % 3)
			instance_free(&instance, blocks[i]);
	heap_collect(&heap, true);
	purge_all(&instance);
	/* what stays is the header, the map, and a chunk or two */
	pages = touched_pages(memory, ARENA_BYTES);
	assert_in_range(pages, 1, 8);
	purge_count = 0;
	purge_all(&instance);
	assert_int_equal(purge_count, 0);
}

/* A free run remembers how much of it was touched */
static void untouched_memory_is_left_alone(void **state)
{
	char *first = dirty_block(2 * MIB), *second = dirty_block(2 * MIB);

	(void)state;
	instance.config.budget_bytes = 0;
	instance_free(&instance, second);
	/* it has joined the 60 MiB behind it, of which nothing was touched */
	assert_true(was_purged(second, 2 * MIB));
	assert_purged(2 * MIB);
	instance_free(&instance, first);
	assert_purged(4 * MIB);
	assert_int_equal(instance_largest(&instance),
			 instance_free_bytes(&instance));
}

/* 8 MiB that are zero, for which next to nothing had to be touched */
static char *zeroes_unwritten(void)
{
	size_t touched = touched_pages(memory, ARENA_BYTES);
	char *p = heap_zalloc(&heap, 8 * MIB);

	assert_non_null(p);
	assert_in_range(touched_pages(memory, ARENA_BYTES), touched,
			touched + 2);
	assert_true(all_zero(p, 8 * MIB));
	return p;
}

static void only_what_is_dirty_is_cleared(void **state)
{
	char *p = dirty_block(8 * MIB);

	(void)state;
	instance.config.budget_bytes = MIB;
	instance_free(&instance, p);
	assert_in_range(instance.units_dirty, 1, MIB / UNIT_SIZE);
	instance_free(&instance, zeroes_unwritten());
}

static void purged_memory_is_known_as_zero(void **state)
{
	char *p = dirty_block(8 * MIB);

	(void)state;
	instance.config.budget_bytes = 0;
	instance_free(&instance, p);
	(void)zeroes_unwritten();
}

static void failed_purge_leaves_dirt(void **state)
{
	char *p, *neighbour;

	(void)state;
	instance.config.budget_bytes = 0;
	p = dirty_block(8 * MIB);
	neighbour = dirty_block(MIB);
	purge_fails = true;
	instance_free(&instance, p);
	assert_int_equal(purge_count, 1);
	assert_true(all_dirt(p + 64, 8 * MIB - 64));
	/* once is enough: the port would not do it the next time either */
	purge_all(&instance);
	assert_int_equal(purge_count, 1);
	p = heap_zalloc(&heap, 8 * MIB);
	assert_non_null(p);
	assert_true(all_zero(p, 8 * MIB));
	assert_true(all_dirt(neighbour, MIB));
	p = heap_zalloc(&heap, 16 * MIB);
	assert_true(all_zero(p, 16 * MIB));
}

static char *got[64];
static size_t got_count;

static void take_everything(void)
{
	while (got_count < ARRAY_LENGTH(got) &&
	       (got[got_count] = heap_malloc(&heap, 3 * MIB))) {
		memset(got[got_count], DIRT, 3 * MIB);
		got_count++;
	}
}

/* Whoever comes while the port works gets other memory */
static void purging_is_out_of_service(void **state)
{
	char *p = dirty_block(9 * MIB), *other;
	size_t i;

	(void)state;
	instance.config.budget_bytes = 0;
	got_count = 0;
	while_purging = take_everything;
	instance_free(&instance, p);
	while_purging = NULL;
	assert_int_equal(purge_count, 1);
	assert_in_range(got_count, 10, 19);
	for (i = 0; i < got_count; i++) {
		assert_true(got[i] + 3 * MIB <= p || got[i] >= p + 9 * MIB);
		assert_true(all_dirt(got[i], 3 * MIB));
	}
	assert_true(all_is_valid(&instance));
	other = heap_zalloc(&heap, 9 * MIB);
	assert_ptr_equal(other, p);
	assert_true(all_zero(p, 9 * MIB));
}

static void users_memory_is_never_purged(void **state)
{
	static struct instance own;
	struct heap own_heap;
	char *p;

	(void)state;
	instance_renew(&own);
	own.config.budget_bytes = 0;
	assert_non_null(arena_add(&own, dirty_memory(4 * MIB), 4 * MIB,
				  ARENA_ZERO | ARENA_FIXED));
	heap_begin(&own_heap, &own);
	p = heap_malloc(&own_heap, MIB);
	memset(p, DIRT, MIB);
	instance_free(&own, p);
	port_lock(&own.lock);
	purge_to_budget(&own, true);
	port_unlock(&own.lock);
	assert_int_equal(purge_count, 0);
	p = heap_zalloc(&own_heap, 3 * MIB);
	assert_true(all_zero(p, 3 * MIB));
	assert_true(all_is_valid(&own));
	heap_begin(&heap, &instance);
}

/*
 * mi_collect() gives back what is dirty, also where nothing goes by itself; but
 * who has nobody to give memory back to need not know.
 */
static void dirty_is_counted_where_it_matters(void **state)
{
	const size_t counted = PORT_MAP_WINDOW ? 5 * MIB / UNIT_SIZE : 0;
	static struct instance own;
	struct heap own_heap;
	char *p, *memory_of_own = dirty_memory(8 * MIB);

	(void)state;
	instance_renew(&own);
	own.config.purge_enabled = false;
	assert_non_null(arena_add(&own, memory_of_own, 8 * MIB, 0));
	heap_begin(&own_heap, &own);
	p = heap_malloc(&own_heap, 5 * MIB);
	instance_free(&own, p);
	assert_int_equal(own.units_dirty, counted);
	p = heap_zalloc(&own_heap, 6 * MIB);
	assert_true(all_zero(p, 6 * MIB));
	own.config.purge_enabled = true;
	own.config.budget_bytes = 8 * MIB;
	instance_free(&own, p);
	assert_int_equal(own.units_dirty, 6 * MIB / UNIT_SIZE);
	assert_true(all_is_valid(&own));
	munmap(memory_of_own, 8 * MIB);
	heap_begin(&heap, &instance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(all_is_given_back),
		T(untouched_memory_is_left_alone),
		T(only_what_is_dirty_is_cleared),
		T(purged_memory_is_known_as_zero),
		T(failed_purge_leaves_dirt),
		T(purging_is_out_of_service),
		T(users_memory_is_never_purged),
		T(dirty_is_counted_where_it_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
