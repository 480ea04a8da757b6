/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts the instructions of single calls. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <testbed/testbed.h>

#include "bench.h"

#define REPEATS 64

uint64_t counter_cost;
uint64_t random_state;
static uint64_t malloc_cost, free_cost;	/* around a call and its return */

uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void counter_calibrate(void)
{
	counter_cost = UINT64_MAX;
	for (int i = 0; i < REPEATS; i++) {
		uint64_t begin = testbed_instructions();
		uint64_t cost = testbed_instructions() - begin;

		if (cost < counter_cost)
			counter_cost = cost;
	}
}

__noinline void *count_malloc(struct uk_alloc *a, size_t size, uint64_t *cost)
{
	uint64_t begin = testbed_instructions();
	void *block = uk_malloc(a, size);

	*cost = testbed_instructions() - begin - malloc_cost;
	return block;
}

__noinline void count_free(struct uk_alloc *a, void *block, uint64_t *cost)
{
	uint64_t begin = testbed_instructions();

	uk_free(a, block);
	*cost = testbed_instructions() - begin - free_cost;
}

/* A function of one instruction, its return */
void only_return(void);
__asm__(".text\nonly_return:\n\tret\n");

/* What is left of an empty call is 2: the call and the return. */
static void calls_calibrate(void)
{
	struct uk_alloc empty = {
		.malloc = (uk_alloc_malloc_func_t)(uintptr_t)only_return,
		.free = (uk_alloc_free_func_t)(uintptr_t)only_return,
	};
	uint64_t cost;

	count_malloc(&empty, 32, &cost);
	malloc_cost = cost - 2;
	count_free(&empty, NULL, &cost);
	free_cost = cost - 2;
}

void fail(const char *what)
{
	printf("FAILED: %s\n", what);
	exit(1);
}

void calibrate(void)
{
	counter_calibrate();
	calls_calibrate();
}

void print_mean(const char *figure, size_t size, const char *of, uint64_t sum,
		uint64_t count)
{
	uint64_t tenths = (sum * 10 + count - 1) / count;

	printf("%s", figure);
	if (size)
		printf("_%zu", size);
	printf("%s %" PRIu64 ".%" PRIu64 "\n", of, tenths / 10, tenths % 10);
}
