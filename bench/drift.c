/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * drift COUNT: 16 MiB are live, and random blocks are replaced; the size of
 * the new ones grows from phase to phase, from 32 bytes to 64 KiB, and shrinks
 * back, COUNT times. In each phase 32 MiB are allocated.
 */
#include "bench.h"

#define LIVE		(16 * MIB)
#define SMALLEST	((size_t)32)
#define LARGEST		(64 * KIB)
#define SLOTS		(LIVE / SMALLEST + 2)

static struct slot {
	void *block;
	size_t size;
} slots[SLOTS];
static size_t used, live_bytes;

static uint64_t free_any(uint64_t *random)
{
	size_t at = random_below(random, used);
	uint64_t sum = drop(slots[at].block);

	live_bytes -= slots[at].size;
	slots[at] = slots[--used];
	return sum;
}

static uint64_t phase(size_t size, uint64_t *random)
{
	uint64_t sum = 0;

	for (size_t asked = 0; asked < 2 * LIVE;) {
		size_t n = size + random_below(random, size / 2);

		slots[used].block = touch(malloc(n), n);
		slots[used++].size = n;
		live_bytes += n;
		asked += n;
		while (live_bytes > LIVE)
			sum += free_any(random);
	}
	return sum;
}

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 1);
	uint64_t random = 1, sum = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t size = SMALLEST; size < LARGEST; size += size / 2)
			sum += phase(size, &random);
		for (size_t size = LARGEST; size > SMALLEST; size -= size / 3)
			sum += phase(size, &random);
	}
	while (used)
		sum += free_any(&random);
	return print_sum(sum);
}
