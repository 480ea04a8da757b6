/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of POSIX, the BSDs and Microsoft, strings included. */
#include "check.h"

#include <limits.h>

static void string_copies(void **state)
{
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	errno = ERRNO_UNTOUCHED;
	for (size_t n = 0; n < sizeof(text); n += n < 100 ? 1 : 211) {
		char *copy;
		unsigned char *bytes;

		text[n] = '\0';
		copy = mi_strdup(text);
		assert_string_equal(copy, text);
		assert_ptr_not_equal(copy, text);
		assert_true(mi_usable_size(copy) > n);
		mi_free(copy);
		bytes = mi_mbsdup((const unsigned char *)text);
		assert_string_equal((char *)bytes, text);
		mi_free(bytes);
		text[n] = 'x';
	}
	assert_int_equal(errno, ERRNO_UNTOUCHED);
}

static void bounded_string_copies(void **state)
{
	static const size_t limits[] = {
		0, 1, 5, 10, 11, 12, 1000, SIZE_MAX / 2, SIZE_MAX - 1,
		SIZE_MAX,
	};
	char bare[4] = { 'a', 'b', 'c', 'd' };
	char *copy;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
		size_t expected = limits[i] < 11 ? limits[i] : 11;

		copy = mi_strndup("hello world", launder_size(limits[i]));
		assert_non_null(copy);
		assert_int_equal(strlen(copy), expected);
		assert_memory_equal(copy, "hello world", expected);
		mi_free(copy);
	}
	copy = mi_strndup(bare, sizeof(bare));
	assert_string_equal(copy, "abcd");
	mi_free(copy);
}

static void strings_that_are_null(void **state)
{
	(void)state;
	errno = ERRNO_UNTOUCHED;
	assert_null(mi_strdup(launder(NULL)));
	assert_null(mi_strndup(launder(NULL), 10));
	assert_null(mi_mbsdup(launder(NULL)));
	assert_null(mi_wcsdup(launder(NULL)));
	assert_int_equal(errno, ERRNO_UNTOUCHED);
}

static void wide_string_copies(void **state)
{
	unsigned short text[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(text); i++)
		text[i] = (unsigned short)(0x100 * (i + 1));
	for (size_t i = 0; i < ARRAY_LENGTH(text); i++) {
		unsigned short kept = text[i];
		unsigned short *copy;

		text[i] = 0;
		copy = mi_wcsdup(text);
		assert_non_null(copy);
		/* 0x100 * 256 is a NUL as well. */
		assert_memory_equal(copy, text, (i < 255 ? i + 1 : 256)
				    * sizeof(*text));
		mi_free(copy);
		text[i] = kept;
	}
}

static void real_paths(void **state)
{
	char room[PATH_MAX];
	char expected[PATH_MAX];
	char *path;

	(void)state;
	assert_non_null(realpath("/proc/self/exe", expected));
	path = mi_realpath("/proc/self/exe", NULL);
	assert_non_null(path);
	assert_string_equal(path, expected);
	assert_true(mi_is_in_heap_region(path));
	mi_free(path);
	path = mi_realpath("/usr/../usr/./bin/..", NULL);
	assert_string_equal(path, "/usr");
	mi_free(path);
	path = mi_realpath("/", room);
	assert_ptr_equal(path, room);
	assert_string_equal(room, "/");
	errno = 0;
	assert_null(mi_realpath("/no/such/path", NULL));
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_null(mi_realpath("", room));
	assert_int_equal(errno, ENOENT);
}

static void environment_copies(void **state)
{
	char *value = launder(state);
	size_t size = 77;

	setenv("MI_TEST_VALUE", "forty-two", 1);
	setenv("MI_TEST_EMPTY", "", 1);
	unsetenv("MI_TEST_UNSET");
	assert_int_equal(mi_dupenv_s(&value, &size, "MI_TEST_VALUE"), 0);
	assert_string_equal(value, "forty-two");
	assert_int_equal(size, sizeof("forty-two"));
	mi_free(value);
	assert_int_equal(mi_dupenv_s(&value, NULL, "MI_TEST_VALUE"), 0);
	assert_string_equal(value, "forty-two");
	mi_free(value);
	assert_int_equal(mi_dupenv_s(&value, &size, "MI_TEST_EMPTY"), 0);
	assert_string_equal(value, "");
	assert_int_equal(size, 1);
	mi_free(value);
	assert_int_equal(mi_dupenv_s(&value, &size, "MI_TEST_UNSET"), 0);
	assert_null(value);
	assert_int_equal(size, 0);
	assert_int_equal(mi_dupenv_s(NULL, &size, "MI_TEST_VALUE"), EINVAL);
	assert_int_equal(mi_dupenv_s(&value, &size, NULL), EINVAL);
}

static void wide_environment_copies(void **state)
{
	static const unsigned short name[] = { 'P', 'A', 'T', 'H', 0 };
	unsigned short *value = NULL;
	size_t size = 0;

	(void)state;
	assert_int_equal(mi_wdupenv_s(&value, &size, name), EINVAL);
	assert_null(value);
	assert_int_equal(mi_wdupenv_s(NULL, &size, name), EINVAL);
	assert_int_equal(mi_wdupenv_s(&value, &size, NULL), EINVAL);
}

static void resize_an_array(void **state)
{
	char *p;

	(void)state;
	errno = ERRNO_UNTOUCHED;
	p = mi_reallocarray(launder(NULL), 10, 10);
	assert_non_null(p);
	pattern_write(p, 100, 1);
	p = mi_reallocarray(p, 1000, 10);
	assert_non_null(p);
	assert_true(mi_usable_size(p) >= 10000);
	assert_true(pattern_holds(p, 100, 1));
	p = mi_reallocarray(p, 5, 10);
	assert_true(pattern_holds(p, 50, 1));
	assert_int_equal(errno, ERRNO_UNTOUCHED);
	errno = 0;
	assert_null(mi_reallocarray(p, launder_size(SIZE_MAX / 8), 16));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(mi_reallocarray(p, launder_size(SIZE_MAX), 1));
	assert_int_equal(errno, ENOMEM);
	assert_true(pattern_holds(p, 50, 1));
	mi_free(p);
}

static void resize_through_a_pointer(void **state)
{
	void *p = NULL;
	void *kept;

	(void)state;
	errno = ERRNO_UNTOUCHED;
	assert_int_equal(mi_reallocarr(&p, 10, 10), 0);
	assert_non_null(p);
	pattern_write(p, 100, 2);
	assert_int_equal(mi_reallocarr(&p, 1000, 100), 0);
	assert_true(mi_usable_size(p) >= 100000);
	assert_true(pattern_holds(p, 100, 2));
	kept = p;
	assert_int_equal(mi_reallocarr(&p, SIZE_MAX / 8, 16), ENOMEM);
	assert_ptr_equal(p, kept);
	assert_int_equal(mi_reallocarr(&p, SIZE_MAX, 1), ENOMEM);
	assert_ptr_equal(p, kept);
	assert_true(pattern_holds(p, 100, 2));
	assert_int_equal(mi_reallocarr(launder(NULL), 1, 1), EINVAL);
	assert_int_equal(errno, ERRNO_UNTOUCHED);
	mi_free(p);
}

static void sizes_by_every_name(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100000; n = n * 5 / 4 + 1) {
		void *p = mi_malloc(n);
		size_t usable = mi_usable_size(p);

		assert_int_equal(mi_malloc_size(p), usable);
		assert_int_equal(mi_malloc_usable_size(p), usable);
		assert_int_equal(mi_malloc_good_size(n), mi_good_size(n));
		assert_int_equal(mi_good_size(n), usable);
		mi_free(p);
	}
	assert_int_equal(mi_malloc_size(launder(NULL)), 0);
	assert_int_equal(mi_malloc_usable_size(launder(NULL)), 0);
}

/* mi_cfree() takes what is ours and lets all else alone, in silence. */
static void cfree_of_foreign_pointers(void **state)
{
	static char fixed[256];
	char local[256];
	char *mapped = system_memory(64 * KIB);
	void *p = mi_malloc(100);
	int seen[2];
	char noise[16];
	int kept = dup(STDERR_FILENO);

	(void)state;
	pattern_write(mapped, 64 * KIB, 3);
	pattern_write(fixed, sizeof(fixed), 4);
	pattern_write(local, sizeof(local), 5);
	assert_int_equal(pipe(seen), 0);
	dup2(seen[1], STDERR_FILENO);
	errno = ERRNO_UNTOUCHED;
	mi_cfree(launder(fixed + 16));
	mi_cfree(launder(local + 16));
	mi_cfree(launder(mapped));
	mi_cfree(launder(mapped + 4096));
	mi_cfree(launder((void *)(uintptr_t)16));
	mi_cfree(launder((void *)~(uintptr_t)15));
	mi_cfree(p);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(seen[1]);
	assert_int_equal(errno, ERRNO_UNTOUCHED);
	assert_int_equal(read(seen[0], noise, sizeof(noise)), 0);
	close(seen[0]);
	assert_true(pattern_holds(mapped, 64 * KIB, 3));
	assert_true(pattern_holds(fixed, sizeof(fixed), 4));
	assert_true(pattern_holds(local, sizeof(local), 5));
	munmap(mapped, 64 * KIB);
}

/* mi_cfree() does free: a leak of these blocks would show as memory. */
static void cfree_frees(void **state)
{
	size_t before = resident_bytes();

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		void *p = mi_malloc(MIB);

		assert_non_null(p);
		pattern_write(p, MIB, i);
		mi_cfree(p);
	}
	check(resident_bytes() < before + 64 * MIB, "cfree leaks");
}

/* The forms that are told the size free as well, for any alignment. */
static void sized_frees(void **state)
{
	size_t before = resident_bytes();

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		void *p = mi_malloc(MIB);
		void *q = mi_malloc_aligned(MIB, 4096);
		void *r = mi_malloc_aligned(MIB, 64);

		pattern_write(p, MIB, i);
		pattern_write(q, MIB, i + 1);
		pattern_write(r, MIB, i + 2);
		mi_free_size(p, MIB);
		mi_free_size_aligned(q, MIB, 4096);
		mi_free_aligned(r, 64);
	}
	for (size_t n = 0; n < 2000; n++)
		mi_free_size(mi_malloc(n), n);
	check(resident_bytes() < before + 64 * MIB, "a sized free leaks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(string_copies),
		cmocka_unit_test(bounded_string_copies),
		cmocka_unit_test(strings_that_are_null),
		cmocka_unit_test(wide_string_copies),
		cmocka_unit_test(real_paths),
		cmocka_unit_test(environment_copies),
		cmocka_unit_test(wide_environment_copies),
		cmocka_unit_test(resize_an_array),
		cmocka_unit_test(resize_through_a_pointer),
		cmocka_unit_test(sizes_by_every_name),
		cmocka_unit_test(cfree_of_foreign_pointers),
		cmocka_unit_test(cfree_frees),
		cmocka_unit_test(sized_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
