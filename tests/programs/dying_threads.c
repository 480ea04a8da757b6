/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many threads, all alive at once, whose last frees are the C library's: it
 * keeps the text of strerror() for each thread and frees it after the last
 * destructor. Prints what is resident before and after, in KiB. With the
 * argument "plain", strerror() is not called.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS	1000
#define BLOCKS	200

static pthread_barrier_t all_there;
static int with_strerror;

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		exit(2);
	(void)fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void *live(void *unused)
{
	void *volatile blocks[BLOCKS];

	(void)unused;
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(40);
	if (with_strerror && strlen(strerror(12345)) == 0)
		exit(3);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	(void)pthread_barrier_wait(&all_there);
	return NULL;
}

int main(int argc, char **argv)
{
	static pthread_t threads[THREADS];
	pthread_attr_t attributes;
	long before;

	(void)argv;
	with_strerror = argc < 2;
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 65536);
	(void)pthread_barrier_init(&all_there, NULL, THREADS + 1);
	before = resident_kib();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attributes, live, NULL))
			return 2;
	(void)pthread_barrier_wait(&all_there);
	for (int i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], NULL))
			return 2;
	printf("%ld %ld\n", before, resident_kib());
	return 0;
}
