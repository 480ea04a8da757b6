/* SPDX-License-Identifier: BSD-3-Clause */
/* First-class heaps: their life, and what they hold. */
#include "heap_load.h"

static void new_and_delete(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		mi_heap_t *heap = mi_heap_new();

		assert_non_null(heap);
		assert_ptr_not_equal(heap, mi_heap_get_default());
		assert_ptr_not_equal(heap, mi_heap_get_backing());
		if (i % 2 == 0)
			mi_heap_delete(heap);
		else
			mi_heap_destroy(heap);
	}
	mi_heap_delete(launder(NULL));
	mi_heap_destroy(launder(NULL));
}

static void many_heaps_at_once(void **state)
{
	mi_heap_t *heaps[200];
	void *blocks[ARRAY_LENGTH(heaps)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(heaps); i++) {
		heaps[i] = mi_heap_new();
		assert_non_null(heaps[i]);
		blocks[i] = mi_heap_malloc(heaps[i], 100);
		pattern_write(blocks[i], 100, i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(heaps); i++) {
		size_t other = (i + 77) % ARRAY_LENGTH(heaps);

		assert_true(pattern_holds(blocks[i], 100, i));
		assert_true(mi_heap_contains_block(heaps[i], blocks[i]));
		assert_false(mi_heap_contains_block(heaps[other], blocks[i]));
	}
	for (size_t i = 0; i < ARRAY_LENGTH(heaps); i++)
		mi_heap_destroy(heaps[i]);
}

static void containment(void **state)
{
	mi_heap_t *a = mi_heap_new();
	mi_heap_t *b = mi_heap_new();
	static struct load in_a;
	static struct load in_b;
	int local = 0;

	(void)state;
	load_fill(&in_a, a, 17);
	load_fill(&in_b, b, 23);
	for (size_t i = 0; i < BLOCKS; i++) {
		assert_true(mi_heap_contains_block(a, in_a.block[i]));
		assert_false(mi_heap_contains_block(b, in_a.block[i]));
		assert_true(mi_heap_check_owned(b, in_b.block[i]));
		assert_false(mi_heap_check_owned(a, in_b.block[i]));
		assert_false(mi_check_owned(in_a.block[i]));
	}
	assert_false(mi_heap_check_owned(a, launder(&local)));
	assert_false(mi_heap_check_owned(a, launder(NULL)));
	assert_false(mi_check_owned(launder(&local)));
	load_verify(&in_a);
	load_verify(&in_b);
	load_free(&in_a);
	load_free(&in_b);
	mi_heap_delete(a);
	mi_heap_delete(b);
}

/* Deleting a heap moves its live blocks to the backing heap of the thread. */
static void delete_moves_blocks(void **state)
{
	static struct load load;
	mi_heap_t *heap = mi_heap_new();
	mi_heap_t *backing = mi_heap_get_backing();

	(void)state;
	load_fill(&load, heap, 31);
	mi_heap_delete(heap);
	for (size_t i = 0; i < BLOCKS; i++)
		check(mi_heap_contains_block(backing, load.block[i]),
		      "block %zu of %zu bytes did not move", i, load.size[i]);
	load_verify(&load);
	for (size_t i = 0; i < BLOCKS; i += 3) {
		load.block[i] = mi_realloc(load.block[i], load.size[i] + 100);
		assert_non_null(load.block[i]);
	}
	load_verify(&load);
	load_free(&load);
}

/*
 * Destroying frees all: repeated, it needs no more memory than once. The 10
 * heaps of a very short test would take 150 MiB together.
 */
static void destroy_frees_all(void **state)
{
	size_t before = resident_bytes();
	static struct load load;

	(void)state;
	for (size_t i = 0; i < 40 / check_step(4); i++) {
		mi_heap_t *heap = mi_heap_new();

		for (int k = 0; k < 4; k++) {
			load_fill(&load, heap, (size_t)k * 100 + 900);
			load_verify(&load);
		}
		mi_heap_destroy(heap);
	}
	check(resident_bytes() < before + 96 * MIB, "destroyed heaps leak");
}

static void set_default(void **state)
{
	mi_heap_t *heap = mi_heap_new();
	mi_heap_t *before = mi_heap_get_default();
	void *p;
	void *q;

	(void)state;
	assert_ptr_equal(before, mi_heap_get_backing());
	assert_ptr_equal(mi_heap_set_default(heap), before);
	assert_ptr_equal(mi_heap_get_default(), heap);
	assert_ptr_equal(mi_heap_get_backing(), before);
	p = mi_malloc(100);
	q = mi_malloc_aligned(100, 256);
	assert_true(mi_heap_contains_block(heap, p));
	assert_true(mi_check_owned(p));
	assert_true(mi_check_owned(q));
	assert_false(mi_heap_contains_block(before, p));
	p = mi_realloc(p, 100000);
	assert_true(mi_heap_contains_block(heap, p));
	assert_ptr_equal(mi_heap_set_default(before), heap);
	p = mi_realloc(p, 1000000);
	pattern_write(p, 1000000, 1);
	mi_heap_set_default(heap);
	mi_free(q);
	/* The default heap ends: the backing heap takes its place. */
	mi_heap_delete(heap);
	assert_ptr_equal(mi_heap_get_default(), before);
	assert_true(pattern_holds(p, 1000000, 1));
	mi_free(p);
	p = mi_malloc(50);
	assert_true(mi_heap_contains_block(before, p));
	mi_free(p);
}

/* Every allocating mi_heap_ function takes its memory from the heap named. */
static void every_function(void **state)
{
	mi_heap_t *heap = mi_heap_new();
	char *null = launder(NULL);
	void *blocks[] = {
		mi_heap_malloc(heap, 100), mi_heap_malloc_small(heap, 100),
		mi_heap_zalloc(heap, 100), mi_heap_calloc(heap, 10, 10),
		mi_heap_mallocn(heap, 10, 10), mi_heap_realloc(heap, null, 100),
		mi_heap_reallocn(heap, null, 10, 10),
		mi_heap_reallocf(heap, null, 100),
		mi_heap_rezalloc(heap, null, 100),
		mi_heap_recalloc(heap, null, 10, 10),
		mi_heap_malloc_aligned(heap, 100, 64),
		mi_heap_malloc_aligned_at(heap, 100, 64, 8),
		mi_heap_zalloc_aligned(heap, 100, 64),
		mi_heap_zalloc_aligned_at(heap, 100, 64, 8),
		mi_heap_calloc_aligned(heap, 10, 10, 64),
		mi_heap_calloc_aligned_at(heap, 10, 10, 64, 8),
		mi_heap_realloc_aligned(heap, null, 100, 64),
		mi_heap_realloc_aligned_at(heap, null, 100, 64, 8),
		mi_heap_rezalloc_aligned(heap, null, 100, 64),
		mi_heap_rezalloc_aligned_at(heap, null, 100, 64, 8),
		mi_heap_recalloc_aligned(heap, null, 10, 10, 64),
		mi_heap_recalloc_aligned_at(heap, null, 10, 10, 64, 8),
		mi_heap_alloc_new(heap, 100), mi_heap_alloc_new_n(heap, 10, 10),
		mi_heap_strdup(heap, "text"), mi_heap_strndup(heap, "text", 2),
		mi_heap_realpath(heap, "/", NULL),
	};
	size_t huge = launder_size(SIZE_MAX / 2 + 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		check(blocks[i] != NULL, "function %zu: NULL", i);
		check(mi_heap_check_owned(heap, blocks[i]), "function %zu", i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_heap_realloc(heap, blocks[i], 70000);
		check(mi_heap_contains_block(heap, blocks[i]), "block %zu", i);
	}
	errno = 0;
	assert_null(mi_heap_malloc(heap, huge));
	assert_int_equal(errno, ENOMEM);
	assert_null(mi_heap_calloc(heap, huge, 2));
	assert_null(mi_heap_mallocn(heap, huge, 2));
	assert_null(mi_heap_reallocn(heap, blocks[0], huge, 2));
	assert_null(mi_heap_recalloc(heap, blocks[0], huge, 2));
	assert_null(mi_heap_malloc_aligned(heap, huge, 64));
	mi_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_and_delete),
		cmocka_unit_test(many_heaps_at_once),
		cmocka_unit_test(containment),
		cmocka_unit_test(delete_moves_blocks),
		cmocka_unit_test(destroy_frees_all),
		cmocka_unit_test(set_default),
		cmocka_unit_test(every_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
