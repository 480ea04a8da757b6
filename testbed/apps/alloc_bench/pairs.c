/* SPDX-License-Identifier: BSD-3-Clause */
/* A block that comes and goes, and many that do. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>
#include <uk/config.h>

/* Images of Unikraft have assertions unless they are configured otherwise */
#undef CONFIG_LIBUKDEBUG_ENABLE_ASSERT
#define CONFIG_LIBUKDEBUG_ENABLE_ASSERT 1

#include "bench.h"

#define PAIRS 20000
#define BATCH 4096
#define BATCHES 9

/* As a program has it, and as it is measured in other images: loop included */
static void bench_loop(struct uk_alloc *a, size_t size)
{
	uint64_t begin = testbed_instructions();

	for (int i = 0; i < PAIRS; i++) {
		void *block = uk_malloc(a, size);

		if (!block)
			fail("a loop: no memory");
		uk_free(a, block);
	}
	print_mean("pair", size, "_loop", testbed_instructions() - begin,
		   PAIRS);
}

/* The same where the program asks for the default allocator in each call */
static void bench_asked(size_t size)
{
	uint64_t begin = testbed_instructions();

	for (int i = 0; i < PAIRS; i++) {
		void *block = uk_malloc(uk_alloc_get_default(), size);

		if (!block)
			fail("a loop: no memory");
		uk_free(uk_alloc_get_default(), block);
	}
	print_mean("pair", size, "_asked", testbed_instructions() - begin,
		   PAIRS);
}

void bench_pair(struct uk_alloc *a, size_t size)
{
	struct series in = { 0 }, out = { 0 };
	uint64_t cost;

	for (int i = 0; i < PAIRS; i++) {
		void *block = count_malloc(a, size, &cost);

		if (!block)
			fail("a pair: no memory");
		series_add(&in, cost);
		count_free(a, block, &cost);
		series_add(&out, cost);
	}
	print_mean("pair", size, "_malloc", in.sum, PAIRS);
	print_mean("pair", size, "_free", out.sum, PAIRS);
	print_mean("pair", size, "", in.sum + out.sum, PAIRS);
	printf("pair_%zu_worst_malloc %" PRIu64 "\npair_%zu_worst_free %"
	       PRIu64 "\n", size, in.worst, size, out.worst);
	bench_loop(a, size);
	bench_asked(size);
}

static void shuffle(void **blocks, size_t count)
{
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = random_next() % (i + 1);
		void *kept = blocks[i];

		blocks[i] = blocks[j];
		blocks[j] = kept;
	}
}

/* Blocks of mixed sizes, freed in random order */
static void batch(struct uk_alloc *a, const struct mix *mix,
		  struct series *in, struct series *out)
{
	static void *blocks[BATCH];
	size_t sizes = mix->most - mix->least + 1;
	uint64_t cost;

	for (size_t i = 0; i < BATCH; i++) {
		blocks[i] = count_malloc(a, mix->least + random_next() % sizes,
					 &cost);
		if (!blocks[i])
			fail("the batch: no memory");
		series_add(in, cost);
	}
	shuffle(blocks, BATCH);
	for (size_t i = 0; i < BATCH; i++) {
		count_free(a, blocks[i], &cost);
		series_add(out, cost);
	}
}

/* The first on memory never touched before; then as a program goes on */
void bench_batch(struct uk_alloc *a, const struct mix *mix)
{
	struct series in = { 0 }, out = { 0 };

	batch(a, mix, &in, &out);
	print_mean(mix->name, 0, "_first_pair", in.sum + out.sum, BATCH);
	in = out = (struct series){ 0 };
	for (size_t i = 0; i < BATCHES; i++)
		batch(a, mix, &in, &out);
	print_mean(mix->name, 0, "_pair", in.sum + out.sum, in.calls);
	printf("%s_worst_malloc %" PRIu64 "\n%s_worst_free %" PRIu64 "\n",
	       mix->name, in.worst, mix->name, out.worst);
}
