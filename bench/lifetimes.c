/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lifetimes THREADS COUNT: of a program's blocks most die young, some live a
 * while and few live long. A new block takes the place of a random one among
 * 16 (nine of ten times), among 4096 or, once in a hundred times, among
 * 50,000 of its thread. Sizes are 16 to 256 bytes, one in ten up to 4 KiB, one
 * in a hundred up to 64 KiB.
 */
#include "bench.h"

#define YOUNG	16
#define GROWN	4096
#define OLD	50000
#define ALL	(YOUNG + GROWN + OLD)

static size_t size_next(uint64_t *random)
{
	size_t kind = random_below(random, 100);

	if (kind == 0)
		return random_size(random, 4 * KIB, 64 * KIB);
	if (kind <= 10)
		return random_size(random, 256, 4 * KIB);
	return random_size(random, 16, 256);
}

static size_t place_next(uint64_t *random)
{
	size_t kind = random_below(random, 100);

	if (kind == 0)
		return YOUNG + GROWN + random_below(random, OLD);
	if (kind < 10)
		return YOUNG + random_below(random, GROWN);
	return random_below(random, YOUNG);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	void **blocks = calloc(ALL, sizeof(*blocks));

	if (!blocks)
		die("no memory");
	for (size_t i = 0; i < worker->count; i++) {
		size_t at = place_next(&worker->random);
		size_t size = size_next(&worker->random);

		worker->sum += drop(blocks[at]);
		blocks[at] = touch(malloc(size), size);
	}
	for (size_t i = 0; i < ALL; i++)
		worker->sum += drop(blocks[i]);
	free(blocks);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t threads = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);

	return print_sum(workers_run(threads, count, 1, work));
}
