/* SPDX-License-Identifier: BSD-3-Clause */
/* All CPUs allocate until there is nothing left; what they had is freed. */
#include <errno.h>
#include <stdio.h>

#include "cpus.h"

static struct {
	struct uk_alloc *a;
	size_t bytes;
	struct {
		uintptr_t *list;
		unsigned long count;
	} of[CPUS_MAX];
} fill;

/* A block begins with the one before it, and ends with its complement */
static uintptr_t *last_word(uintptr_t *block)
{
	return block + fill.bytes / sizeof(*block) - 1;
}

static void fill_job(unsigned int cpu)
{
	uintptr_t *list = NULL, *block;
	unsigned long count = 0;

	crew_meet();
	for (;;) {
		errno = 0;
		block = uk_malloc(fill.a, fill.bytes);
		if (!block)
			break;
		*last_word(block) = ~(uintptr_t)list;
		*block = (uintptr_t)list;
		list = block;
		if (++count % 16 == 0)
			crew_turn();
	}
	CHECK(errno == ENOMEM);
	fill.of[cpu].list = list;
	fill.of[cpu].count = count;
}

/* What the next CPU has allocated */
static void drain_job(unsigned int cpu)
{
	unsigned int other = (cpu + 1) % crew_count;
	uintptr_t *block = fill.of[other].list, *next;
	unsigned long count = fill.of[other].count;

	crew_meet();
	for (; block; block = next, count--) {
		next = (uintptr_t *)*block;
		CHECK(*last_word(block) == ~(uintptr_t)next);
		uk_free(fill.a, block);
		if (count % 16 == 0)
			crew_turn();
	}
	CHECK(count == 0);
}

/* What was free has been blocks: about that, as pages in use have room, too */
static void check_filled(__ssz before)
{
	unsigned long count = 0;

	for (unsigned int i = 0; i < crew_count; i++)
		count += fill.of[i].count;
	printf("exhaust_%zu_blocks %lu\n", fill.bytes, count);
	CHECK(count * fill.bytes >= (size_t)before / 8 * 7);
	CHECK(count * fill.bytes <= (size_t)before / 8 * 9);
}

/*
 * What was freed can be had at once, whoever has allocated it; but not for one
 * large block, as pages in which a heap's owner has to look first may lie in
 * its way. When each CPU has looked there is a block of half of the memory.
 */
static void memory_comes_back(struct uk_alloc *a, __ssz before, size_t half)
{
	__ssz at_once = uk_alloc_availmem(a);
	void *block = uk_malloc(a, half);

	printf("exhaust_%zu_at_once_bytes %ld\nexhaust_%zu_half_at_once %d\n",
	       fill.bytes, (long)at_once, fill.bytes, block != NULL);
	CHECK(at_once >= before / 4 * 3);
	if (!block) {
		(void)settled_availmem(a);
		block = uk_malloc(a, half);
	}
	CHECK(block);
	uk_free(a, block);
}

void exhaust(struct uk_alloc *a, size_t bytes)
{
	__ssz before = settled_availmem(a);
	__ssz most = uk_alloc_maxalloc(a);

	fill.a = a;
	fill.bytes = bytes;
	crew_run(fill_job);
	check_filled(before);
	crew_run(drain_job);
	memory_comes_back(a, before, (size_t)most / 2);
}

void part_exhaust(struct uk_alloc *a)
{
	static const size_t sizes[] = { 64, 1000, 5000, 70000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		exhaust(a, sizes[i] & ~(sizeof(uintptr_t) - 1));
}
