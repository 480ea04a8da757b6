/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pass PAIRS COUNT: one thread allocates, another frees. Blocks of 16 to 512
 * bytes go in batches of 256 through a queue of at most 64 batches. After the
 * pattern of C. Lever and D. Boreham, "malloc() Performance in a Multithreaded
 * Linux Environment", 2000.
 */
#include <pthread.h>

#include "bench.h"

#define BATCH		256
#define QUEUE		64
#define PAIRS_MAX	32

struct batch {
	void *blocks[BATCH];
};

struct channel {
	pthread_t from, to;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t batches, head, tail;
	struct batch *queue[QUEUE];
};

static struct channel channels[PAIRS_MAX];

static void channel_put(struct channel *channel, struct batch *batch)
{
	(void)pthread_mutex_lock(&channel->lock);
	while (channel->head - channel->tail == QUEUE)
		(void)pthread_cond_wait(&channel->changed, &channel->lock);
	channel->queue[channel->head++ % QUEUE] = batch;
	(void)pthread_cond_signal(&channel->changed);
	(void)pthread_mutex_unlock(&channel->lock);
}

static struct batch *channel_get(struct channel *channel)
{
	struct batch *batch;

	(void)pthread_mutex_lock(&channel->lock);
	while (channel->head == channel->tail)
		(void)pthread_cond_wait(&channel->changed, &channel->lock);
	batch = channel->queue[channel->tail++ % QUEUE];
	(void)pthread_cond_signal(&channel->changed);
	(void)pthread_mutex_unlock(&channel->lock);
	return batch;
}

static void *produce(void *argument)
{
	struct channel *channel = argument;
	uint64_t random = 1;

	for (size_t i = 0; i < channel->batches; i++) {
		struct batch *batch = touch(malloc(sizeof(*batch)));

		for (size_t j = 0; j < BATCH; j++) {
			size_t n = 16 + random_below(&random, 497);

			batch->blocks[j] = touch(malloc(n));
		}
		channel_put(channel, batch);
	}
	return NULL;
}

static void *consume(void *argument)
{
	struct channel *channel = argument;

	for (size_t i = 0; i < channel->batches; i++) {
		struct batch *batch = channel_get(channel);

		for (size_t j = 0; j < BATCH; j++)
			free(batch->blocks[j]);
		free(batch);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	size_t pairs = argument(argc, argv, 1, 1);
	size_t count = argument(argc, argv, 2, 5000000);
	size_t batches = count / pairs / BATCH;
	double started = now_ns();

	if (pairs < 1 || pairs > PAIRS_MAX)
		return 2;
	for (size_t i = 0; i < pairs; i++) {
		channels[i].batches = batches;
		(void)pthread_mutex_init(&channels[i].lock, NULL);
		(void)pthread_cond_init(&channels[i].changed, NULL);
		if (pthread_create(&channels[i].from, NULL, produce,
				   &channels[i]) ||
		    pthread_create(&channels[i].to, NULL, consume,
				   &channels[i]))
			return 2;
	}
	for (size_t i = 0; i < pairs; i++) {
		(void)pthread_join(channels[i].from, NULL);
		(void)pthread_join(channels[i].to, NULL);
	}
	return report(started, pairs * batches * (BATCH + 1));
}
