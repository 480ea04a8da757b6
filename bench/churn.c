/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * churn THREADS COUNT: COUNT threads come and go, THREADS at a time. Each
 * allocates 200 blocks of 16 to 512 bytes and frees the odd ones; the others
 * are freed when it has ended.
 */
#include "bench.h"

#define BLOCKS	200

static void *work(void *argument)
{
	struct worker *worker = argument;
	void **blocks = worker->given;

	for (size_t i = 0; i < BLOCKS; i++) {
		size_t size = random_size(&worker->random, 16, 512);

		blocks[i] = touch(malloc(size), size);
	}
	for (size_t i = 1; i < BLOCKS; i += 2)
		worker->sum += drop(blocks[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	static void *blocks[WORKERS_MAX][BLOCKS];
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);
	uint64_t sum = 0;

	for (size_t i = 0; i < threads && i < WORKERS_MAX; i++)
		workers[i].given = blocks[i];
	for (size_t round = 1; round <= count / threads; round++) {
		sum += workers_run(threads, threads, round, work);
		for (size_t i = 0; i < threads; i++)
			for (size_t j = 0; j < BLOCKS; j += 2)
				sum += drop(blocks[i][j]);
	}
	return print_sum(sum);
}
