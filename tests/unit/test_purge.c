/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is given back to the port, when, and what becomes of it.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "unit.h"

#define ARENA_BYTES	(64 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

/* -------- the port's side -------- */

#define PURGES_MAX	4096

static struct {
	char *start;
	size_t bytes;
} purges[PURGES_MAX];

static size_t purge_count;
static bool purge_fails;
static void (*while_purging)(void);

bool __real_port_purge(void *start, size_t bytes);
bool __wrap_port_purge(void *start, size_t bytes);

bool __wrap_port_purge(void *start, size_t bytes)
{
	struct arena *arena = arena_of(&instance, start);
	struct run *run;

	/* others may work meanwhile, and what they are given is not this */
	must(instance.lock.word == 0);
	must(arena && arena_holds(arena, (char *)start + bytes - 1));
	must(((uintptr_t)start | bytes) % UNIT_SIZE == 0 && bytes > 0);
	for (run = arena->phys.first; run; run = run->phys.next)
		if (run_start(run) < (uintptr_t)start + bytes &&
		    run_end(run) > (uintptr_t)start)
			must(run->kind == RUN_PURGING);
	must(purge_count < PURGES_MAX);
	purges[purge_count].start = start;
	purges[purge_count++].bytes = bytes;
	if (while_purging)
		while_purging();
	return !purge_fails && __real_port_purge(start, bytes);
}

static size_t purged_bytes(void)
{
	size_t i, bytes = 0;

	for (i = 0; i < purge_count; i++)
		bytes += purges[i].bytes;
	return bytes;
}

static bool was_purged(const char *start, size_t bytes)
{
	size_t i;

	for (i = 0; i < purge_count; i++)
		if (purges[i].start <= start &&
		    start + bytes <= purges[i].start + purges[i].bytes)
			return true;
	return false;
}

static void *dirty_block(size_t bytes)
{
	char *p = heap_malloc(&heap, bytes);

	assert_non_null(p);
	memset(p, DIRT, bytes);
	return p;
}

static int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	instance.config.budget_bytes = MIB;
	instance.config.budget_share = 0;
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
	purge_count = 0;
	purge_fails = false;
	while_purging = NULL;
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

/* -------- tests -------- */

static void nothing_below_the_budget(void **state)
{
	char *p;
	size_t i;

	(void)state;
	instance.config.budget_bytes = 4 * MIB;
	for (i = 0; i < 100; i++)
		instance_free(&instance, dirty_block(4 * MIB));
	assert_int_equal(purge_count, 0);
	assert_int_equal(instance.units_dirty, 4 * MIB / UNIT_SIZE);
	/* one unit more is one too many: it goes, and a little beside */
	p = dirty_block(4 * MIB + 1);
	instance_free(&instance, p);
	assert_true(instance.units_dirty <= 4 * MIB / UNIT_SIZE);
	assert_in_range(purged_bytes(), UNIT_SIZE, MIB);
	assert_int_equal(instance.bytes_purged, purged_bytes());
	assert_int_equal(instance.purges, purge_count);
	/* of its end: what is handed out next is the front */
	assert_true(was_purged(p + 4 * MIB, 1));
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
	instance.config.budget_bytes = 5 * MIB;
	/* blocks with odd numbers stay and keep the others apart */
	for (i = 0; i < 9; i++)
		blocks[i] = dirty_block(2 * MIB);
	instance_free(&instance, blocks[4]);
	instance_free(&instance, blocks[0]);
	assert_int_equal(purge_count, 0);
	instance_free(&instance, blocks[8]);
	assert_true(purged_bytes() >= MIB);
	assert_true(all_purges_in(blocks[4], 2 * MIB));
	instance_free(&instance, blocks[2]);
	for (i = 0; i < purge_count; i++)
		assert_true(purges[i].start < blocks[1] ||
			    (purges[i].start >= blocks[4] &&
			     purges[i].start < blocks[5]));
	for (i = 1; i < 9; i += 2)
		assert_true(all_dirt(blocks[i], 2 * MIB));
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

/*
 * So many bytes, and no more than what makes each range whole pages of the
 * system.
 */
static void assert_purged(size_t bytes)
{
	size_t more = purge_count * 2 * (port_page_bytes() - UNIT_SIZE);

	assert_in_range(purged_bytes(), bytes, bytes + more);
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

static void purged_memory_is_known_as_zero(void **state)
{
	char *p = dirty_block(8 * MIB);
	size_t touched;

	(void)state;
	instance.config.budget_bytes = 0;
	instance_free(&instance, p);
	touched = touched_pages(memory, ARENA_BYTES);
	p = heap_zalloc(&heap, 8 * MIB);
	assert_non_null(p);
	/* nobody had to write zeroes */
	assert_in_range(touched_pages(memory, ARENA_BYTES), touched,
			touched + 2);
	assert_true(all_zero(p, 8 * MIB));
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

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_below_the_budget),
		T(oldest_goes_first),
		T(budget_follows_what_is_used),
		T(disabled_but_for_all),
		T(all_is_given_back),
		T(untouched_memory_is_left_alone),
		T(purged_memory_is_known_as_zero),
		T(failed_purge_leaves_dirt),
		T(purging_is_out_of_service),
		T(users_memory_is_never_purged),
		T(random_frees_under_the_budget),
		T(upwards_given_back_once),
		T(downwards_given_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
