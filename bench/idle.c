/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idle MIN MAX ROUNDS alone|two|others: 540 MB of blocks of MIN to below MAX
 * bytes are written and freed in random order, ROUNDS times. Then nothing is
 * called for half a second, and what is resident then, above the beginning, is
 * printed. two: two threads do half of it each, and still live then. others:
 * the same, but each frees the blocks of the other.
 */
#include "bench.h"

#include <sys/mman.h>

#define TOTAL		((size_t)540 * 1000 * 1000)
#define IDLE_US		500000
#define THREADS_MAX	2

static size_t min, max, rounds, threads, before;
static bool swap;
static pthread_barrier_t together;

/* What a thread allocated; from the system, so that all of it goes back */
static struct load {
	void **blocks;
	size_t *order, count, bytes;
} loads[THREADS_MAX];

static void *from_system(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

static void load_fill(struct load *load, uint64_t *random)
{
	size_t size;

	load->bytes = TOTAL / threads / min * sizeof(*load->blocks);
	load->blocks = from_system(load->bytes);
	load->order = from_system(load->bytes);
	load->count = 0;
	for (size_t done = 0; done + max < TOTAL / threads; done += size) {
		size = random_size(random, min, max);
		load->order[load->count] = load->count;
		load->blocks[load->count++] = touch_pages(malloc(size), size);
	}
	shuffle(load->order, load->count);
}

static uint64_t load_free(struct load *load)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < load->count; i++)
		sum += drop(load->blocks[load->order[i]]);
	(void)munmap(load->blocks, load->bytes);
	(void)munmap(load->order, load->bytes);
	return sum;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	size_t of = swap ? 1 - worker->index : worker->index;

	for (size_t i = 0; i < rounds; i++) {
		load_fill(&loads[worker->index], &worker->random);
		(void)pthread_barrier_wait(&together);
		worker->sum += load_free(&loads[of]);
		(void)pthread_barrier_wait(&together);
	}
	if (worker->index == 0) {
		(void)usleep(IDLE_US);
		print_left(before, resident_kib());
	}
	(void)pthread_barrier_wait(&together);
	return NULL;
}

int main(int argc, char **argv)
{
	min = argument(argc, argv, 1);
	max = argument(argc, argv, 2);
	rounds = argument(argc, argv, 3);
	swap = has_word(argc, argv, "others");
	threads = swap || has_word(argc, argv, "two") ? 2 : 1;
	if (pthread_barrier_init(&together, NULL, (unsigned int)threads))
		die("no barrier");
	before = resident_kib();
	return print_sum(workers_run(threads, threads, 1, work));
}
