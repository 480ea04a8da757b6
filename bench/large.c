/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * large LIVE COUNT: random blocks of 5 to 25 MiB among LIVE are replaced, and
 * each 4 KiB of a new one is written to once.
 */
#include "bench.h"

#define LIVE_MAX	1000

static void *blocks[LIVE_MAX];

int main(int argc, char **argv)
{
	size_t live = argument(argc, argv, 1, 20);
	size_t count = argument(argc, argv, 2, 200);
	uint64_t random = 1;
	double started = now_ns();

	if (live < 1 || live > LIVE_MAX)
		return 2;
	for (size_t i = 0; i < count; i++) {
		size_t at = random_below(&random, live);
		size_t n = 5 * MIB + random_below(&random, 20 * MIB);
		char *block;

		free(blocks[at]);
		block = touch(malloc(n));
		for (size_t j = 0; j < n; j += 4 * KIB)
			block[j] = 1;
		blocks[at] = block;
	}
	return report(started, count);
}
