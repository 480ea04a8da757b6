/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server THREADS COUNT: after P. Larson and M. Krishnan, "Memory Allocation
 * for Long-Running Server Applications", 1998. Each thread replaces random
 * blocks of 8 to 1000 bytes among its 1000, ends every 20000 times, and leaves
 * its blocks to the thread that follows it.
 */
#include <pthread.h>

#include "bench.h"

#define SLOTS		1000
#define SIZE_MIN	8
#define SIZE_MAX_	1000
#define LIFE		20000
#define THREADS_MAX	64

struct session {
	pthread_t thread;
	uint64_t random;
	size_t left;
	void *slots[SLOTS];
};

static struct session sessions[THREADS_MAX];

static size_t size_next(struct session *session)
{
	return SIZE_MIN + random_below(&session->random, SIZE_MAX_ - SIZE_MIN);
}

static void *serve(void *argument)
{
	struct session *session = argument;
	size_t n = session->left < LIFE ? session->left : LIFE;

	for (size_t i = 0; i < n; i++) {
		size_t slot = random_below(&session->random, SLOTS);

		free(session->slots[slot]);
		session->slots[slot] = touch(malloc(size_next(session)));
	}
	session->left -= n;
	return NULL;
}

/* One thread after the other, until the session's work is done */
static void *run(void *argument)
{
	struct session *session = argument;
	pthread_t thread;

	for (size_t i = 0; i < SLOTS; i++)
		session->slots[i] = touch(malloc(size_next(session)));
	while (session->left) {
		if (pthread_create(&thread, NULL, serve, session))
			_exit(2);
		(void)pthread_join(thread, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1, 2);
	size_t count = argument(argc, argv, 2, 10000000);
	double started = now_ns();

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	for (size_t i = 0; i < threads; i++) {
		sessions[i].random = i + 1;
		sessions[i].left = count / threads;
		if (pthread_create(&sessions[i].thread, NULL, run,
				   &sessions[i]))
			return 2;
	}
	for (size_t i = 0; i < threads; i++)
		(void)pthread_join(sessions[i].thread, NULL);
	return report(started, count / threads * threads);
}
