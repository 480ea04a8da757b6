/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Executed instructions of the default allocator, counted call by call, and
 * what fits into a range of an exact size.
 *
 *   arguments: [operations, 1000000 when left out [seed, 1]]
 *   boot parameter spare=65536 adds the filling of exactly 64 MiB
 *
 * Figures are means over long runs, each beside the dearest of its calls.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <testbed/testbed.h>

#include "alloc_bench/bench.h"

int main(int argc, char **argv)
{
	static const size_t sizes[] = {
		8, 16, 32, 64, 128, 256, 1024, 4096, 64 * KIB, MIB
	};
	static const struct mix mixes[] = {
		{ "batch", 16, KIB }, { "batch_large", KIB, 8 * KIB },
	};
	struct uk_alloc *a = uk_alloc_get_default();
	uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;

	random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	if (!operations || !random_state)
		fail("arguments: operations and seed are 1 or more");
	printf("alloc %s, mode %s, seed %" PRIu64 "\n", testbed_alloc_name(),
	       testbed_mode_name(), random_state);
	calibrate();
	printf("heap_init %" PRIu64 "\n", testbed_init_instructions());
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		bench_pair(a, sizes[i]);
	for (size_t i = 0; i < sizeof(mixes) / sizeof(*mixes); i++)
		bench_batch(a, &mixes[i]);
	bench_grow_used(a);
	bench_turns(a, 10);
	bench_turns(a, 400);
	bench_worst(a, operations);
	bench_grow_fresh(a);
	bench_spare();
	puts("SUCCESS");
	return 0;
}
