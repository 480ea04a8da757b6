/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * src/runs/window.c, and arenas that grow (src/runs/grow.c): where arenas
 * may lie, what happens where they may not, and where nothing is to be had.
 *
 * LDFLAGS: -Wl,--wrap=port_extend,--wrap=port_reserve,--wrap=arena_reserve
 */
#include "unit.h"

#include <errno.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

static struct instance instance;
static struct heap heap;

static bool extend_fails, meta_fails, reserve_fails;
static unsigned int extensions;

size_t __real_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes);
size_t __wrap_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes);
void *__real_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero);
void *__wrap_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero);

size_t __wrap_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes)
{
	if (extend_fails || (meta_fails && area == PORT_AREA_META))
		return 0;
	extensions++;
	return __real_port_extend(area, end, least, bytes);
}

void *__wrap_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero)
{
	return reserve_fails ? NULL :
	       __real_port_reserve(area, least, bytes, is_zero);
}

/*
 * Other threads take all that they make while the lock is open for a new arena,
 * and that one is not to be had.
 */
static const struct run_request *others_take;

bool __real_arena_reserve(struct instance *it, size_t units);
bool __wrap_arena_reserve(struct instance *it, size_t units);

bool __wrap_arena_reserve(struct instance *it, size_t units)
{
	const struct run_request *request = others_take;

	others_take = NULL;
	if (request) {
		port_unlock(&it->lock);
		do
			assert_non_null(instance_run_alloc(it, request));
		while (it->meta->units_free > 0);
		port_lock(&it->lock);
		return false;
	}
	return __real_arena_reserve(it, units);
}

static int renew(void **state)
{
	(void)state;
	others_take = NULL;
	extend_fails = meta_fails = reserve_fails = false;
	extensions = 0;
	instance_renew(&instance);
	instance.config.outside = true;
	instance.config.os_enabled = true;
	instance.config.reserve_bytes = 64 * MIB;
	heap_begin(&heap, &instance);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	heap_finish();
	return 0;
}

/* Nothing is there in any process that we know, and all its low bits are 0 */
#define FREE_PLACE	((uintptr_t)1 << 45)

static char *memory_at(uintptr_t address, size_t bytes)
{
	char *p = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
		       MAP_FIXED_NOREPLACE, -1, 0);

	check(p == (char *)address, "nothing can be mapped at %p: %s",
	      (void *)address, strerror(errno));
	return p;
}

static size_t window_bytes(void)
{
	return (instance.map_mask + 1) << UNIT_SHIFT;
}

/* A block of the arena's own; it is freed later, by window_free() */
static char *block_in(struct arena *arena, size_t bytes)
{
	char *block;

	heap.arena = arena;
	block = large_alloc(&heap, bytes, BLOCK_ALIGN, 0, 0);
	heap.arena = NULL;
	assert_non_null(block);
	assert_true(arena_holds(arena, block));
	memset(block, DIRT, bytes);
	return block;
}

static void window_free(char *block, size_t bytes)
{
	assert_true(all_dirt(block, bytes));
	assert_non_null(block_run_quiet(&instance, block));
	instance_free(&instance, block);
	large_cache_flush(&instance);
	assert_null(block_run_quiet(&instance, block));
	assert_true(all_is_valid(&instance));
}

static void nothing_is_mapped_before_a_request(void **state)
{
	char *block;

	(void)state;
	assert_null(instance.arenas);
	assert_null(instance.meta);
	assert_int_equal(instance.map_bytes, 0);
	block = heap_malloc(&heap, 100);
	assert_non_null(block);
	assert_int_equal(instance.arena_count, 1);
	assert_int_equal(window_bytes(), MAP_WINDOW_BYTES_MIN);
	assert_true(instance.arenas->grows);
	assert_true(all_is_valid(&instance));
	instance_free(&instance, block);
}

/* Addresses that meet in a window of 32 GiB, so the window grows */
static void window_grows_for_an_arena(void **state)
{
	char *first = memory_at(FREE_PLACE, 4 * MIB), *a, *b;
	char *second = memory_at(FREE_PLACE + MAP_WINDOW_BYTES_MORE, 4 * MIB);
	struct arena *one = arena_new(&instance, first, 4 * MIB, true), *two;

	(void)state;
	assert_non_null(one);
	assert_int_equal(window_bytes(), MAP_WINDOW_BYTES_MORE);
	a = block_in(one, 100 * KIB);
	two = arena_new(&instance, second, 4 * MIB, true);
	assert_non_null(two);
	assert_true(two->map_is_window);
	assert_int_equal(window_bytes(), 2 * MAP_WINDOW_BYTES_MORE);
	b = block_in(two, 100 * KIB);
	/* what was there before is found where it was */
	window_free(a, 100 * KIB);
	window_free(b, 100 * KIB);
	munmap(first, 4 * MIB);
	munmap(second, 4 * MIB);
}

/* Addresses that meet in every window up to the largest */
static void arena_without_a_place_has_a_map_of_its_own(void **state)
{
	char *first = memory_at(FREE_PLACE, 4 * MIB), *a, *b;
	char *second = memory_at(FREE_PLACE + 2 * MAP_WINDOW_BYTES_MAX,
				 4 * MIB);
	struct arena *one = arena_new(&instance, first, 4 * MIB, true), *two;

	(void)state;
	a = block_in(one, 100 * KIB);
	two = arena_new(&instance, second, 4 * MIB, true);
	assert_non_null(two);
	assert_false(two->map_is_window);
	assert_true(window_bytes() <= MAP_WINDOW_BYTES_MAX);
	b = block_in(two, 100 * KIB);
	window_free(b, 100 * KIB);
	window_free(a, 100 * KIB);
	munmap(first, 4 * MIB);
	munmap(second, 4 * MIB);
}

/* An entry must not move: with that bit in an address, the window stays */
static void window_stays_where_an_entry_would_move(void **state)
{
	uintptr_t bit = MAP_WINDOW_BYTES_MORE;
	char *first = memory_at(FREE_PLACE + bit, 4 * MIB), *a;
	char *second = memory_at(FREE_PLACE + 4 * bit, 4 * MIB);
	struct arena *one = arena_new(&instance, first, 4 * MIB, true), *two;

	(void)state;
	assert_true(one->map_is_window);
	a = block_in(one, 100 * KIB);
	two = arena_new(&instance, second, 4 * MIB, true);
	assert_non_null(two);
	assert_int_equal(window_bytes(), MAP_WINDOW_BYTES_MORE);
	assert_false(two->map_is_window);
	window_free(a, 100 * KIB);
	munmap(first, 4 * MIB);
	munmap(second, 4 * MIB);
}

/* One arena grows through several windows; its blocks stay what they are */
static void arena_grows_beyond_the_window(void **state)
{
	char *blocks[6];
	size_t bytes = 600 * MIB, i;

	(void)state;
	for (i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = large_alloc(&heap, bytes, BLOCK_ALIGN, 0, 0);
		check(blocks[i], "block %zu of 600 MiB", i);
		blocks[i][0] = blocks[i][bytes - 1] = (char)i;
		assert_true(all_is_valid(&instance));
	}
	if (instance.arena_count == 1)	/* nothing stood in the way */
		assert_true(window_bytes() >= 4 * MAP_WINDOW_BYTES_MIN);
	for (i = 0; i < ARRAY_LENGTH(blocks); i++) {
		assert_int_equal(blocks[i][0], i);
		assert_int_equal(blocks[i][bytes - 1], i);
		instance_free(&instance, blocks[i]);
	}
	assert_true(all_is_valid(&instance));
	assert_int_equal(instance.units_used, 0);
}

/* What stands behind an arena is left alone, and there is another arena */
static void obstacle_is_left_alone(void **state)
{
	char *block = heap_malloc(&heap, 40 * KIB), *obstacle, *more;
	struct arena *arena = instance.arenas;

	(void)state;
	assert_non_null(block);
	obstacle = memory_at(arena->end, 64 * KIB);
	memset(obstacle, DIRT, 64 * KIB);
	more = heap_malloc(&heap, 8 * MIB);
	assert_non_null(more);
	memset(more, 1, 8 * MIB);
	assert_int_equal(instance.arena_count, 2);
	assert_false(arena_holds(arena, more));
	assert_true(all_dirt(obstacle, 64 * KIB));
	instance_free(&instance, more);
	instance_free(&instance, block);
	assert_true(all_is_valid(&instance));
	munmap(obstacle, 64 * KIB);
}

/* Steps are an eighth, so there are few of them */
static void steps_are_few(void **state)
{
	size_t total = 0;

	(void)state;
	while (total < 256 * MIB) {
		assert_non_null(heap_malloc(&heap, 64 * KIB));
		total += 64 * KIB;
	}
	check(extensions <= 90, "%u extensions for 256 MiB", extensions);
	assert_true(all_is_valid(&instance));
}

/* Where nothing more is mapped, NULL; afterwards all goes on */
static void nothing_to_be_had(void **state)
{
	char *first = heap_malloc(&heap, 100), *block;
	size_t count;

	(void)state;
	extend_fails = reserve_fails = true;
	for (count = 0; count < 1000; count++) {
		block = heap_malloc(&heap, 33 * KIB);
		if (!block)
			break;
		memset(block, 1, 33 * KIB);
	}
	check(count < 100, "%zu blocks of an arena of 128 KiB", count);
	assert_true(all_is_valid(&instance));
	extend_fails = reserve_fails = false;
	assert_non_null(heap_malloc(&heap, 33 * KIB));
	assert_true(all_is_valid(&instance));
	instance_free(&instance, first);
}

/* A region for the engine's data that cannot grow is not the end */
static void heaps_lie_among_blocks_if_they_must(void **state)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};
	size_t count = 2 * GROW_META_BYTES / UNIT_SIZE, i;

	(void)state;
	assert_non_null(heap_malloc(&heap, 100));
	meta_fails = true;
	for (i = 0; i < count; i++)
		check(instance_run_alloc(&instance, &request),
		      "%zu units of the engine's own of %zu", i, count);
	assert_non_null(heap_malloc(&heap, 100 * KIB));
	assert_true(all_is_valid(&instance));
}

/*
 * The first request of all is for a heap, and while it waits for an arena other
 * threads make the region for the engine's data, and take the whole of it.
 */
static void others_are_served_first(void **state)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	(void)state;
	others_take = &request;
	assert_non_null(instance_run_alloc(&instance, &request));
	assert_null(others_take);
	assert_true(all_is_valid(&instance));
}

/* Runs, descriptors and heaps lie where no block is */
static void own_data_lie_apart(void **state)
{
	const struct arena *arena;
	const struct run *run;

	(void)state;
	assert_non_null(heap_malloc(&heap, 100));
	assert_non_null(heap_malloc(&heap, 100 * KIB));
	arena = instance.arenas;
	for (run = arena->phys.first; run; run = run->phys.next) {
		assert_int_not_equal(run->kind, RUN_META);
		assert_true(arena_holds(instance.meta, run));
	}
	assert_true(arena_holds(instance.meta, arena));
	assert_true(instance.meta->start > arena->end + 1024 * MIB ||
		    arena->start > instance.meta->end + 1024 * MIB);
	assert_true((uintptr_t)instance.map > arena->end + 1024 * MIB ||
		    arena->start > (uintptr_t)instance.map +
		    instance.map_bytes + 1024 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name)	cmocka_unit_test_setup_teardown(name, renew, finish)
		CASE(nothing_is_mapped_before_a_request),
		CASE(window_grows_for_an_arena),
		CASE(arena_without_a_place_has_a_map_of_its_own),
		CASE(window_stays_where_an_entry_would_move),
		CASE(arena_grows_beyond_the_window),
		CASE(obstacle_is_left_alone),
		CASE(steps_are_few),
		CASE(nothing_to_be_had),
		CASE(heaps_lie_among_blocks_if_they_must),
		CASE(others_are_served_first),
		CASE(own_data_lie_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
