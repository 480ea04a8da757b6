/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rptest THREADS COUNT: each thread holds 4000 blocks of 16 bytes to 16 KiB,
 * small ones more often, and goes over them again and again in scattered
 * order, freeing two thirds of a stretch and filling it anew. A tenth of its
 * blocks it sends to the next thread, which frees them.
 */
#include "bench.h"

#include <stdatomic.h>

#define HELD		4000
#define STRETCH		500
#define SCATTER		1009	/* a prime: every place comes, far apart */

struct sent {
	struct sent *next;
	unsigned char mark;
};

static _Atomic(struct sent *) mailbox[WORKERS_MAX];
static size_t threads;

static void send_block(struct sent *block, size_t to)
{
	struct sent *head;

	block->mark = *(unsigned char *)block;
	head = atomic_load(&mailbox[to]);
	do
		block->next = head;
	while (!atomic_compare_exchange_weak(&mailbox[to], &head, block));
}

static uint64_t mailbox_empty(size_t of)
{
	struct sent *block = atomic_exchange(&mailbox[of], NULL);
	uint64_t sum = 0;

	while (block) {
		struct sent *next = block->next;

		sum += block->mark;
		free(block);
		block = next;
	}
	return sum;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	uint64_t *random = &worker->random;
	void *held[HELD] = { NULL };
	size_t to = (worker->index + 1) % threads, at = 0;

	for (size_t i = 0; i < worker->count; i++) {
		size_t choice = random_below(random, 30);
		size_t size = 16 + random_size(random, 1, 16 * KIB);

		at = (at + SCATTER) % HELD;
		if (held[at] && choice < 3) {
			send_block(held[at], to);
			held[at] = NULL;
		} else if (held[at] && choice < 20) {
			worker->sum += drop(held[at]);
			held[at] = NULL;
		}
		if (!held[at])
			held[at] = touch(malloc(size), size);
		if (i % STRETCH == 0)
			worker->sum += mailbox_empty(worker->index);
	}
	for (at = 0; at < HELD; at++)
		worker->sum += drop(held[at]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 2);
	uint64_t sum;

	threads = argument(argc, argv, 1);
	sum = workers_run(threads, count, 1, work);
	for (size_t i = 0; i < threads; i++)
		sum += mailbox_empty(i);
	return print_sum(sum);
}
