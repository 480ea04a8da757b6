/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library on the kernel that the environment asks for (see kernel.h): its
 * blocks keep their contents, what shall be zero is zero, and freed memory
 * still goes back where the kernel takes it.
 */
#include "../api/check.h"
#include "kernel.h"

#define MANY	4000

static unsigned char *blocks[MANY];

static unsigned char *block_of(size_t bytes, uint64_t tag)
{
	unsigned char *p = mi_malloc(bytes);

	assert_non_null(p);
	pattern_write(p, bytes, tag);
	return p;
}

/* Free every second block of `count`, and give all that is free back */
static void free_every_second(size_t bytes, size_t count)
{
	size_t i, damaged = 0;

	for (i = 0; i < count; i++)
		blocks[i] = block_of(bytes, i);
	for (i = 0; i < count; i += 2)
		mi_free(blocks[i]);
	mi_collect(true);
	for (i = 1; i < count; i += 2)
		damaged += !pattern_holds(blocks[i], bytes, i);
	printf("# %zu of %zu live blocks of %zu bytes damaged\n", damaged,
	       count / 2, bytes);
	assert_int_equal(damaged, 0);
	for (i = 1; i < count; i += 2)
		mi_free(blocks[i]);
}

static void neighbours_of_freed_memory(void **state)
{
	(void)state;
	/* runs of 4, 12, 40, 100 KiB: of no whole page, of some, of many */
	free_every_second(4 * KIB, MANY);
	free_every_second(12 * KIB, MANY);
	free_every_second(40 * KIB, MANY);
	free_every_second(100 * KIB, MANY / 4);
}

/* Blocks that grow are moved, at any distance from a kernel's page */
static void neighbours_of_what_is_moved(void **state)
{
	size_t bytes = MIB + 4 * KIB, tries, damaged = 0;

	(void)state;
	for (tries = 0; tries < 64; tries++) {
		size_t lead = 36 * KIB + 4 * KIB * (tries % 16);
		unsigned char *before = block_of(lead, 1);
		unsigned char *moved = block_of(bytes, 2);
		unsigned char *after = block_of(40 * KIB, 3);

		moved = mi_realloc(moved, 2 * bytes);
		assert_non_null(moved);
		damaged += !pattern_holds(moved, bytes, 2);
		damaged += !pattern_holds(before, lead, 1);
		damaged += !pattern_holds(after, 40 * KIB, 3);
		blocks[3 * tries] = before;
		blocks[3 * tries + 1] = moved;
		blocks[3 * tries + 2] = after;
	}
	printf("# %zu of 192 blocks damaged\n", damaged);
	assert_int_equal(damaged, 0);
	for (tries = 0; tries < 3 * 64; tries++)
		mi_free(blocks[tries]);
}

/* What a moved block leaves behind is memory again, and zero if need be */
static void source_of_a_move_is_used_again(void **state)
{
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < 40; i++) {
		unsigned char *p = block_of(MIB + i * 4 * KIB, i), *fence, *q;

		fence = block_of(4 * KIB, 77);
		p = mi_realloc(p, 3 * MIB);
		assert_non_null(p);
		q = mi_calloc(1, MIB + i * 4 * KIB);
		assert_non_null(q);
		wrong += !all_zero(q, MIB + i * 4 * KIB);
		memset(q, 1, MIB + i * 4 * KIB);
		wrong += !pattern_holds(p, MIB + i * 4 * KIB, i);
		wrong += !pattern_holds(fence, 4 * KIB, 77);
		mi_free(q);
		mi_free(p);
		mi_free(fence);
	}
	assert_int_equal(wrong, 0);
}

/*
 * Contents with holes that nobody ever touched, to where memory is dirty: all
 * of it arrives, and the holes read as zero.
 */
static void holes_are_moved_as_zeroes(void **state)
{
	const size_t page = 64 * KIB, pages = 48;
	size_t tries, i, damaged = 0;

	(void)state;
	mi_option_set(mi_option_purge_delay, -1);
	for (tries = 0; tries < 16; tries++) {
		unsigned char *p, *behind, *dirty, *fence;

		mi_collect(true);	/* then nothing free is touched */
		p = mi_zalloc(page * pages);
		behind = block_of(page, tries);
		dirty = block_of(2 * page * pages, tries);
		fence = block_of(page, tries);
		for (i = tries % 3; i < pages; i += 3)
			pattern_write(p + i * page, 5 * KIB, i);
		mi_free(dirty);
		p = mi_realloc(p, 2 * page * pages);
		assert_non_null(p);
		for (i = 0; i < pages; i++) {
			unsigned char *at = p + i * page;
			size_t held = i % 3 == tries % 3 ? 5 * KIB : 0;

			damaged += !pattern_holds(at, held, i) ||
				   !all_zero(at + held, page - held);
		}
		mi_free(p);
		mi_free(behind);
		mi_free(fence);
	}
	mi_option_set(mi_option_purge_delay, 0);
	assert_int_equal(damaged, 0);
}

static void purged_memory_is_zero_for_calloc(void **state)
{
	struct check_random random = { 1 };
	size_t round, i, wrong = 0;

	(void)state;
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 60; i++)
			blocks[i] = block_of(4 * KIB *
					     (1 + check_below(&random, 100)),
					     i);
		for (i = 0; i < 60; i++)
			mi_free(blocks[i]);
		mi_collect(round % 2);
		for (i = 0; i < 60; i++) {
			size_t bytes = 4 * KIB * (1 + check_below(&random, 99));

			blocks[i] = mi_calloc(1, bytes);
			assert_non_null(blocks[i]);
			wrong += !all_zero(blocks[i], bytes);
			memset(blocks[i], 0xff, bytes);
		}
		for (i = 0; i < 60; i++)
			mi_free(blocks[i]);
	}
	assert_int_equal(wrong, 0);
}

/*
 * Blocks that are much smaller than a kernel's page, or no whole number of
 * them, go one by one: nearly all of 40 MiB leaves the process.
 */
static void freed_memory_goes_back(void **state)
{
	static const size_t sizes[] = { 64, 4 * KIB, 12 * KIB, 40 * KIB };
	size_t before, most, i, k;

	(void)state;
	if (kernel()->dontneed != DONTNEED_WORKS) {
		printf("# this kernel takes no memory back\n");
		skip();
	}
	for (k = 0; k < ARRAY_LENGTH(sizes); k++) {
		size_t count = 40 * MIB / sizes[k];
		unsigned char **list = system_memory(count * sizeof(*list));

		memset(list, 0, count * sizeof(*list));
		mi_collect(true);
		before = resident_bytes();
		for (i = 0; i < count; i++)
			list[i] = block_of(sizes[k], i);
		most = resident_bytes();
		assert_true(most > before + 30 * MIB);
		/* in an order that leaves no two neighbours at once */
		for (i = 0; i < count; i += 2)
			mi_free(list[i]);
		for (i = 1; i < count; i += 2)
			mi_free(list[i]);
		mi_collect(true);
		printf("# blocks of %zu: %zu KiB more, then %zu\n", sizes[k],
		       (most - before) / KIB,
		       resident_bytes() > before ?
		       (resident_bytes() - before) / KIB : 0);
		assert_true(resident_bytes() < before + 4 * MIB);
		munmap(list, count * sizeof(*list));
	}
}

/* Handed over by the user, at no page's start, with other data around */
static void memory_around_what_is_handed_over(void **state)
{
	static char area[3 * 1024 * 1024];
	char *start = area + 512 * KIB + 4 * KIB + 100;
	size_t bytes = 2 * MIB, i, round;
	mi_arena_id_t id;
	mi_heap_t *heap;
	void *p[40];

	(void)state;
	pattern_write(area, (size_t)(start - area), 1);
	pattern_write(start + bytes, sizeof(area) - bytes -
		      (size_t)(start - area), 2);
	memset(start, 0, bytes);
	assert_true(mi_manage_os_memory_ex(start, bytes, false, false, true, -1,
					   true, &id));
	heap = mi_heap_new_in_arena(id);
	assert_non_null(heap);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < ARRAY_LENGTH(p); i++) {
			p[i] = mi_heap_malloc(heap, (round + 1) * 2 * KIB);
			if (p[i])
				memset(p[i], 0xff, (round + 1) * 2 * KIB);
		}
		for (i = 0; i < ARRAY_LENGTH(p); i++)
			mi_free(p[i]);
		mi_heap_collect(heap, true);
	}
	assert_true(pattern_holds(area, (size_t)(start - area), 1));
	assert_true(pattern_holds(start + bytes, sizeof(area) - bytes -
				  (size_t)(start - area), 2));
	mi_heap_delete(heap);
}

/*
 * The last test: whatever was done above, nothing was asked of the kernel
 * that it refuses, or that it does to more than was named. Tests ask for
 * whole pages only.
 */
static void only_whole_pages_were_asked_for(void **state)
{
	(void)state;
	printf("# %lu madvise, %lu mremap, %lu of them with parts of pages\n",
	       kernel()->madvises, kernel()->mremaps, kernel()->uneven);
	assert_int_equal(kernel()->uneven, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_of_freed_memory),
		cmocka_unit_test(neighbours_of_what_is_moved),
		cmocka_unit_test(source_of_a_move_is_used_again),
		cmocka_unit_test(holes_are_moved_as_zeroes),
		cmocka_unit_test(purged_memory_is_zero_for_calloc),
		cmocka_unit_test(freed_memory_goes_back),
		cmocka_unit_test(memory_around_what_is_handed_over),
		cmocka_unit_test(only_whole_pages_were_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
