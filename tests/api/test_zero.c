/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is promised to be zero is zero, recycled memory included. */
#include "check.h"

#define DIRT_COUNT 40

static const size_t sizes[] = {
	1, 8, 16, 24, 40, 64, 100, 200, 500, 1000, 1024, 1500, 3000, 4096,
	9000, 20000, 50000, 70000, 140000, 600000, 2 * MIB, 5 * MIB,
};

/* Leave memory of about this size behind that is full of ones. */
static void leave_dirt(size_t size)
{
	void *blocks[DIRT_COUNT];
	size_t count = size > 100000 ? 3 : DIRT_COUNT;

	for (size_t i = 0; i < count; i++) {
		blocks[i] = mi_malloc(size);
		assert_non_null(blocks[i]);
		memset(launder(blocks[i]), 0xff, mi_usable_size(blocks[i]));
	}
	for (size_t i = 0; i < count; i++)
		mi_free(blocks[i]);
}

static void *by_zalloc(size_t n)
{
	return mi_zalloc(n);
}

static void *by_zalloc_small(size_t n)
{
	return n <= MI_SMALL_SIZE_MAX ? mi_zalloc_small(n) : mi_zalloc(n);
}

static void *by_calloc(size_t n)
{
	return mi_calloc(1, n);
}

static void *by_calloc_bytes(size_t n)
{
	return mi_calloc(n, 1);
}

static void *by_rezalloc(size_t n)
{
	return mi_rezalloc(launder(NULL), n);
}

static void *by_recalloc(size_t n)
{
	return mi_recalloc(launder(NULL), n, 1);
}

static void *by_zalloc_aligned(size_t n)
{
	return mi_zalloc_aligned(n, 64);
}

static void *by_calloc_aligned(size_t n)
{
	return mi_calloc_aligned(n, 1, 4096);
}

static void *by_zalloc_aligned_at(size_t n)
{
	return mi_zalloc_aligned_at(n, 256, n / 2);
}

static void *by_calloc_aligned_at(size_t n)
{
	return mi_calloc_aligned_at(1, n, 32, n / 3);
}

static void *by_rezalloc_aligned(size_t n)
{
	return mi_rezalloc_aligned(launder(NULL), n, 128);
}

static void *by_recalloc_aligned(size_t n)
{
	return mi_recalloc_aligned(launder(NULL), n, 1, 512);
}

static void *by_heap_zalloc(size_t n)
{
	return mi_heap_zalloc(mi_heap_get_default(), n);
}

static void *by_heap_calloc(size_t n)
{
	return mi_heap_calloc(mi_heap_get_default(), n, 1);
}

static void *by_heap_zalloc_aligned(size_t n)
{
	return mi_heap_zalloc_aligned(mi_heap_get_default(), n, 1024);
}

static void *by_heap_calloc_aligned(size_t n)
{
	return mi_heap_calloc_aligned(mi_heap_get_default(), n, 1, 2048);
}

static void *by_heap_rezalloc(size_t n)
{
	return mi_heap_rezalloc(mi_heap_get_default(), launder(NULL), n);
}

static void *by_heap_recalloc(size_t n)
{
	return mi_heap_recalloc(mi_heap_get_default(), launder(NULL), 1, n);
}

static const struct zeroing {
	const char *name;
	void *(*allocate)(size_t n);
} functions[] = {
	{ "zalloc", by_zalloc },
	{ "zalloc_small", by_zalloc_small },
	{ "calloc", by_calloc },
	{ "calloc of bytes", by_calloc_bytes },
	{ "rezalloc", by_rezalloc },
	{ "recalloc", by_recalloc },
	{ "zalloc_aligned", by_zalloc_aligned },
	{ "calloc_aligned", by_calloc_aligned },
	{ "zalloc_aligned_at", by_zalloc_aligned_at },
	{ "calloc_aligned_at", by_calloc_aligned_at },
	{ "rezalloc_aligned", by_rezalloc_aligned },
	{ "recalloc_aligned", by_recalloc_aligned },
	{ "heap_zalloc", by_heap_zalloc },
	{ "heap_calloc", by_heap_calloc },
	{ "heap_zalloc_aligned", by_heap_zalloc_aligned },
	{ "heap_calloc_aligned", by_heap_calloc_aligned },
	{ "heap_rezalloc", by_heap_rezalloc },
	{ "heap_recalloc", by_heap_recalloc },
};

static void recycled_memory(void **state)
{
	void *blocks[DIRT_COUNT];
	size_t step = check_step(3);

	(void)state;
	for (size_t f = 0; f < ARRAY_LENGTH(functions); f++) {
		for (size_t i = f % step; i < ARRAY_LENGTH(sizes); i += step) {
			size_t n = sizes[i];
			size_t count = n > 100000 ? 2 : DIRT_COUNT;

			leave_dirt(n);
			for (size_t k = 0; k < count; k++) {
				blocks[k] = functions[f].allocate(n);
				check(blocks[k] != NULL &&
				      all_zero(blocks[k], n),
				      "%s of %zu is not zero",
				      functions[f].name, n);
				memset(launder(blocks[k]), 0xa5, n);
			}
			for (size_t k = 0; k < count; k++)
				mi_free(blocks[k]);
		}
	}
}

/* Grow a zeroed block step by step through dirt: the tail stays zero. */
static void grow(const char *name, void *(*step)(void *p, size_t n))
{
	for (size_t first = 1; first <= 100000; first = first * 7 + 3) {
		void *p;
		size_t n = first;

		leave_dirt(n);
		p = mi_zalloc(n);
		assert_non_null(p);
		for (int i = 0; i < 8; i++) {
			size_t more = n + n / 3 + 5;

			memset(launder(p), 0xee, n);
			leave_dirt(more);
			p = step(p, more);
			assert_non_null(p);
			check(all_zero((char *)p + n, more - n),
			      "%s from %zu to %zu: the tail", name, n, more);
			check(((unsigned char *)p)[n - 1] == 0xee,
			      "%s from %zu to %zu: the contents", name, n,
			      more);
			n = more;
		}
		mi_free(p);
	}
}

static void *step_rezalloc(void *p, size_t n)
{
	return mi_rezalloc(p, n);
}

static void *step_recalloc(void *p, size_t n)
{
	return mi_recalloc(p, n, 1);
}

static void *step_rezalloc_aligned(void *p, size_t n)
{
	return mi_rezalloc_aligned(p, n, 64);
}

static void *step_recalloc_aligned(void *p, size_t n)
{
	return mi_recalloc_aligned(p, 1, n, 256);
}

static void *step_aligned_recalloc(void *p, size_t n)
{
	return mi_aligned_recalloc(p, n, 1, 32);
}

static void *step_rezalloc_aligned_at(void *p, size_t n)
{
	return mi_rezalloc_aligned_at(p, n, 64, 1);
}

static void *step_recalloc_aligned_at(void *p, size_t n)
{
	return mi_recalloc_aligned_at(p, n, 1, 128, 1);
}

static void *step_aligned_offset_recalloc(void *p, size_t n)
{
	return mi_aligned_offset_recalloc(p, n, 1, 64, 1);
}

static void *step_heap_rezalloc(void *p, size_t n)
{
	return mi_heap_rezalloc(mi_heap_get_default(), p, n);
}

static void *step_heap_recalloc(void *p, size_t n)
{
	return mi_heap_recalloc(mi_heap_get_default(), p, 1, n);
}

static void grown_tails(void **state)
{
	(void)state;
	grow("rezalloc", step_rezalloc);
	grow("recalloc", step_recalloc);
	grow("rezalloc_aligned", step_rezalloc_aligned);
	grow("recalloc_aligned", step_recalloc_aligned);
	grow("aligned_recalloc", step_aligned_recalloc);
	grow("rezalloc_aligned_at", step_rezalloc_aligned_at);
	grow("recalloc_aligned_at", step_recalloc_aligned_at);
	grow("aligned_offset_recalloc", step_aligned_offset_recalloc);
	grow("heap_rezalloc", step_heap_rezalloc);
	grow("heap_recalloc", step_heap_recalloc);
}

/*
 * One byte more at a time, whole block dirtied at each size that was asked:
 * what lies between the size asked and the usable size comes into use zero.
 */
static void small_steps(void **state)
{
	(void)state;
	leave_dirt(64);
	for (size_t first = 1; first < 300; first += 13) {
		unsigned char *p = mi_zalloc(first);

		for (size_t n = first + 1; n < first + 200; n++) {
			p = mi_rezalloc(p, n);
			assert_non_null(p);
			check(p[n - 1] == 0, "byte %zu is %d", n - 1, p[n - 1]);
			p[n - 1] = 0xcc;
		}
		mi_free(p);
	}
}

/* Shrink, then grow: what the shrinking gave up is zero when it returns. */
static void shrink_and_grow(void **state)
{
	(void)state;
	for (size_t n = 100; n <= 4 * MIB; n *= 4) {
		unsigned char *p;

		leave_dirt(n);
		p = mi_zalloc(n);
		assert_true(all_zero(p, n));
		memset(p + n / 2, 0xdd, n - n / 2);
		p = mi_rezalloc(p, n / 2);
		assert_true(all_zero(p, n / 2));
		leave_dirt(n);
		p = mi_rezalloc(p, n * 2);
		check(all_zero(p, n * 2), "size %zu", n);
		mi_free(p);
	}
}

/* Memory that went back to the system and came again is zero as well. */
static void after_collect(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		void *p;

		leave_dirt(sizes[i]);
		mi_collect(true);
		p = mi_zalloc(sizes[i]);
		check(all_zero(p, sizes[i]), "size %zu", sizes[i]);
		mi_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recycled_memory),
		cmocka_unit_test(grown_tails),
		cmocka_unit_test(small_steps),
		cmocka_unit_test(shrink_and_grow),
		cmocka_unit_test(after_collect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
