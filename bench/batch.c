/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * batch SIZE LIVE COUNT [shuffled]: LIVE blocks are allocated, then all are
 * freed, in order or shuffled once and for all; COUNT pairs altogether.
 */
#include "bench.h"

static void shuffle(size_t *order, size_t live)
{
	uint64_t random = 1;

	for (size_t i = live; i > 1; i--) {
		size_t j = random_below(&random, i), t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

int main(int argc, char **argv)
{
	size_t size = argument(argc, argv, 1, 64);
	size_t live = argument(argc, argv, 2, 100);
	size_t count = argument(argc, argv, 3, 10000000);
	size_t rounds = count / live ? count / live : 1;
	void **block = touch(calloc(live, sizeof(*block)));
	size_t *order = touch(calloc(live, sizeof(*order)));
	double started;

	for (size_t i = 0; i < live; i++)
		order[i] = i;
	if (argc > 4)
		shuffle(order, live);
	started = now_ns();
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < live; i++)
			block[i] = touch(malloc(size));
		for (size_t i = 0; i < live; i++)
			free(block[order[i]]);
	}
	return report(started, rounds * live);
}
