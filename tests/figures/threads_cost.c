/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * threads_cost LIVE SHORT: starts LIVE threads that allocate a block and wait,
 * then, one after the other, SHORT threads that allocate a block and end, then
 * lets all end. Prints the process's processor time for each start, for each
 * short thread, and for each end, in nanoseconds.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool end;

static void *live(void *unused)
{
	void *volatile block = malloc(24);

	*(char *)block = 1;
	(void)pthread_mutex_lock(&mutex);
	while (!end)
		(void)pthread_cond_wait(&ended, &mutex);
	(void)pthread_mutex_unlock(&mutex);
	free(block);
	return unused;
}

static void *live_shortly(void *unused)
{
	void *volatile block = malloc(24);

	*(char *)block = 1;
	free(block);
	return unused;
}

static long long cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : 0;
	long shorts = argc > 2 ? atol(argv[2]) : 0, i;
	long long at_start, all_live, shorts_over, all_over;
	pthread_attr_t attributes;
	pthread_t *threads, one;

	if (count < 1 || shorts < 1)
		return 2;
	threads = calloc((size_t)count, sizeof(*threads));
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 32768);
	at_start = cpu_ns();
	for (i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, live, NULL))
			return 4;
	all_live = cpu_ns();
	for (i = 0; i < shorts; i++)
		if (pthread_create(&one, &attributes, live_shortly, NULL) ||
		    pthread_join(one, NULL))
			return 4;
	shorts_over = cpu_ns();
	(void)pthread_mutex_lock(&mutex);
	end = true;
	(void)pthread_cond_broadcast(&ended);
	(void)pthread_mutex_unlock(&mutex);
	for (i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	all_over = cpu_ns();
	printf("%lld %lld %lld\n", (all_live - at_start) / count,
	       (shorts_over - all_live) / shorts,
	       (all_over - shorts_over) / count);
	return 0;
}
