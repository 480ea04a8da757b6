/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mstress THREADS COUNT: a server's days. In each of 12 phases threads
 * allocate blocks of all sizes, small ones most of all, keep some, free some,
 * and exchange some through slots that all threads share; not all threads have
 * as much to do. After each phase the threads end, and every third phase the
 * slots are emptied; what is in them until then outlives the threads.
 */
#include "bench.h"

#include <stdatomic.h>

#define PHASES	12
#define SLOTS	1000
#define KEPT	2000

static _Atomic(void *) slots[SLOTS];

/* 8 to 256 bytes; one in 32 up to 8 KiB, one in 1024 up to 256 KiB */
static size_t size_next(uint64_t *random)
{
	size_t kind = random_below(random, 1024);

	if (kind == 0)
		return 8 + random_below(random, 256 * KIB);
	if (kind < 32)
		return 8 + random_below(random, 8 * KIB);
	return 8 + random_below(random, 249);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	void *kept[KEPT] = { NULL };
	uint64_t *random = &worker->random;
	size_t count = worker->count * (2 + worker->index % 3) / 3;

	for (size_t i = 0; i < count; i++) {
		size_t at = random_below(random, KEPT);
		size_t size = size_next(random);
		void *block;

		worker->sum += drop(kept[at]);
		block = touch(malloc(size), size);
		if (random_below(random, 4) == 0)
			block = atomic_exchange(
				&slots[random_below(random, SLOTS)], block);
		kept[at] = block;
	}
	for (size_t at = 0; at < KEPT; at++)
		worker->sum += drop(kept[at]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);
	uint64_t sum = 0;

	for (size_t phase = 1; phase <= PHASES; phase++) {
		sum += workers_run(threads, count / PHASES, phase, work);
		for (size_t i = 0; phase % 3 == 0 && i < SLOTS; i++)
			sum += drop(atomic_exchange(&slots[i], NULL));
	}
	return print_sum(sum);
}
