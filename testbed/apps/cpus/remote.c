/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a free costs on another CPU than that which allocated, and what the
 * latter pays to get these blocks again. Waiting is not counted: while a batch
 * is freed, nobody else does anything. Nor is the loop, which is known from
 * functions that only return: what is left is the call, what it leads to, and
 * the return.
 */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>

#include "cpus.h"

#define BATCH		1000
#define BATCHES		60

struct series {
	uint64_t sum, worst, calls;
};

static struct uk_alloc *heap;
static void *blocks[BATCH];
static size_t most;			/* blocks of a batch */
static struct series mallocs, frees, single_frees;
static uint64_t malloc_loop, free_loop;

static size_t size_of(size_t i)
{
	static const size_t sizes[] = {
		16, 32, 48, 100, 256, 400, 640, 1024
	};

	return sizes[i % ARRAY_SIZE(sizes)];
}

static void malloc_batch(struct series *series)
{
	uint64_t begin = testbed_instructions();

	for (size_t i = 0; i < most; i++) {
		blocks[i] = uk_malloc(heap, size_of(i));
		CHECK(blocks[i]);
	}
	series->sum += testbed_instructions() - begin;
	series->calls += most;
}

static void free_batch(struct series *series)
{
	uint64_t begin = testbed_instructions();

	for (size_t i = 0; i < most; i++)
		uk_free(heap, blocks[i]);
	series->sum += testbed_instructions() - begin;
	series->calls += most;
}

/* Call by call, for the dearest, what counts it included */
static void free_one_by_one(struct series *series)
{
	for (size_t i = 0; i < most; i++) {
		uint64_t begin = testbed_instructions(), cost;

		uk_free(heap, blocks[i]);
		cost = testbed_instructions() - begin;
		if (cost > series->worst)
			series->worst = cost;
		series->calls++;
	}
}

/* CPU 0 allocates; CPU 1 frees, each third batch call by call */
static void remote_job(unsigned int cpu)
{
	for (unsigned int i = 0; i < BATCHES; i++) {
		crew_meet();
		if (cpu == 0)
			malloc_batch(&mallocs);
		crew_meet();
		if (cpu == 1)
			i % 3 == 2 ? free_one_by_one(&single_frees)
				   : free_batch(&frees);
	}
}

static void *only_malloc(struct uk_alloc *a __unused, __sz size __unused)
{
	return blocks;
}

static void only_return(struct uk_alloc *a __unused, void *block __unused)
{
}

/* All but the call and the return */
static void calibrate(struct uk_alloc *a)
{
	static struct uk_alloc empty = {
		.malloc = only_malloc, .free = only_return,
	};

	heap = &empty;
	most = BATCH;
	malloc_batch(&mallocs);
	free_batch(&frees);
	malloc_loop = mallocs.sum - 2 * mallocs.calls;
	free_loop = frees.sum - 2 * frees.calls;
	heap = a;
}

/* The loop's cost is that of a batch of BATCH */
static void print_series(const char *figure, size_t batch,
			 const struct series *series, uint64_t loop)
{
	char name[40];

	(void)snprintf(name, sizeof(name), "%s_batch_%zu", figure, batch);
	print_mean(name, series->sum - loop * series->calls / BATCH,
		   series->calls);
}

static void remote_of(size_t batch)
{

	most = batch;
	mallocs = frees = single_frees = (struct series){ 0 };
	crew_run(remote_job);
	print_series("remote_free", batch, &frees, free_loop);
	print_series("remote_malloc", batch, &mallocs, malloc_loop);
	printf("remote_worst_free_batch_%zu %" PRIu64 "\n", batch,
	       single_frees.worst);
}

/* The same where the CPU that has allocated frees */
static void local_of(size_t batch)
{
	most = batch;
	mallocs = frees = (struct series){ 0 };
	for (unsigned int i = 0; i < BATCHES; i++) {
		malloc_batch(&mallocs);
		free_batch(&frees);
	}
	print_series("local_free", batch, &frees, free_loop);
	print_series("local_malloc", batch, &mallocs, malloc_loop);
}

void part_remote(struct uk_alloc *a)
{
	calibrate(a);
	local_of(BATCH);
	if (crew_count == 1) {
		printf("skipped, one CPU: remote\n");
		return;
	}
	remote_of(BATCH / 10);
	remote_of(BATCH);
}
