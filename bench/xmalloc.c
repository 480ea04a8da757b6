/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xmalloc THREADS COUNT: half of the threads allocate, the others free, after
 * the pattern of C. Lever and D. Boreham, "malloc() Performance in a
 * Multithreaded Linux Environment", 2000. Blocks of 16 to 512 bytes go in
 * batches of 256 through one queue of at most 64 batches. One thread alone
 * fills the queue and empties it in turns.
 */
#include "bench.h"

#define BATCH	256
#define QUEUE	64

struct batch {
	void *blocks[BATCH];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static struct batch *queue[QUEUE];
static size_t head, tail;

static void queue_put(struct batch *batch)
{
	(void)pthread_mutex_lock(&lock);
	while (head - tail == QUEUE)
		(void)pthread_cond_wait(&not_full, &lock);
	queue[head++ % QUEUE] = batch;
	(void)pthread_cond_signal(&not_empty);
	(void)pthread_mutex_unlock(&lock);
}

static struct batch *queue_get(void)
{
	struct batch *batch;

	(void)pthread_mutex_lock(&lock);
	while (head == tail)
		(void)pthread_cond_wait(&not_empty, &lock);
	batch = queue[tail++ % QUEUE];
	(void)pthread_cond_signal(&not_full);
	(void)pthread_mutex_unlock(&lock);
	return batch;
}

static void produce(struct worker *worker)
{
	struct batch *batch = touch(malloc(sizeof(*batch)), sizeof(*batch));

	for (size_t i = 0; i < BATCH; i++) {
		size_t size = 16 + random_below(&worker->random, 497);

		batch->blocks[i] = touch(malloc(size), size);
	}
	queue_put(batch);
}

static void consume(struct worker *worker)
{
	struct batch *batch = queue_get();

	for (size_t i = 0; i < BATCH; i++)
		worker->sum += drop(batch->blocks[i]);
	free(batch);
}

static void *work_of_two(void *argument)
{
	struct worker *worker = argument;

	for (size_t i = 0; i < worker->count; i++)
		worker->index % 2 ? consume(worker) : produce(worker);
	return NULL;
}

static void *work_alone(void *argument)
{
	struct worker *worker = argument;

	for (size_t i = 0; i < worker->count; i++)
		i / QUEUE % 2 ? consume(worker) : produce(worker);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t batches = argument(argc, argv, 2) / BATCH;

	if (threads > 1 && threads % 2)
		die("the number of threads has to be 1 or even");
	/* Each batch is produced and consumed; whole queues of one thread */
	batches = batches * 2 / threads / (2 * QUEUE) * (2 * QUEUE) * threads;
	return print_sum(workers_run(threads, batches, 1,
				     threads > 1 ? work_of_two : work_alone));
}
