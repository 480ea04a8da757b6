/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pairs of malloc and free: what the CPUs execute in all, from a common start
 * to the last one's end, and what one CPU executes for as many.
 */
#include <testbed/testbed.h>
#include <stdio.h>

#include "cpus.h"

#define BATCH		100
#define PAIRS		40000UL		/* of each CPU */
#define ALONE		(4 * PAIRS)	/* where there is one */
#define WARM		(PAIRS / 10)

static struct uk_alloc *heap;
static uint64_t ends[CPUS_MAX];
static uint64_t begin;

static inline size_t size_of(unsigned int i)
{
	static const size_t sizes[] = {
		16, 32, 48, 100, 256, 400, 640, 1024
	};

	return sizes[i % ARRAY_SIZE(sizes)];
}

/* Half of them a block that comes and goes, half of them blocks in batches */
static void pairs(struct uk_alloc *a, unsigned long count)
{
	void *blocks[BATCH];
	unsigned int i;

	for (; count; count -= 2 * BATCH) {
		for (i = 0; i < BATCH; i++) {
			void *block = uk_malloc(a, size_of(i));

			CHECK(block);
			uk_free(a, block);
		}
		for (i = 0; i < BATCH; i++) {
			blocks[i] = uk_malloc(a, size_of(i));
			CHECK(blocks[i]);
		}
		for (i = 0; i < BATCH; i++)
			uk_free(a, blocks[i]);
		crew_turn();
	}
}

void pairs_alone(struct uk_alloc *a)
{
	uint64_t start;

	pairs(a, WARM);
	start = testbed_instructions();
	pairs(a, ALONE);
	print_mean("pairs_of_1_cpu", testbed_instructions() - start, ALONE);
}

/* Each warms up; the common start is when the last one has done so */
static void pairs_job(unsigned int cpu)
{
	pairs(heap, WARM);
	crew_meet();
	if (cpu == 0)
		begin = testbed_instructions();
	pairs(heap, PAIRS);
	ends[cpu] = testbed_instructions();
}

void pairs_together(struct uk_alloc *a)
{
	uint64_t last = 0;
	char figure[32];

	heap = a;
	crew_end(pairs_job);
	for (unsigned int i = 0; i < crew_count; i++)
		if (ends[i] > last)
			last = ends[i];
	(void)snprintf(figure, sizeof(figure), "pairs_of_%u_cpus", crew_count);
	print_mean(figure, last - begin, crew_count * PAIRS);
}
