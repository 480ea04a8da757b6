/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stand-in itself: it does what kernels with larger pages do, harm
 * included, and lies where it is told to. The allocator is not used here.
 */
#include "../api/check.h"
#include "kernel.h"

#include <sys/auxv.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

static const size_t pages[] = { 4096, 16384, 65536 };

static int begin(void **state)
{
	(void)state;
	memset(kernel(), 0, sizeof(*kernel()));
	kernel()->page_bytes = 4096;
	return 0;
}

static char *map(void *address, size_t bytes, int flags)
{
	return mmap(address, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | flags, -1, 0);
}

/* Four pages of ones */
static char *ones(size_t page)
{
	char *p = map(NULL, 4 * page, 0);

	assert_true(p != MAP_FAILED);
	memset(p, 1, 4 * page);
	return p;
}

static bool all_are(const char *p, size_t bytes, char value)
{
	const char *byte = launder(p);

	return byte[0] == value && memcmp(byte, byte + 1, bytes - 1) == 0;
}

/* Whether something is mapped there, as the true kernel knows */
static bool is_mapped(char *p)
{
	unsigned char present;
	size_t page = kernel()->page_bytes;
	bool is;

	kernel()->page_bytes = 4096;
	is = mincore(p, 4096, &present) == 0;
	kernel()->page_bytes = page;
	return is;
}

#define expect_error(call, number)					\
	do {								\
		errno = 0;						\
		assert_true((intptr_t)(call) == -1);			\
		assert_int_equal(errno, number);			\
	} while (0)

static void tells_its_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		kernel()->page_bytes = pages[i];
		assert_int_equal(sysconf(_SC_PAGESIZE), pages[i]);
		assert_int_equal(getpagesize(), pages[i]);
		assert_int_equal(getauxval(AT_PAGESZ), pages[i]);
		assert_true(sysconf(_SC_NPROCESSORS_CONF) > 0);
		assert_true(getauxval(AT_RANDOM) != 0);
	}
}

static void maps_whole_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];

		for (size_t round = 0; round < 20; round++) {
			char *p = map(NULL, page + 1, 0);

			assert_true(is_aligned(p, page));
			p[2 * page - 1] = 1;
			assert_int_equal(munmap(p, page + 1), 0);
			assert_false(is_mapped(p));
			assert_false(is_mapped(p + 2 * page - 4096));
			/* of another size, so that addresses move */
			map(NULL, 4096, 0);
		}
	}
}

static void refuses_parts_of_pages(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];
		char *p = ones(page);

		expect_error(map(p + 4096, page, MAP_FIXED), EINVAL);
		expect_error(map(p + 4096, page, MAP_FIXED_NOREPLACE), EINVAL);
		expect_error(munmap(p + 4096, page), EINVAL);
		expect_error(mprotect(p + 4096, page, PROT_NONE), EINVAL);
		expect_error(madvise(p + 4096, page, MADV_DONTNEED), EINVAL);
		expect_error(mremap(p + 4096, page, page, MREMAP_MAYMOVE),
			     EINVAL);
		expect_error(mremap(p, page, page, MREMAP_MAYMOVE |
				    MREMAP_FIXED, p + 2 * page + 4096), EINVAL);
		assert_true(all_are(p, 4 * page, 1));
		assert_int_equal(munmap(p, 4 * page), 0);
	}
}

static void rounds_lengths_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];
		char *p = ones(page);

		/* so a kernel of large pages wipes what nobody named */
		assert_int_equal(madvise(p, 4096, MADV_DONTNEED), 0);
		assert_true(all_are(p, page, 0));
		assert_true(all_are(p + page, 3 * page, 1));
		map(p + page, 1, MAP_FIXED);
		assert_true(all_are(p, 2 * page, 0));
		assert_true(all_are(p + 2 * page, 2 * page, 1));
		assert_int_equal(munmap(p + 2 * page, 1), 0);
		assert_false(is_mapped(p + 3 * page - 4096));
		assert_true(all_are(p + 3 * page, page, 1));
		assert_int_equal(munmap(p, 4 * page), 0);
	}
}

static void moves_whole_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];
		char *p = ones(page), *q = map(NULL, 4 * page, 0), *r;

		assert_ptr_equal(mremap(p, 1, 1, MREMAP_MAYMOVE |
					MREMAP_FIXED | MREMAP_DONTUNMAP, q), q);
		assert_true(all_are(q, page, 1));
		assert_true(all_are(q + page, 3 * page, 0));
		assert_true(all_are(p, page, 0));
		assert_true(all_are(p + page, 3 * page, 1));
		/* what cannot grow where it is goes to a whole page */
		r = mremap(p + page, page, 9 * page, MREMAP_MAYMOVE);
		assert_true(r != MAP_FAILED && is_aligned(r, page));
		assert_true(all_are(r, page, 1));
		assert_int_equal(munmap(p, page), 0);
		assert_int_equal(munmap(p + 2 * page, 2 * page), 0);
		assert_int_equal(munmap(q, 4 * page), 0);
		assert_int_equal(munmap(r, 9 * page), 0);
	}
}

static void never_replaces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];
		char *p = ones(page), *q;

		kernel()->noreplace_ignored = false;
		expect_error(map(p, page, MAP_FIXED_NOREPLACE), EEXIST);
		assert_int_equal(munmap(p + page, page), 0);
		assert_ptr_equal(map(p + page, page, MAP_FIXED_NOREPLACE),
				 p + page);
		/* before Linux 4.17 it is a hint */
		kernel()->noreplace_ignored = true;
		q = map(p, page, MAP_FIXED_NOREPLACE);
		assert_true(q != MAP_FAILED && q != p && is_aligned(q, page));
		assert_true(all_are(p, page, 1));
		assert_int_equal(munmap(p + page, page), 0);
		assert_ptr_equal(map(p + page, page, MAP_FIXED_NOREPLACE),
				 p + page);
		assert_int_equal(munmap(q, page), 0);
		assert_int_equal(munmap(p, 4 * page), 0);
	}
}

static void lies_where_told(void **state)
{
	char *p = ones(4096), *q = map(NULL, 4096, 0);
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	(void)state;
	kernel()->dontneed = DONTNEED_LIES;
	assert_int_equal(madvise(p, 4096, MADV_DONTNEED), 0);
	assert_true(all_are(p, 4 * 4096, 1));
	kernel()->dontneed = DONTNEED_FAILS;
	expect_error(madvise(p, 4096, MADV_DONTNEED), EINVAL);
	assert_true(all_are(p, 4 * 4096, 1));
	kernel()->mremap = MREMAP_ENOSYS;
	expect_error(mremap(p, 4096, 4096, flags, q), ENOSYS);
	assert_true(all_are(p, 4 * 4096, 1));
	kernel()->mremap = MREMAP_UNMAPS;
	assert_ptr_equal(mremap(p, 4096, 4096, flags, q), q);
	assert_true(all_are(q, 4096, 1));
	assert_false(is_mapped(p));
	assert_true(all_are(p + 4096, 3 * 4096, 1));
	munmap(p, 4 * 4096);
	munmap(q, 4096);
}

static void counts(void **state)
{
	char *p;

	(void)state;
	kernel()->page_bytes = 16384;
	kernel()->mmap_limit = 3;
	p = map(NULL, 16384, 0);
	assert_int_equal(munmap(map(NULL, 16384, 0), 16384), 0);
	expect_error(map(NULL, 16384, 0), ENOMEM);
	expect_error(map(NULL, 16384, 0), ENOMEM);
	assert_int_equal(kernel()->mmaps, 4);
	assert_int_equal(madvise(p, 16384, MADV_DONTNEED), 0);
	assert_int_equal(kernel()->uneven, 0);
	assert_int_equal(madvise(p, 4096, MADV_DONTNEED), 0);
	expect_error(madvise(p + 4096, 4096, MADV_DONTNEED), EINVAL);
	assert_int_equal(kernel()->uneven, 2);
	assert_int_equal(kernel()->madvises, 3);
	assert_int_equal(mprotect(p, 16384, PROT_READ), 0);
	assert_int_equal(kernel()->mprotects, 1);
	assert_ptr_equal(mremap(p, 1, 1, 0), p);
	assert_int_equal(kernel()->mremaps, 1);
	assert_int_equal(kernel()->uneven, 3);
	assert_int_equal(munmap(p, 16384), 0);
	assert_int_equal(kernel()->munmaps, 2);
}

/* What is touched of a page makes all of it present */
static void tells_what_is_present(void **state)
{
	unsigned char present[4];
	char *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
		size_t page = kernel()->page_bytes = pages[i];

		p = map(NULL, 4 * page, 0);
		(void)madvise(p, 4 * page, MADV_NOHUGEPAGE);
		p[2 * page - 1] = 1;
		assert_int_equal(mincore(p, 4 * page, present), 0);
		assert_int_equal(present[0], 0);
		assert_int_equal(present[1], 1);
		assert_int_equal(present[2] | present[3], 0);
		munmap(p, 4 * page);
	}
}

/* /proc/self/statm is in pages of this kernel: a multiple of the true one's */
static void counts_its_own_pages(void **state)
{
	unsigned long size[2] = { 0, 0 };
	char text[100] = "";

	(void)state;
	for (int i = 0; i < 2; i++) {
		int file;

		kernel()->page_bytes = i ? 65536 : 4096;
		file = open("/proc/self/statm", O_RDONLY);
		assert_true(read(file, text, sizeof(text) - 1) > 0);
		close(file);
		assert_int_equal(sscanf(text, "%lu ", &size[i]), 1);
	}
	assert_true(size[0] > 16);
	assert_in_range(size[1], size[0] / 16 - 16, size[0] / 16 + 16);
	assert_true(size[1] < size[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_its_page, begin),
		cmocka_unit_test_setup(maps_whole_pages, begin),
		cmocka_unit_test_setup(refuses_parts_of_pages, begin),
		cmocka_unit_test_setup(rounds_lengths_up, begin),
		cmocka_unit_test_setup(moves_whole_pages, begin),
		cmocka_unit_test_setup(never_replaces, begin),
		cmocka_unit_test_setup(lies_where_told, begin),
		cmocka_unit_test_setup(counts, begin),
		cmocka_unit_test_setup(tells_what_is_present, begin),
		cmocka_unit_test_setup(counts_its_own_pages, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
