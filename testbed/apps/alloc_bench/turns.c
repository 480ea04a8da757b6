/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that take turns. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>
#include <uk/sched.h>

#include "bench.h"

#define TURNS 100

struct turns {
	struct uk_alloc *a;
	unsigned int left, threads;	/* that run still */
};

/* In each turn a thread allocates and frees once */
static void __noreturn take_turns(void *arg)
{
	struct turns *turns = arg;

	while (turns->left > 0) {
		turns->left--;
		uk_free(turns->a, uk_malloc(turns->a, 32));
		uk_sched_yield();
	}
	turns->threads--;
	uk_sched_thread_exit();
}

/* Instructions a turn, the scheduler's included; the first turns are apart */
void bench_turns(struct uk_alloc *a, unsigned int count)
{
	struct turns turns = { a, (TURNS + 2) * count, count };
	uint64_t begin = 0;

	for (unsigned int i = 0; i < count; i++)
		if (!uk_sched_thread_create(uk_sched_current(), take_turns,
					    &turns, "turns"))
			fail("turns: no thread");
	while (turns.threads > 0) {
		if (!begin && turns.left <= TURNS * count)
			begin = testbed_instructions() | 1;
		uk_sched_yield();
	}
	printf("turn_of_%u_threads %" PRIu64 "\n", count,
	       (testbed_instructions() - begin) / (TURNS * count));
}
