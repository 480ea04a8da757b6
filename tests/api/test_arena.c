/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory handed over by the caller: any start, any size, all of it used. */
#include "check.h"

#include <pthread.h>

#define BLOCK		(4 * KIB)
#define BLOCKS_MAX	((size_t)70000)

static const size_t odd_starts[] = {
	0, 1, 8, 15, 17, 100, 2049, 4095, 4096, 4097, 12345, 65535, 65537,
};

struct range {
	char *start;
	size_t size;
	mi_arena_id_t id;
};

/* A range of this size that starts `odd` bytes after a 1 MiB boundary. */
static struct range range_new(size_t size, size_t odd)
{
	char *memory = system_memory(size + odd + 2 * MIB);
	struct range range;
	uintptr_t base = ((uintptr_t)memory + MIB - 1) & ~(uintptr_t)(MIB - 1);

	range.start = launder((void *)(base + odd));
	range.size = size;
	range.id = -1;
	return range;
}

/* Hand the range over, for one heap alone. */
static mi_heap_t *range_heap(struct range *range)
{
	assert_true(mi_manage_os_memory_ex(range->start, range->size, true,
					   false, true, -1, true, &range->id));
	return mi_heap_new_in_arena(range->id);
}

static bool range_holds(const struct range *range, const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p;
	uintptr_t start = (uintptr_t)range->start;

	return at >= start && at - start <= range->size - n;
}

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

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(odd_starts); i++) {
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

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(odd_starts); i++) {
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

/* What cannot be an arena is refused, and nothing is written to it. */
static void ranges_too_small(void **state)
{
	unsigned char *memory = system_memory(MIB);
	mi_arena_id_t id = -77;

	(void)state;
	assert_false(mi_manage_os_memory(launder(NULL), MIB, true, false, true,
					 -1));
	assert_false(mi_manage_os_memory(memory + MIB / 2, 0, true, false,
					 true, -1));
	for (size_t size = 1; size < 1024; size = size * 2 + 1)
		check(!mi_manage_os_memory_ex(memory + MIB / 2 + 5, size, true,
					      false, true, -1, true, &id),
		      "%zu bytes were taken", size);
	assert_false(mi_manage_os_memory(memory, SIZE_MAX - 4096, true, false,
					 true, -1));
	assert_true(all_zero(memory, MIB));
	munmap(memory, MIB);
}

static void ranges_that_overlap(void **state)
{
	struct range range = range_new(4 * MIB, 4096);
	mi_arena_id_t id;

	(void)state;
	assert_non_null(range_heap(&range));
	assert_false(mi_manage_os_memory_ex(range.start, range.size, true,
					    false, true, -1, true, &id));
	assert_false(mi_manage_os_memory_ex(range.start + MIB, MIB, true,
					    false, true, -1, true, &id));
}

static void area_of_an_arena(void **state)
{
	struct range range = range_new(2 * MIB, 4097);
	mi_heap_t *heap = range_heap(&range);
	size_t size = 0;
	char *area = mi_arena_area(range.id, &size);
	void *p = mi_heap_malloc(heap, 5000);

	(void)state;
	assert_non_null(area);
	assert_true(area >= range.start);
	assert_true(area + size <= range.start + range.size);
	assert_true(size >= range.size / 10 * 9);
	assert_ptr_equal(mi_arena_area(range.id, NULL), area);
	assert_true((char *)p >= area && (char *)p < area + size);
	assert_true(mi_is_in_heap_region(p));
	assert_true(mi_is_in_heap_region(area + size / 2));
	assert_false(mi_is_in_heap_region(range.start + range.size));
	assert_null(mi_arena_area(9999, &size));
	assert_int_equal(size, 0);
	mi_free(p);
	mi_heap_delete(heap);
}

/* An exclusive arena serves its own heap and nobody else. */
static void exclusive(void **state)
{
	struct range range = range_new(32 * MIB, 0);
	mi_heap_t *heap = range_heap(&range);
	void *blocks[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_malloc(i * 30000);
		check(!range_holds(&range, blocks[i], 0), "block %zu", i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++)
		mi_free(blocks[i]);
	assert_non_null(heap);
	mi_heap_delete(heap);
}

/* A thread's blocks are freed after its end: another fills the arena again */

static struct range after_end;
static void *after_end_blocks[40000];
static size_t after_end_count;

static void *fill_and_end(void *unused)
{
	mi_heap_t *heap = mi_heap_new_in_arena(after_end.id);
	void *p;

	(void)unused;
	after_end_count = 0;
	while (heap && after_end_count < ARRAY_LENGTH(after_end_blocks) &&
	       (p = mi_heap_malloc(heap, 1000)))
		after_end_blocks[after_end_count++] = p;
	return NULL;
}

static void exclusive_after_its_thread(void **state)
{
	size_t count = 0, i, round;
	pthread_t thread;

	(void)state;
	if (!MI_THREADS) {
		print_message("a library without threads\n");
		skip();
	}
	after_end = range_new(16 * MIB, 0);
	assert_non_null(range_heap(&after_end));
	for (round = 0; round < 3; round++) {
		assert_int_equal(pthread_create(&thread, NULL, fill_and_end,
						NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		count = round ? count : after_end_count;
		check(after_end_count > 10000 && after_end_count >= count,
		      "round %zu: %zu blocks, %zu at first", round,
		      after_end_count, count);
		for (i = 0; i < after_end_count; i++)
			mi_free(after_end_blocks[i]);
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

/* Huge pages are rarely there: the answer is a plain errno value. */
static void huge_pages(void **state)
{
	mi_arena_id_t id = -1;
	size_t reserved = 77;
	size_t far = launder_size((size_t)1 << 20);

	(void)state;
	assert_int_equal(mi_reserve_huge_os_pages_at(far, -1, 100), ENOMEM);
	assert_int_equal(mi_reserve_huge_os_pages_at_ex(far, -1, 100, true,
							&id), ENOMEM);
	assert_int_equal(mi_reserve_huge_os_pages_interleave(far, 0, 100),
			 ENOMEM);
	assert_int_equal(mi_reserve_huge_os_pages(far, 0.1, &reserved),
			 ENOMEM);
	assert_int_equal(reserved, 0);
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
	struct range range = range_new(256 * MIB, 4097);

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

/* A stranger's memory that comes back dirty is not taken for zero. */
static void dirty_memory(void **state)
{
	struct range range = range_new(4 * MIB, 777);
	mi_heap_t *heap;

	(void)state;
	memset(range.start, 0xff, range.size);
	assert_true(mi_manage_os_memory_ex(range.start, range.size, true, false,
					   false, -1, true, &range.id));
	heap = mi_heap_new_in_arena(range.id);
	assert_non_null(heap);
	for (size_t n = 8; n < MIB; n *= 2) {
		void *p = mi_heap_zalloc(heap, n);

		check(p != NULL && all_zero(p, n), "size %zu", n);
	}
	mi_heap_destroy(heap);
}

static void no_such_arena(void **state)
{
	(void)state;
	assert_null(mi_heap_new_in_arena(9999));
	mi_debug_show_arenas(true, true, true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_start),
		cmocka_unit_test(one_large_block),
		cmocka_unit_test(every_size),
		cmocka_unit_test(ranges_too_small),
		cmocka_unit_test(ranges_that_overlap),
		cmocka_unit_test(area_of_an_arena),
		cmocka_unit_test(exclusive),
		cmocka_unit_test(exclusive_after_its_thread),
		cmocka_unit_test(reserved_by_the_library),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(no_other_memory),
		cmocka_unit_test(dirty_memory),
		cmocka_unit_test(no_such_arena),
	};

	if (argc > 1)
		return *argv[1] == 'o' ? in_one_range() : in_two_ranges();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
