/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stress THREADS COUNT: phases of threads that allocate blocks of all sizes,
 * small ones most of all, keep some, free some, and exchange some through
 * slots that all threads share. After each phase the threads end, and every
 * third phase the slots are emptied.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "bench.h"

#define PHASES		12
#define SLOTS		1000
#define KEPT		2000
#define THREADS_MAX	64

struct worker {
	pthread_t thread;
	uint64_t random;
	size_t count;
};

static _Atomic(void *) slots[SLOTS];
static struct worker workers[THREADS_MAX];

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
	void *kept[KEPT] = { NULL }, *block;
	uint64_t *random = &worker->random;
	size_t at;

	for (size_t i = 0; i < worker->count; i++) {
		at = random_below(random, KEPT);
		free(kept[at]);
		block = touch(malloc(size_next(random)));
		if (random_below(random, 4) == 0)
			block = atomic_exchange(
				&slots[random_below(random, SLOTS)], block);
		kept[at] = block;
	}
	for (at = 0; at < KEPT; at++)
		free(kept[at]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1, 2);
	size_t count = argument(argc, argv, 2, 5000000);
	double started = now_ns();

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	for (size_t phase = 0; phase < PHASES; phase++) {
		for (size_t i = 0; i < threads; i++) {
			workers[i].random = phase * threads + i + 1;
			workers[i].count = count / PHASES / threads;
			if (pthread_create(&workers[i].thread, NULL, work,
					   &workers[i]))
				return 2;
		}
		for (size_t i = 0; i < threads; i++)
			(void)pthread_join(workers[i].thread, NULL);
		for (size_t i = 0; phase % 3 == 2 && i < SLOTS; i++)
			free(atomic_exchange(&slots[i], NULL));
	}
	return report(started, count);
}
