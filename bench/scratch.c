/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scratch THREADS COUNT: after E. Berger and others, "Hoard: A Scalable Memory
 * Allocator for Multithreaded Applications", 2000 (cache-scratch). One thread
 * allocates an object of 8 bytes for each of THREADS, side by side. Each frees
 * it, and then allocates one, writes to it many times and frees it, again and
 * again: where an allocator gives the freed ones out again, threads write to
 * one line of the cache for ever.
 */
#include "bench.h"

#define SIZE	8
#define WRITES	1000

static void *work(void *argument)
{
	struct worker *worker = argument;

	worker->sum += drop(worker->given);
	for (size_t i = 0; i < worker->count; i++) {
		volatile unsigned char *object = touch(malloc(SIZE), SIZE);

		for (size_t j = 0; j < WRITES; j++)
			object[j % SIZE] ^= (unsigned char)j;
		worker->sum += object[SIZE - 1];
		free((void *)object);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);

	for (size_t i = 0; i < threads && i < WORKERS_MAX; i++)
		workers[i].given = touch(malloc(SIZE), SIZE);
	return print_sum(workers_run(threads, count, 1, work));
}
