/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the system knows to be untouched is neither written by calloc nor read
 * by realloc; memory that the user has handed over may hold more than the
 * system tells, as it may be a file's.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "purge.h"

#define SHARED_BYTES	(16 * MIB)

static bool pagemap_is_there(void)
{
	static char page[1];
	uintptr_t at = (uintptr_t)page / (size_t)sysconf(_SC_PAGESIZE) * 8;
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t word = 0;
	bool there;

	page[0] = 1;
	there = file >= 0 && pread(file, &word, 8, (off_t)at) == 8 &&
		word >> 63;
	if (file >= 0)
		close(file);
	return there && port_page_bytes() == (size_t)sysconf(_SC_PAGESIZE);
}

static void only_what_was_touched_is_cleared(void **state)
{
	char *p = heap_malloc(&heap, 8 * MIB);

	(void)state;
	if (!pagemap_is_there()) {
		print_message("# skipped: no /proc/self/pagemap here\n");
		skip();
	}
	instance.config.budget_bytes = ARENA_BYTES;
	memset(p, DIRT, 1);
	memset(p + 5 * MIB, DIRT, 1);
	memset(p + 8 * MIB - 1, DIRT, 1);
	instance_free(&instance, p);
	assert_int_equal(instance.units_dirty, 8 * MIB / UNIT_SIZE);
	assert_ptr_equal(heap_zalloc(&heap, 8 * MIB), p);
	assert_in_range(touched_pages(p, 8 * MIB), 1, 3);
	assert_true(all_zero(p, 8 * MIB));
	instance_free(&instance, p);
}

/* So the system is not asked about all of it; but only where it may be done */
static void what_little_was_touched_is_given_back(void **state)
{
	bool purges = true;
	char *p, *again;

	(void)state;
	if (!pagemap_is_there()) {
		print_message("# skipped: no /proc/self/pagemap here\n");
		skip();
	}
	instance.config.budget_bytes = ARENA_BYTES;
	do {
		p = heap_malloc(&heap, 40 * MIB);
		memset(p, DIRT, 1);
		memset(p + 20 * MIB, DIRT, 1);
		memset(p + 40 * MIB - 1, DIRT, 1);
		instance_free(&instance, p);
		instance.config.purge_enabled = purges;
		again = heap_zalloc(&heap, 40 * MIB);
		assert_ptr_equal(again, p);
		assert_in_range(touched_pages(p, 40 * MIB), purges ? 0 : 3,
				purges ? 1 : 3);
		assert_true(all_zero(p, 40 * MIB));
		instance_free(&instance, p);
		purge_all(&instance);
		purges = !purges;
	} while (!purges);
}

/* A file that is all dirt, mapped for all to see and handed over for ever */
static char *shared_memory(struct instance *own)
{
	static char dirt[MIB];
	int file = memfd_create("shared", 0);
	char *start;
	size_t at;

	assert_true(file >= 0);
	memset(dirt, DIRT, sizeof(dirt));
	for (at = 0; at < SHARED_BYTES; at += sizeof(dirt))
		assert_int_equal(write(file, dirt, sizeof(dirt)),
				 sizeof(dirt));
	start = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		     file, 0);
	assert_true(start != MAP_FAILED);
	close(file);
	assert_non_null(arena_add(own, start, SHARED_BYTES, ARENA_FIXED));
	return start;
}

static void users_memory_is_cleared(void **state)
{
	static struct instance own;
	struct heap own_heap;
	char *start, *p;

	(void)state;
	instance_renew(&own);
	start = shared_memory(&own);
	heap_begin(&own_heap, &own);
	p = heap_zalloc(&own_heap, 4 * MIB);
	assert_true(all_zero(p, 4 * MIB));
	instance_free(&own, p);
	heap_begin(&heap, &instance);
	munmap(start, SHARED_BYTES);
}

static void users_memory_is_copied(void **state)
{
	static struct instance own;
	struct heap own_heap;
	char *start, *p, *wall, *moved, *from;

	(void)state;
	instance_renew(&own);
	start = shared_memory(&own);
	heap_begin(&own_heap, &own);
	p = heap_malloc(&own_heap, 2 * MIB);
	wall = heap_malloc(&own_heap, MIB);
	assert_true(p && wall);
	memset(p, 1, 2 * MIB);
	/* the file keeps it, and the process's own table forgets it */
	from = (char *)align_up((uintptr_t)p, port_page_bytes());
	assert_int_equal(madvise(from, MIB, MADV_DONTNEED), 0);
	moved = heap_realloc(&own_heap, p, 3 * MIB, false);
	assert_true(moved && moved != p);
	assert_int_equal(moved[0], 1);
	assert_int_equal(memcmp(moved, moved + 1, 2 * MIB - 1), 0);
	instance_free(&own, moved);
	instance_free(&own, wall);
	heap_begin(&heap, &instance);
	munmap(start, SHARED_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_what_was_touched_is_cleared),
		T(what_little_was_touched_is_given_back),
		T(users_memory_is_cleared),
		T(users_memory_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
