/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * larson THREADS COUNT: after P. Larson and M. Krishnan, "Memory Allocation
 * for Long-Running Server Applications", 1998. Each thread replaces random
 * blocks of 8 to 1000 bytes among its 1000, ends every 20000 times, and leaves
 * its blocks to the thread that follows it.
 */
#include "bench.h"

#define SLOTS		1000
#define SIZE_MIN	8
#define SIZE_LIMIT	1001
#define LIFE		20000

struct session {
	struct worker *worker;
	size_t left;
	void *slots[SLOTS];
};

static void *block_new(struct worker *worker)
{
	size_t size = SIZE_MIN
		+ random_below(&worker->random, SIZE_LIMIT - SIZE_MIN);

	return touch(malloc(size), size);
}

static void *serve(void *argument)
{
	struct session *session = argument;
	struct worker *worker = session->worker;
	size_t n = session->left < LIFE ? session->left : LIFE;

	for (size_t i = 0; i < n; i++) {
		size_t at = random_below(&worker->random, SLOTS);

		worker->sum += drop(session->slots[at]);
		session->slots[at] = block_new(worker);
	}
	session->left -= n;
	return NULL;
}

/* One thread after the other, until the session's work is done */
static void *work(void *argument)
{
	struct worker *worker = argument;
	struct session session = { .worker = worker, .left = worker->count };
	pthread_t thread;

	for (size_t i = 0; i < SLOTS; i++)
		session.slots[i] = block_new(worker);
	while (session.left) {
		if (pthread_create(&thread, NULL, serve, &session) ||
		    pthread_join(thread, NULL))
			die("no thread");
	}
	for (size_t i = 0; i < SLOTS; i++)
		worker->sum += drop(session.slots[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);

	return print_sum(workers_run(threads, count, 1, work));
}
