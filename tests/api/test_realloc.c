/* SPDX-License-Identifier: BSD-3-Clause */
/* Reallocation: what it keeps, what it frees, and what grows in place. */
#include "plain.h"

static void realloc_keeps_contents(void **state)
{
	/* every pair, or where it is to be short each third */
	size_t step = check_number("MI_TEST_DIVIDE", 1) > 1 ? 3 : 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		for (size_t k = i % step; k < ARRAY_LENGTH(sizes); k += step) {
			size_t from = sizes[i];
			size_t to = sizes[k];
			size_t both = from < to ? from : to;
			void *p = mi_malloc(from);

			assert_non_null(p);
			pattern_write(p, from, i);
			errno = ERRNO_UNTOUCHED;
			p = mi_realloc(p, to);
			assert_block(p, to);
			check(pattern_holds(p, both, i),
			      "realloc %zu to %zu lost bytes", from, to);
			if (to <= MIB)
				pattern_write(p, mi_usable_size(p), k);
			mi_free(p);
		}
	}
}

static void realloc_edges(void **state)
{
	void *p;

	(void)state;
	errno = ERRNO_UNTOUCHED;
	p = mi_realloc(launder(NULL), 100);
	assert_block(p, 100);
	p = mi_realloc(p, 0);
	assert_block(p, 0);
	mi_free(p);
	p = mi_realloc(launder(NULL), 0);
	assert_block(p, 0);
	p = mi_reallocf(p, 5000);
	assert_block(p, 5000);
	mi_free(p);
	p = mi_reallocf(launder(NULL), 10);
	assert_block(p, 10);
	mi_free(p);
}

/* A growing and a shrinking walk, one byte pattern all the way. */
static void realloc_walks(void **state)
{
	void *p = mi_malloc(1);
	void *wall = NULL;
	size_t held = 1, limit = 40 * MIB / check_step(4);
	size_t n;

	(void)state;
	pattern_write(p, held, 7);
	for (n = 2; n < limit; n += n / 5 + 1) {
		p = mi_realloc(p, n);
		assert_non_null(p);
		check(pattern_holds(p, held, 7), "growing to %zu", n);
		held = n;
		pattern_write(p, held, 7);
		mi_free(wall);
		wall = mi_malloc(n / 3);
		assert_non_null(wall);
		pattern_write(wall, n / 3, n);
	}
	for (n = held; n > 0; n -= n / 5 + 1) {
		p = mi_realloc(p, n);
		assert_non_null(p);
		check(pattern_holds(p, n, 7), "shrinking to %zu", n);
	}
	mi_free(wall);
	mi_free(p);
}

/* At the end of an arena that grows, as no free range is so large */
static void realloc_grows_the_arena(void **state)
{
	size_t size = 300 * MIB;
	char *p = mi_malloc(size), *first = p;

	(void)state;
	assert_non_null(p);
	p[0] = 1;
	while (size < 400 * MIB) {
		size += 3 * MIB;
		p = mi_realloc(p, size);
		assert_ptr_equal(p, first);
		p[size - 1] = 1;
	}
	mi_free(p);
}

/* A leak of the blocks that mi_reallocf has to free would show as memory. */
static void reallocf_frees_on_failure(void **state)
{
	size_t before = resident_bytes();

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		void *p = mi_malloc(MIB);

		assert_non_null(p);
		pattern_write(p, MIB, i);
		assert_no_memory(mi_reallocf(p, impossible(i)));
	}
	check(resident_bytes() < before + 64 * MIB, "reallocf leaks");
}

static void expand_in_place(void **state)
{
	(void)state;
	assert_null(mi_expand(launder(NULL), 10));
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		void *p = mi_malloc(sizes[i]);
		size_t usable = mi_usable_size(p);
		void *q;

		pattern_write(p, sizes[i], i);
		assert_ptr_equal(mi_expand(p, sizes[i]), p);
		assert_ptr_equal(mi__expand(p, usable), p);
		q = mi_expand(p, usable * 2 + 100);
		if (q != NULL) {
			assert_ptr_equal(q, p);
			assert_true(mi_usable_size(p) >= usable * 2 + 100);
			pattern_write(p, sizes[i], i);
		}
		assert_true(pattern_holds(p, sizes[i], i));
		mi_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(realloc_keeps_contents),
		cmocka_unit_test(realloc_edges),
		cmocka_unit_test(realloc_walks),
		cmocka_unit_test(realloc_grows_the_arena),
		cmocka_unit_test(reallocf_frees_on_failure),
		cmocka_unit_test(expand_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
