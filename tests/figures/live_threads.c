/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * live_threads COUNT BYTES: threads that each allocate one block of BYTES (0:
 * none) and then wait. Prints the private dirty memory while all live, KiB.
 */
#include <pthread.h>

#include "memory.h"

#define THREADS_MAX	1000

static pthread_barrier_t all_there, never;
static size_t bytes;

static void *live(void *unused)
{
	(void)unused;
	if (bytes)
		*(char *)must(malloc(bytes)) = 1;
	(void)pthread_barrier_wait(&all_there);
	(void)pthread_barrier_wait(&never);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	pthread_t thread;
	long dirty;

	bytes = argc > 2 ? (size_t)atol(argv[2]) : 0;
	if (count > THREADS_MAX)
		return 2;
	*(char *)must(malloc(8)) = 1;
	if (pthread_barrier_init(&all_there, NULL, count + 1) ||
	    pthread_barrier_init(&never, NULL, count + 1))
		return 2;
	for (unsigned int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, live, NULL))
			return 2;
	(void)pthread_barrier_wait(&all_there);
	dirty = private_dirty_kib();
	printf("%ld\n", dirty);
	(void)fflush(stdout);
	_exit(0);
}
