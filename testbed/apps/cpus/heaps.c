/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps that CPU 0 makes for itself and destroys, after other CPUs have freed
 * all of their blocks, or all but a few: so much that pages are taken from the
 * heap while it sleeps. And one run of pages, of which each CPU gives back parts.
 */
#include <mimalloc.h>

#include "cpus.h"

/* Pages of 4, 8, 16, 32 and then 64 KiB, the last of them full, but not told so */
#define BLOCKS		(64 + 128 + 256 + 512 + 57 * 1024)
#define PARTS		64
#define ROUNDS		6

/* Not in an image whose allocator is another */
mi_heap_t *mi_heap_new(void) __attribute__((weak));

static void *blocks[BLOCKS];
static mi_heap_t *own;
static struct {
	struct uk_alloc *a;
	char *pages;
	unsigned int round;
} plan;

static void heap_fill(void)
{
	own = mi_heap_new();
	CHECK(own);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		blocks[i] = mi_heap_malloc(own, 64);
		CHECK(blocks[i]);
	}
}

/* One block in 64 stays, in half of the rounds */
static void heap_end(void)
{
	if (plan.round % 3 == 1)
		mi_heap_collect(own, true);
	if (plan.round % 3 == 2)
		for (unsigned int i = 0; i < 1000; i++)
			CHECK(mi_heap_malloc(own, 64 + i));
	mi_heap_destroy(own);
}

static void heaps_job(unsigned int cpu)
{
	bool some_stay = plan.round % 2;

	if (cpu == 0)
		heap_fill();
	crew_meet();
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (cpu == 1 + i % (crew_count - 1) &&
		    !(some_stay && i % 64 == 0))
			mi_free(blocks[i]);
	crew_meet();
	if (cpu == 0)
		heap_end();
}

static void pages_job(unsigned int cpu)
{
	crew_meet();
	for (unsigned int i = cpu; i < PARTS; i += crew_count) {
		uk_pfree(plan.a, plan.pages + i * 4 * KIB, 1);
		crew_turn();
	}
}

void part_heaps(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a);

	plan.a = a;
	for (plan.round = 0; plan.round < ROUNDS; plan.round++) {
		if (mi_heap_new && crew_count > 1)
			crew_run(heaps_job);
		plan.pages = uk_palloc(a, PARTS);
		CHECK(plan.pages);
		crew_run(pages_job);
	}
	check_left("heaps", a, before, 64 * KIB);
	/* what was given back twice would be more than there was */
	CHECK(settled_availmem(a) <= before);
}
