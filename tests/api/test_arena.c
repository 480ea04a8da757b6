/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory handed over by the caller: any start, any size, all of it used. */
#include "range.h"

#define BLOCK		(4 * KIB)
#define BLOCKS_MAX	((size_t)70000)

static const size_t odd_starts[] = {
	0, 1, 8, 15, 17, 100, 2049, 4095, 4096, 4097, 12345, 65535, 65537,
};

/* Take blocks of n bytes until there are no more; how many there were. */
static size_t exhaust(const struct range *range, mi_heap_t *heap, size_t n,
		      void **blocks)
{
	size_t count;

	for (count = 0; count < BLOCKS_MAX; count++) {
		errno = 0;
		blocks[count] = mi_heap_malloc(heap, n);
		if (blocks[count] == NULL) {
			assert_int_equal(errno, ENOMEM);
			break;
		}
		check(range_holds(range, blocks[count], n),
		      "block %zu of %zu bytes at %p is outside", count, n,
		      blocks[count]);
		pattern_write(blocks[count], n, count);
	}
	assert_true(count < BLOCKS_MAX);
	return count;
}

static void check_and_free(void **blocks, size_t count, size_t n)
{
	for (size_t i = 0; i < count; i++)
		check(pattern_holds(blocks[i], n, i), "block %zu of %zu bytes",
		      i, n);
	for (size_t i = 0; i < count; i++)
		mi_free(blocks[i]);
}

/* 97 % of 8 MiB as 4 KiB blocks, again and again, wherever it starts. */
static void every_start(void **state)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));
	size_t step = check_step(3);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(odd_starts); i += step) {
		struct range range = range_new(8 * MIB, odd_starts[i]);
		mi_heap_t *heap = range_heap(&range);
		size_t before = 0;

		assert_non_null(heap);
		for (int round = 0; round < 3; round++) {
			size_t count = exhaust(&range, heap, BLOCK, blocks);

			check(count * BLOCK * 100 >= range.size * 97,
			      "start +%zu round %d: %zu blocks of 4 KiB",
			      odd_starts[i], round, count);
			assert_true(round == 0 || count >= before);
			before = count;
			check_and_free(blocks, count, BLOCK);
		}
		mi_heap_delete(heap);
	}
}

/* One block of 96 % of the range, also after it was cut to pieces. */
static void one_large_block(void **state)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));
	size_t step = check_step(3);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(odd_starts); i += step) {
		struct range range = range_new(8 * MIB, odd_starts[i]);
		size_t n = range.size / 100 * 96;
		mi_heap_t *heap = range_heap(&range);
		void *p = mi_heap_malloc(heap, n);
		size_t count;

		check(p != NULL, "start +%zu: no block of %zu", odd_starts[i],
		      n);
		assert_true(range_holds(&range, p, n));
		pattern_write(p, n, i);
		assert_true(pattern_holds(p, n, i));
		mi_free(p);
		for (size_t size = 200; size <= 100000; size *= 5) {
			count = exhaust(&range, heap, size, blocks);
			assert_true(count > 0);
			check_and_free(blocks, count, size);
			mi_heap_collect(heap, true);
			p = mi_heap_malloc(heap, n);
			check(p != NULL, "start +%zu: in pieces after %zu",
			      odd_starts[i], size);
			mi_free(p);
		}
		mi_heap_delete(heap);
	}
}

static void every_size(void **state)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));

	(void)state;
	for (size_t size = 16 * KIB; size <= 64 * MIB; size = size * 3 + 777) {
		struct range range = range_new(size, 33);
		mi_heap_t *heap = range_heap(&range);
		size_t count;

		check(heap != NULL, "no heap in %zu bytes", size);
		count = exhaust(&range, heap, 1024, blocks);
		check(count > 0, "no block of 1 KiB in %zu bytes", size);
		check(size < MIB || count * 1024 * 10 > size * 9,
		      "%zu blocks of 1 KiB in %zu bytes", count, size);
		check_and_free(blocks, count, 1024);
		check(exhaust(&range, heap, 1024, blocks) >= count,
		      "fewer blocks of 1 KiB in %zu bytes", size);
		mi_heap_destroy(heap);
	}
}

static void reserved_by_the_library(void **state)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));

	(void)state;
	for (int commit = 0; commit < 2; commit++) {
		struct range range = { .size = 0, .id = -1 };
		mi_heap_t *heap;
		size_t count;

		assert_int_equal(mi_reserve_os_memory_ex(16 * MIB, commit,
				 false, true, &range.id), 0);
		range.start = mi_arena_area(range.id, &range.size);
		assert_non_null(range.start);
		assert_in_range(range.size, 15 * MIB, 17 * MIB);
		heap = mi_heap_new_in_arena(range.id);
		count = exhaust(&range, heap, BLOCK, blocks);
		check(count * BLOCK > 15 * MIB, "%zu blocks", count);
		check_and_free(blocks, count, BLOCK);
		mi_heap_destroy(heap);
		assert_int_equal(mi_reserve_os_memory(8 * MIB, commit, false),
				 0);
	}
	assert_int_equal(mi_reserve_os_memory(SIZE_MAX / 4, false, false),
			 ENOMEM);
}

/* The fresh process has no memory but what is handed over here. */
static bool hand_over(const struct range *range, size_t from, size_t to)
{
	return mi_manage_os_memory(range->start + from, to - from, true, false,
				   true, -1);
}

static int one_block(const struct range *range)
{
	size_t n = range->size / 100 * 96;
	char *p = mi_malloc(n);

	need(p != NULL && range_holds(range, p, n));
	pattern_write(p, n, 1);
	need(pattern_holds(p, n, 1));
	mi_free(p);
	return 0;
}

/* A small range first, then what is right behind it: one block spans both. */
static int in_two_ranges(void)
{
	struct range range = range_new(256 * MIB / check_step(4), 4097);

	need(hand_over(&range, 0, 64 * KIB));
	need(hand_over(&range, 64 * KIB, range.size));
	return one_block(&range);
}

/* 8 MiB at an odd start serve 97 % in 4 KiB blocks, and a block of 96 %. */
static int in_one_range(void)
{
	struct range range = range_new(8 * MIB, 12345);
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));
	size_t count = 0;

	need(hand_over(&range, 0, range.size));
	need(one_block(&range) == 0);
	while (count < BLOCKS_MAX && (blocks[count] = mi_malloc(BLOCK)))
		pattern_write(blocks[count++], BLOCK, 1);
	need(errno == ENOMEM);
	need(count * BLOCK * 100 >= range.size * 97);
	while (count > 0) {
		need(pattern_holds(blocks[--count], BLOCK, 1));
		mi_free(blocks[count]);
	}
	return one_block(&range);
}

static void no_other_memory(void **state)
{
	static const char *const modes[] = { "one range", "two ranges" };
	static const char *const settings[] = {
		"MIMALLOC_DISALLOW_OS_ALLOC=1", NULL,
	};
	static struct check_run run;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		check_run_self(&run, modes[i], settings);
		check(run.status == 0, "%s: wait status %d: %s", modes[i],
		      run.status, run.err);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_start),
		cmocka_unit_test(one_large_block),
		cmocka_unit_test(every_size),
		cmocka_unit_test(reserved_by_the_library),
		cmocka_unit_test(no_other_memory),
	};

	if (argc > 1)
		return *argv[1] == 'o' ? in_one_range() : in_two_ranges();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
