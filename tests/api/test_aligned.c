/* SPDX-License-Identifier: BSD-3-Clause */
/* Aligned allocation: every function, every alignment from 1 to 64 MiB. */
#include "check.h"

#define ALIGNMENT_MAX	(64 * MIB)

static const size_t sizes[] = {
	0, 1, 8, 15, 16, 24, 40, 64, 100, 256, 500, 1024, 1032, 3000, 4096,
	5000, 8192, 20000, 65536, 70000, 300000, MIB, 3 * MIB + 5,
};

/* A block that keeps every promise of an aligned allocation. */
#define assert_aligned(p, size, alignment, offset)			\
	expect_aligned((p), (size), (alignment), (offset), __LINE__)

static void expect_aligned(const char *p, size_t size, size_t alignment,
			   size_t offset, int line)
{
	check(p != NULL, "line %d: size %zu alignment %zu: NULL", line, size,
	      alignment);
	check(is_aligned(launder(p + offset), alignment),
	      "line %d: size %zu alignment %zu offset %zu: %p", line, size,
	      alignment, offset, (const void *)p);
	check(is_aligned(p, 16) || offset > 0, "line %d: %p", line,
	      (const void *)p);
	check(mi_usable_size(p) >= size, "line %d: size %zu: usable %zu",
	      line, size, mi_usable_size(p));
	check(mi_is_in_heap_region(p), "line %d: not in the region", line);
}

/* NULL, with this in errno. */
#define assert_fails(error, call)					\
	do {								\
		errno = 0;						\
		assert_null(call);					\
		assert_int_equal(errno, error);				\
	} while (0)

static void every_alignment(void **state)
{
	void *blocks[ARRAY_LENGTH(sizes)];

	(void)state;
	for (size_t a = 1; a <= ALIGNMENT_MAX; a *= 2) {
		errno = ERRNO_UNTOUCHED;
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			blocks[i] = mi_malloc_aligned(sizes[i], a);
			assert_aligned(blocks[i], sizes[i], a, 0);
			pattern_write(blocks[i], sizes[i], i);
		}
		assert_int_equal(errno, ERRNO_UNTOUCHED);
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			check(pattern_holds(blocks[i], sizes[i], i),
			      "size %zu alignment %zu overwritten",
			      sizes[i], a);
			mi_free(blocks[i]);
		}
	}
}

/* All that mi_usable_size() promises may be written. */
static void usable_tail(void **state)
{
	void *blocks[ARRAY_LENGTH(sizes)];

	(void)state;
	for (size_t a = 1; a <= 64 * KIB; a *= 2) {
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			blocks[i] = mi_malloc_aligned(sizes[i], a);
			assert_non_null(blocks[i]);
			pattern_write(blocks[i], mi_usable_size(blocks[i]), i);
		}
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			check(pattern_holds(blocks[i],
					    mi_usable_size(blocks[i]), i),
			      "size %zu alignment %zu", sizes[i], a);
			mi_free_aligned(blocks[i], a);
		}
	}
}

static void every_function(void **state)
{
	(void)state;
	for (size_t a = 1; a <= MIB; a <<= check_step(3)) {
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			size_t n = sizes[i];
			void *p = mi_zalloc_aligned(n, a);

			assert_aligned(p, n, a, 0);
			assert_true(all_zero(p, n));
			pattern_write(p, n, i);
			p = mi_realloc_aligned(p, n + n / 2, a);
			assert_aligned(p, n + n / 2, a, 0);
			assert_true(pattern_holds(p, n, i));
			p = mi_realloc_aligned(p, n / 2, a);
			assert_aligned(p, n / 2, a, 0);
			assert_true(pattern_holds(p, n / 2, i));
			mi_free_size_aligned(p, n / 2, a);

			p = mi_calloc_aligned(n, 3, a);
			assert_aligned(p, n * 3, a, 0);
			assert_true(all_zero(p, n * 3));
			mi_free(p);

			p = mi_new_aligned(n, a);
			assert_aligned(p, n, a, 0);
			mi_free_size(p, n);
			p = mi_new_aligned_nothrow(n, a);
			assert_aligned(p, n, a, 0);
			mi_free(p);
		}
	}
}

static void offsets(void **state)
{
	static const size_t offset_of[] = {
		0, 1, 3, 8, 12, 16, 40, 64, 100, 255, 4096, 5000,
	};

	(void)state;
	for (size_t a = 1; a <= 128 * KIB; a *= 2) {
		for (size_t k = 0; k < ARRAY_LENGTH(offset_of); k++) {
			for (size_t i = 0; i < ARRAY_LENGTH(sizes) - 4; i++) {
				size_t n = sizes[i];
				size_t off = offset_of[k];
				void *p;

				if (off > n)
					continue;
				p = mi_malloc_aligned_at(n, a, off);
				assert_aligned(p, n, a, off);
				pattern_write(p, n, i);
				p = mi_realloc_aligned_at(p, n * 2, a, off);
				assert_aligned(p, n * 2, a, off);
				assert_true(pattern_holds(p, n, i));
				mi_free(p);
				p = mi_zalloc_aligned_at(n, a, off);
				assert_aligned(p, n, a, off);
				assert_true(all_zero(p, n));
				mi_free(p);
				p = mi_calloc_aligned_at(n, 2, a, off);
				assert_aligned(p, n * 2, a, off);
				assert_true(all_zero(p, n * 2));
				mi_free(p);
			}
		}
	}
}

/* The re- forms keep zero behind what was there, and the alignment. */
static void zeroing_reallocation(void **state)
{
	(void)state;
	for (size_t a = 8; a <= 64 * KIB; a *= 2) {
		for (size_t n = 16; n <= 200000; n = n * 3 + 8) {
			size_t off = n / 2 & ~(size_t)7;
			void *p = mi_zalloc_aligned(n, a);

			p = mi_rezalloc_aligned(p, n * 2, a);
			assert_aligned(p, n * 2, a, 0);
			assert_true(all_zero(p, n * 2));
			p = mi_recalloc_aligned(p, n, 3, a);
			assert_aligned(p, n * 3, a, 0);
			assert_true(all_zero(p, n * 3));
			p = mi_aligned_recalloc(p, n, 4, a);
			assert_aligned(p, n * 4, a, 0);
			assert_true(all_zero(p, n * 4));
			mi_free(p);

			p = mi_zalloc_aligned_at(n, a, off);
			p = mi_rezalloc_aligned_at(p, n * 2, a, off);
			assert_aligned(p, n * 2, a, off);
			assert_true(all_zero(p, n * 2));
			p = mi_recalloc_aligned_at(p, n, 3, a, off);
			assert_aligned(p, n * 3, a, off);
			assert_true(all_zero(p, n * 3));
			p = mi_aligned_offset_recalloc(p, n, 4, a, off);
			assert_aligned(p, n * 4, a, off);
			assert_true(all_zero(p, n * 4));
			mi_free(p);
		}
	}
}

/* From a NULL pointer the re- forms allocate. */
static void reallocation_of_null(void **state)
{
	void *null = launder(NULL);
	void *p;

	(void)state;
	for (size_t a = 8; a <= 8192; a *= 4) {
		p = mi_realloc_aligned(null, 100, a);
		assert_aligned(p, 100, a, 0);
		mi_free(p);
		p = mi_realloc_aligned_at(null, 100, a, 8);
		assert_aligned(p, 100, a, 8);
		mi_free(p);
		p = mi_rezalloc_aligned(null, 100, a);
		assert_aligned(p, 100, a, 0);
		assert_true(all_zero(p, 100));
		mi_free(p);
		p = mi_recalloc_aligned(null, 10, 10, a);
		assert_aligned(p, 100, a, 0);
		assert_true(all_zero(p, 100));
		mi_free(p);
	}
}

static void bad_alignments(void **state)
{
	static const size_t bad[] = { 0, 3, 5, 12, 24, 48, 100, 4095, 4097 };
	void *p = mi_malloc(50);

	(void)state;
	pattern_write(p, 50, 9);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		size_t a = launder_size(bad[i]);

		assert_fails(EINVAL, mi_malloc_aligned(100, a));
		assert_fails(EINVAL, mi_malloc_aligned_at(100, a, 8));
		assert_fails(EINVAL, mi_zalloc_aligned(100, a));
		assert_fails(EINVAL, mi_zalloc_aligned_at(100, a, 8));
		assert_fails(EINVAL, mi_calloc_aligned(10, 10, a));
		assert_fails(EINVAL, mi_calloc_aligned_at(10, 10, a, 8));
		assert_fails(EINVAL, mi_aligned_alloc(a, 100));
		assert_fails(EINVAL, mi_memalign(a, 100));
		assert_fails(EINVAL, mi_realloc_aligned(p, 100, a));
		assert_fails(EINVAL, mi_realloc_aligned_at(p, 100, a, 8));
		assert_fails(EINVAL, mi_rezalloc_aligned(p, 100, a));
		assert_fails(EINVAL, mi_recalloc_aligned(p, 10, 10, a));
		assert_null(mi_new_aligned_nothrow(100, a));
		assert_true(pattern_holds(p, 50, 9));
	}
	mi_free(p);
}

static void impossible_requests(void **state)
{
	static const size_t sizes_too_big[] = {
		(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096, SIZE_MAX - 63,
		SIZE_MAX,
	};

	(void)state;
	for (size_t a = 1; a <= 64 * MIB; a *= 4) {
		for (size_t i = 0; i < ARRAY_LENGTH(sizes_too_big); i++) {
			size_t n = launder_size(sizes_too_big[i]);
			void *p = launder(state);

			assert_fails(ENOMEM, mi_malloc_aligned(n, a));
			assert_fails(ENOMEM, mi_zalloc_aligned(n, a));
			assert_fails(ENOMEM, mi_calloc_aligned(n, 2, a));
			assert_fails(ENOMEM, mi_malloc_aligned_at(n, a, 16));
			assert_fails(ENOMEM, mi_aligned_alloc(a, n));
			if (a < sizeof(void *))
				continue;
			assert_int_equal(mi_posix_memalign(&p, a, n), ENOMEM);
			assert_ptr_equal(p, launder(state));
		}
	}
	/* An alignment beyond all memory. */
	for (size_t a = (SIZE_MAX >> 1) + 1; a >= (size_t)1 << 50; a /= 2)
		assert_fails(ENOMEM, mi_malloc_aligned(100, launder_size(a)));
}

static void posix_memalign_rules(void **state)
{
	static const size_t bad[] = { 0, 1, 2, 3, 4, 6, 9, 12, 24, 40, 1000 };
	void *untouched = launder(state);
	void *p = untouched;

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		size_t a = launder_size(bad[i]);

		errno = ERRNO_UNTOUCHED;
		assert_int_equal(mi_posix_memalign(&p, a, 100), EINVAL);
		assert_ptr_equal(p, untouched);
		assert_int_equal(errno, ERRNO_UNTOUCHED);
	}
	for (size_t a = sizeof(void *); a <= 16 * MIB; a *= 2) {
		for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
			errno = ERRNO_UNTOUCHED;
			p = untouched;
			assert_int_equal(mi_posix_memalign(&p, a, sizes[i]),
					 0);
			assert_ptr_not_equal(p, untouched);
			assert_int_equal(errno, ERRNO_UNTOUCHED);
			assert_aligned(p, sizes[i], a, 0);
			mi_free(p);
		}
	}
}

static void other_names(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	errno = ERRNO_UNTOUCHED;
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		size_t n = sizes[i];
		size_t whole = (n + page - 1) / page * page;
		void *p;

		for (size_t a = 1; a <= 64 * KIB; a *= 2) {
			p = mi_memalign(a, n);
			assert_aligned(p, n, a, 0);
			mi_free(p);
			p = mi_aligned_alloc(a, n);
			assert_aligned(p, n, a, 0);
			mi_free(p);
		}
		p = mi_valloc(n);
		assert_aligned(p, n, page, 0);
		mi_free(p);
		p = mi_pvalloc(n);
		assert_aligned(p, whole, page, 0);
		pattern_write(p, whole, i);
		mi_free(p);
	}
	assert_int_equal(errno, ERRNO_UNTOUCHED);
	assert_fails(ENOMEM, mi_pvalloc(launder_size(SIZE_MAX - 10)));
	assert_fails(ENOMEM, mi_valloc(launder_size(SIZE_MAX - 10)));
}

/* Aligned blocks between plain ones: all of them go through mi_realloc. */
static void plain_realloc_of_aligned(void **state)
{
	(void)state;
	for (size_t a = 16; a <= 256 * KIB; a *= 2) {
		for (size_t n = 10; n < 100000; n = n * 4 + 1) {
			void *p = mi_malloc_aligned(n, a);
			void *q = mi_malloc(n);

			pattern_write(p, n, a);
			pattern_write(q, n, a + 1);
			p = mi_realloc(p, n * 3);
			q = mi_realloc_aligned(q, n * 3, a);
			assert_aligned(q, n * 3, a, 0);
			assert_true(pattern_holds(p, n, a));
			assert_true(pattern_holds(q, n, a + 1));
			mi_free(p);
			mi_free(q);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_alignment),
		cmocka_unit_test(usable_tail),
		cmocka_unit_test(every_function),
		cmocka_unit_test(offsets),
		cmocka_unit_test(zeroing_reallocation),
		cmocka_unit_test(reallocation_of_null),
		cmocka_unit_test(bad_alignments),
		cmocka_unit_test(impossible_requests),
		cmocka_unit_test(posix_memalign_rules),
		cmocka_unit_test(other_names),
		cmocka_unit_test(plain_realloc_of_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
