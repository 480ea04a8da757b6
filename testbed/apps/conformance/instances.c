/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Further instances, and memory added later. What is registered stays so: the
 * memory of these instances is never taken back.
 */
#include <testbed/testbed.h>

#include "check.h"

/* Blocks of one size until NULL, all given back; how many there were. */
static unsigned long fill_and_drain(struct uk_alloc *a, size_t size)
{
	unsigned long count = 0;
	void **list = NULL, **block;

	while ((block = uk_malloc(a, size))) {
		pattern_write(block, size, 9);
		*block = list;
		list = block;
		count++;
	}
	while (list) {
		block = list;
		list = *block;
		uk_free(a, block);
	}
	return count;
}

/* Starts at an odd place, and is not a whole number of pages. */
static struct uk_alloc *instance_make(struct uk_alloc *a, size_t bytes,
				      char **base)
{
	struct uk_alloc *instance;

	*base = uk_malloc(a, bytes + 64);
	CHECK(*base);
	*base += 8;
	instance = testbed_alloc_init(*base, bytes);
	return instance;
}

static void instances_are_apart(struct uk_alloc *a)
{
	__ssz default_before;
	struct uk_alloc *one, *other;
	char *one_base, *other_base;
	char *block;

	one = instance_make(a, MIB, &one_base);
	other = instance_make(a, MIB, &other_base);
	CHECK(one && other && one != other && one != a);
	CHECK(uk_alloc_get_default() == a);
	default_before = uk_alloc_availmem(a);
	block = uk_malloc(one, 1000);
	CHECK(block >= one_base && block < one_base + MIB);
	uk_free(one, block);
	block = uk_malloc(other, 1000);
	CHECK(block >= other_base && block < other_base + MIB);
	uk_free(other, block);
	CHECK(fill_and_drain(one, 5000) > 0);
	CHECK(fill_and_drain(other, 64) > 0);
	CHECK(uk_alloc_availmem(a) == default_before);
}

/* From a first range of 64 and of 16 KiB, then extended where it ends. */
static void starts_small(struct uk_alloc *a, size_t first_bytes)
{
	char *base = uk_palloc(a, 256);
	struct uk_alloc *instance;
	__ssz before;

	CHECK(base);
	instance = testbed_alloc_init(base, first_bytes);
	CHECK(instance);
	CHECK(uk_malloc(instance, 80));
	before = uk_alloc_availmem(instance);
	CHECK(!uk_alloc_addmem(instance, base + first_bytes,
			       MIB - first_bytes));
	CHECK(uk_alloc_availmem(instance)
	      >= before + (__ssz)(MIB - first_bytes) * 9 / 10);
	CHECK(fill_and_drain(instance, 2000) > 200);
}

static void takes_memory_from_afar(struct uk_alloc *a)
{
	struct uk_alloc *instance;
	char *first = uk_palloc(a, 16);
	char *hole = uk_palloc(a, 8);
	char *more = uk_palloc(a, 128);

	CHECK(first && hole && more);
	pattern_write(hole, 8 * PAGE, 77);
	instance = testbed_alloc_init(first, 16 * PAGE);
	CHECK(instance);
	CHECK(!uk_alloc_addmem(instance, more, 128 * PAGE));
	CHECK(uk_alloc_maxalloc(instance) > (__ssz)(32 * PAGE));
	CHECK(fill_and_drain(instance, 40000) > 0);
	CHECK(fill_and_drain(instance, 100) > 0);
	CHECK(pattern_holds(hole, 8 * PAGE, 77));
}

static void refuses_too_little(struct uk_alloc *a)
{
	char *base = uk_malloc(a, 64);

	CHECK(base);
	CHECK(!testbed_alloc_init(base, 0));
	CHECK(!testbed_alloc_init(base, 48));
	CHECK(uk_alloc_addmem(a, base, 0) <= 0);
	uk_free(a, base);
}

void suite_instances(struct uk_alloc *a)
{
	instances_are_apart(a);
	starts_small(a, 64 * KIB);
	starts_small(a, 16 * KIB);
	takes_memory_from_afar(a);
	refuses_too_little(a);
}
