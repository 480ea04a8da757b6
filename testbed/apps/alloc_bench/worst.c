/* SPDX-License-Identifier: BSD-3-Clause */
/* The dearest of many calls in random order. */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"

#define SLOTS 1024

struct worst {
	uint64_t cost;
	size_t size;
	uint64_t at;
};

static void worst_note(struct worst *worst, uint64_t cost, size_t size,
		       uint64_t at)
{
	if (cost > worst->cost)
		*worst = (struct worst){ cost, size, at };
}

void bench_worst(struct uk_alloc *a, uint64_t operations)
{
	static struct {
		void *block;
		size_t size;
	} slots[SLOTS];
	struct worst in = { 0 }, out = { 0 };
	uint64_t sum = 0, refused = 0, cost;

	for (uint64_t i = 0; i < operations; i++) {
		size_t slot = random_next() % SLOTS;

		if (slots[slot].block) {
			count_free(a, slots[slot].block, &cost);
			worst_note(&out, cost, slots[slot].size, i);
			slots[slot].block = NULL;
		} else {
			size_t size = 1 + random_next() % (64 * KIB);

			size >>= random_next() % 12;
			slots[slot].block = count_malloc(a, size, &cost);
			slots[slot].size = size;
			worst_note(&in, cost, size, i);
			refused += !slots[slot].block;
		}
		sum += cost;
	}
	for (size_t i = 0; i < SLOTS; i++)
		uk_free(a, slots[i].block);
	printf("random_operations %" PRIu64 "\nrandom_refused %" PRIu64 "\n",
	       operations, refused);
	print_mean("random", 0, "_mean", sum, operations);
	printf("worst_malloc %" PRIu64 "\nworst_free %" PRIu64 "\n", in.cost,
	       out.cost);
	printf("(worst malloc: %zu bytes, operation %" PRIu64
	       "; worst free: %zu bytes, operation %" PRIu64 ")\n", in.size,
	       in.at, out.size, out.at);
}
