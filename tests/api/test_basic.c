/* SPDX-License-Identifier: BSD-3-Clause */
/* The plain allocation functions: what they give, and what errno says. */
#include "plain.h"

static void malloc_all_sizes(void **state)
{
	void *blocks[ARRAY_LENGTH(sizes)];

	(void)state;
	errno = ERRNO_UNTOUCHED;
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		blocks[i] = mi_malloc(sizes[i]);
		assert_block(blocks[i], sizes[i]);
		pattern_write(blocks[i], mi_usable_size(blocks[i]), i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		check(pattern_holds(blocks[i], mi_usable_size(blocks[i]), i),
		      "block of %zu was overwritten", sizes[i]);
		mi_free(blocks[i]);
		assert_int_equal(errno, ERRNO_UNTOUCHED);
	}
}

static void zero_bytes_are_unique(void **state)
{
	uintptr_t blocks[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = (uintptr_t)mi_malloc(0);
		assert_true(blocks[i] != 0);
		for (size_t k = 0; k < i; k++)
			check(blocks[k] != blocks[i], "block %zu given twice",
			      i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++)
		mi_free((void *)blocks[i]);
}

static void free_of_null(void **state)
{
	(void)state;
	errno = ERRNO_UNTOUCHED;
	mi_free(launder(NULL));
	mi_cfree(launder(NULL));
	mi_free_size(launder(NULL), 10);
	mi_free_size_aligned(launder(NULL), 10, 16);
	mi_free_aligned(launder(NULL), 16);
	assert_int_equal(errno, ERRNO_UNTOUCHED);
	assert_int_equal(mi_usable_size(launder(NULL)), 0);
}

static void impossible_requests(void **state)
{
	void *p = mi_malloc(100);

	(void)state;
	assert_non_null(p);
	pattern_write(p, 100, 1);
	for (size_t i = 0; i < IMPOSSIBLE_COUNT; i++) {
		size_t n = impossible(i);

		assert_no_memory(mi_malloc(n));
		assert_no_memory(mi_zalloc(n));
		assert_no_memory(mi_calloc(1, n));
		assert_no_memory(mi_calloc(n, 1));
		assert_no_memory(mi_mallocn(n, 1));
		assert_no_memory(mi_realloc(p, n));
		assert_no_memory(mi_reallocn(p, n, 1));
		assert_no_memory(mi_realloc(launder(NULL), n));
		assert_no_memory(mi_rezalloc(p, n));
		assert_no_memory(mi_recalloc(p, 1, n));
		assert_null(mi_new_nothrow(n));
		assert_null(mi_expand(p, n));
		assert_true(pattern_holds(p, 100, 1));
	}
	mi_free(p);
}

static void products_that_overflow(void **state)
{
	size_t root = (size_t)1 << (sizeof(size_t) * 4);
	size_t pairs[][2] = {
		{ root, root }, { SIZE_MAX, 2 }, { 2, SIZE_MAX },
		{ SIZE_MAX / 2 + 1, 2 }, { SIZE_MAX / 3 + 1, 3 },
		{ root * 4 + 1, root }, { SIZE_MAX, SIZE_MAX },
	};
	void *p = mi_malloc(100);

	(void)state;
	assert_non_null(p);
	pattern_write(p, 100, 2);
	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		size_t a = launder_size(pairs[i][0]);
		size_t b = launder_size(pairs[i][1]);

		assert_no_memory(mi_calloc(a, b));
		assert_no_memory(mi_mallocn(a, b));
		assert_no_memory(mi_reallocn(p, a, b));
		assert_no_memory(mi_recalloc(p, a, b));
		assert_true(pattern_holds(p, 100, 2));
	}
	mi_free(p);
}

static void products_that_fit(void **state)
{
	static const size_t pairs[][2] = {
		{ 0, 0 }, { 0, 100 }, { 100, 0 }, { 1, 1 }, { 3, 5 },
		{ 10, 100 }, { 100, 1000 }, { 1000, 1000 },
	};

	(void)state;
	errno = ERRNO_UNTOUCHED;
	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		size_t n = pairs[i][0] * pairs[i][1];
		void *p = mi_mallocn(pairs[i][0], pairs[i][1]);
		void *q = mi_calloc(pairs[i][0], pairs[i][1]);

		assert_block(p, n);
		assert_block(q, n);
		assert_true(all_zero(q, n));
		mi_free(p);
		p = mi_reallocn(launder(NULL), pairs[i][0], pairs[i][1]);
		assert_block(p, n);
		mi_free(p);
		mi_free(q);
	}
}

static void small_functions(void **state)
{
	(void)state;
	assert_int_equal(MI_SMALL_SIZE_MAX, 128 * sizeof(void *));
	errno = ERRNO_UNTOUCHED;
	for (size_t n = 0; n <= MI_SMALL_SIZE_MAX; n++) {
		void *p = mi_malloc_small(n);
		void *q;

		assert_block(p, n);
		pattern_write(p, mi_usable_size(p), n);
		q = mi_zalloc_small(n);
		assert_block(q, n);
		assert_true(all_zero(q, mi_usable_size(q)));
		pattern_write(q, mi_usable_size(q), n + 1);
		assert_true(pattern_holds(p, mi_usable_size(p), n));
		mi_free(q);
		mi_free(p);
	}
}

static void good_size_is_usable_size(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 300 * KIB; n += n < 9000 ? 1 : 997) {
		void *p = mi_malloc(n);
		size_t usable = mi_usable_size(p);

		check(usable == mi_good_size(n), "size %zu: %zu, not %zu", n,
		      usable, mi_good_size(n));
		assert_int_equal(mi_malloc_good_size(n), usable);
		assert_int_equal(mi_malloc_usable_size(p), usable);
		assert_int_equal(mi_malloc_size(p), usable);
		check(usable >= n, "size %zu: usable %zu", n, usable);
		check(usable <= n + n / 8 + (n <= 8 * KIB ? 16 : 4096),
		      "size %zu: usable %zu is too much", n, usable);
		mi_free(p);
	}
}

static void heap_region(void **state)
{
	static char fixed[64];
	char local[64];
	void *foreign = system_memory(1 * MIB);

	(void)state;
	assert_false(mi_is_in_heap_region(launder(NULL)));
	assert_false(mi_is_in_heap_region(launder(fixed)));
	assert_false(mi_is_in_heap_region(launder(local)));
	assert_false(mi_is_in_heap_region(foreign));
	assert_false(mi_is_in_heap_region(launder((void *)~(uintptr_t)15)));
	munmap(foreign, 1 * MIB);
}

struct triple {
	uint64_t words[3];
};

static void typed_macros(void **state)
{
	struct triple *p = mi_malloc_tp(struct triple);
	struct triple *z = mi_zalloc_tp(struct triple);
	struct triple *c = mi_calloc_tp(struct triple, 10);
	struct triple *n = mi_mallocn_tp(struct triple, 10);
	mi_heap_t *heap = mi_heap_get_default();
	struct triple *h = mi_heap_malloc_tp(heap, struct triple);

	(void)state;
	assert_true(mi_usable_size(p) >= sizeof(*p));
	assert_true(all_zero(z, sizeof(*z)));
	assert_true(all_zero(c, 10 * sizeof(*c)));
	pattern_write(n, 10 * sizeof(*n), 3);
	n = mi_reallocn_tp(n, struct triple, 100);
	assert_true(mi_usable_size(n) >= 100 * sizeof(*n));
	assert_true(pattern_holds(n, 10 * sizeof(*n), 3));
	c = mi_recalloc_tp(c, struct triple, 300);
	assert_true(all_zero(c, 300 * sizeof(*c)));
	assert_true(mi_usable_size(h) >= sizeof(*h));
	mi_free(p);
	mi_free(z);
	mi_free(c);
	mi_free(n);
	mi_free(h);
}

static void version(void **state)
{
	(void)state;
	assert_int_equal(mi_version(), MI_MALLOC_VERSION);
	assert_int_equal(MI_MALLOC_VERSION, 217);
	assert_false(mi_is_redirected());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malloc_all_sizes),
		cmocka_unit_test(zero_bytes_are_unique),
		cmocka_unit_test(free_of_null),
		cmocka_unit_test(impossible_requests),
		cmocka_unit_test(products_that_overflow),
		cmocka_unit_test(products_that_fit),
		cmocka_unit_test(small_functions),
		cmocka_unit_test(good_size_is_usable_size),
		cmocka_unit_test(heap_region),
		cmocka_unit_test(typed_macros),
		cmocka_unit_test(version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
