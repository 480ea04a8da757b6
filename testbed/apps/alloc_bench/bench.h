/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of alloc_bench share.
 *
 * The cost of the counter itself is taken off, and what uk_malloc() and
 * uk_free() do before they call: both are known from calls that only return.
 * So what is left is the call through the table, what it leads to, and the
 * return. Loops are outside of what is counted, but for pair_SIZE_loop.
 */
#ifndef ALLOC_BENCH_BENCH_H
#define ALLOC_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>

#define KIB 1024UL
#define MIB (1024 * KIB)

/* count.c */
extern uint64_t counter_cost;
void calibrate(void);
void *count_malloc(struct uk_alloc *a, size_t size, uint64_t *cost);
void count_free(struct uk_alloc *a, void *block, uint64_t *cost);

void fail(const char *what) __attribute__((noreturn));

extern uint64_t random_state;
uint64_t random_next(void);

/*
 * Calls of one kind: their mean is what a program pays, and the dearest of
 * them what the most frequent count would hide.
 */
struct series {
	uint64_t sum, worst, calls;
};

static inline void series_add(struct series *series, uint64_t cost)
{
	series->sum += cost;
	series->calls++;
	if (cost > series->worst)
		series->worst = cost;
}

/* With one decimal, rounded up: what is a little above a limit is above it */
void print_mean(const char *figure, size_t size, const char *of, uint64_t sum,
		uint64_t count);

/* Sizes that are mixed evenly */
struct mix {
	const char *name;
	size_t least, most;
};

void bench_pair(struct uk_alloc *a, size_t size);
void bench_batch(struct uk_alloc *a, const struct mix *mix);
void bench_grow_fresh(struct uk_alloc *a);
void bench_grow_used(struct uk_alloc *a);
void bench_turns(struct uk_alloc *a, unsigned int count);
void bench_worst(struct uk_alloc *a, uint64_t operations);
void bench_spare(void);

#endif /* ALLOC_BENCH_BENCH_H */
