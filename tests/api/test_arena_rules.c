/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory handed over by the caller: what is refused, and whom it serves. */
#include "range.h"

#include <pthread.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_too_small),
		cmocka_unit_test(ranges_that_overlap),
		cmocka_unit_test(area_of_an_arena),
		cmocka_unit_test(exclusive),
		cmocka_unit_test(exclusive_after_its_thread),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(dirty_memory),
		cmocka_unit_test(no_such_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
