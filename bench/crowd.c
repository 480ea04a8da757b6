/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crowd THREADS COUNT: all of the threads live at the same time, and each has
 * 20 blocks of 16 bytes to 2 KiB, which it replaces COUNT times altogether.
 */
#include "bench.h"

#define BLOCKS	20

static pthread_barrier_t all_there;

static void *work(void *argument)
{
	struct worker *worker = argument;
	void *blocks[BLOCKS] = { NULL };

	for (size_t i = 0; i < worker->count; i++) {
		size_t size = random_size(&worker->random, 16, 2 * KIB);

		if (i == BLOCKS)
			(void)pthread_barrier_wait(&all_there);
		worker->sum += drop(blocks[i % BLOCKS]);
		blocks[i % BLOCKS] = touch(malloc(size), size);
	}
	(void)pthread_barrier_wait(&all_there);
	for (size_t i = 0; i < BLOCKS; i++)
		worker->sum += drop(blocks[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);

	if (pthread_barrier_init(&all_there, NULL, (unsigned int)threads))
		die("no barrier");
	return print_sum(workers_run(threads, count, 1, work));
}
