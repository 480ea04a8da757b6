/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Executed instructions of the default allocator, counted call by call, and
 * what fits into a range of an exact size.
 *
 *   arguments: [operations, 1000000 when left out [seed, 1]]
 *   boot parameter spare=65536 adds the filling of exactly 64 MiB
 *
 * Figures are means over long runs, each beside the dearest of its calls.
 * The cost of the counter itself is taken off, and what uk_malloc() and
 * uk_free() do before they call: both are known from calls that only return.
 * So what is left is the call through the table, what it leads to, and the
 * return. Loops are outside of what is counted, but for pair_SIZE_loop.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>
#include <uk/sched.h>

#define REPEATS 64
#define PAIRS 20000
#define BATCH 4096
#define BATCHES 9
#define SLOTS 1024
#define TURNS 100
#define KIB 1024UL
#define MIB (1024 * KIB)

static uint64_t counter_cost;
static uint64_t malloc_cost, free_cost;	/* around a call and its return */
static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void counter_calibrate(void)
{
	counter_cost = UINT64_MAX;
	for (int i = 0; i < REPEATS; i++) {
		uint64_t begin = testbed_instructions();
		uint64_t cost = testbed_instructions() - begin;

		if (cost < counter_cost)
			counter_cost = cost;
	}
}

static __noinline void *count_malloc(struct uk_alloc *a, size_t size,
				     uint64_t *cost)
{
	uint64_t begin = testbed_instructions();
	void *block = uk_malloc(a, size);

	*cost = testbed_instructions() - begin - malloc_cost;
	return block;
}

static __noinline void count_free(struct uk_alloc *a, void *block,
				  uint64_t *cost)
{
	uint64_t begin = testbed_instructions();

	uk_free(a, block);
	*cost = testbed_instructions() - begin - free_cost;
}

/* A function of one instruction, its return */
void only_return(void);
__asm__(".text\nonly_return:\n\tret\n");

/* What is left of an empty call is 2: the call and the return. */
static void calls_calibrate(void)
{
	struct uk_alloc empty = {
		.malloc = (uk_alloc_malloc_func_t)(uintptr_t)only_return,
		.free = (uk_alloc_free_func_t)(uintptr_t)only_return,
	};
	uint64_t cost;

	count_malloc(&empty, 32, &cost);
	malloc_cost = cost - 2;
	count_free(&empty, NULL, &cost);
	free_cost = cost - 2;
}

static void fail(const char *what)
{
	printf("FAILED: %s\n", what);
	exit(1);
}

/*
 * Calls of one kind: their mean is what a program pays, and the dearest of
 * them what the most frequent count would hide.
 */
struct series {
	uint64_t sum, worst, calls;
};

static void series_add(struct series *series, uint64_t cost)
{
	series->sum += cost;
	series->calls++;
	if (cost > series->worst)
		series->worst = cost;
}

/* With one decimal, rounded up: what is a little above a limit is above it */
static void print_mean(const char *figure, size_t size, const char *of,
		       uint64_t sum, uint64_t count)
{
	uint64_t tenths = (sum * 10 + count - 1) / count;

	printf("%s", figure);
	if (size)
		printf("_%zu", size);
	printf("%s %" PRIu64 ".%" PRIu64 "\n", of, tenths / 10, tenths % 10);
}

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

static void bench_pair(struct uk_alloc *a, size_t size)
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

/* Sizes that are mixed evenly */
struct mix {
	const char *name;
	size_t least, most;
};

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
static void bench_batch(struct uk_alloc *a, const struct mix *mix)
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

static void bench_realloc(struct uk_alloc *a)
{
	uint64_t begin = testbed_instructions();
	size_t size = 16;
	void *block = uk_malloc(a, size);

	while (block && size < 4 * MIB) {
		size += size / 8;
		block = uk_realloc(a, block, size);
	}
	if (!block)
		fail("realloc: no memory");
	uk_free(a, block);
	printf("realloc_to_4mib %" PRIu64 "\n",
	       testbed_instructions() - begin);
}

struct turns {
	struct uk_alloc *a;
	unsigned int left, threads;	/* that run still */
};

/* In each turn a thread allocates and frees once */
static void __noreturn take_turns(void *arg)
{
	struct turns *turns = arg;

	while (turns->left > 0) {
		turns->left--;
		uk_free(turns->a, uk_malloc(turns->a, 32));
		uk_sched_yield();
	}
	turns->threads--;
	uk_sched_thread_exit();
}

/* Instructions a turn, the scheduler's included; the first turns are apart */
static void bench_turns(struct uk_alloc *a, unsigned int count)
{
	struct turns turns = { a, (TURNS + 2) * count, count };
	uint64_t begin = 0;
	for (unsigned int i = 0; i < count; i++)
		if (!uk_sched_thread_create(uk_sched_current(), take_turns,
					    &turns, "turns"))
			fail("turns: no thread");
	while (turns.threads > 0) {
		if (!begin && turns.left <= TURNS * count)
			begin = testbed_instructions() | 1;
		uk_sched_yield();
	}
	printf("turn_of_%u_threads %" PRIu64 "\n", count,
	       (testbed_instructions() - begin) / (TURNS * count));
}

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

static void bench_worst(struct uk_alloc *a, uint64_t operations)
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

static void bench_fill(struct uk_alloc *a, size_t size)
{
	__ssz before = uk_alloc_availmem(a);
	uint64_t count = 0, begin = testbed_instructions();
	void **list = NULL, **block;

	while ((block = uk_malloc(a, size))) {
		*block = list;
		list = block;
		count++;
	}
	while (list) {
		block = list;
		list = *block;
		uk_free(a, block);
	}
	begin = testbed_instructions() - begin;
	printf("fill_%zu %" PRIu64 "\nfill_%zu_instructions_each %" PRIu64
	       "\nfill_%zu_availmem_change %ld\nfill_%zu_maxalloc_permille "
	       "%ld\n", size, count, size, count ? begin / count : 0, size,
	       uk_alloc_availmem(a) - before, size, before > 0
	       ? uk_alloc_maxalloc(a) * 1000 / before : 0);
}

static void bench_spare(void)
{
	static const size_t sizes[] = { 24, 32, 100, 1000, 5000, 70000 };
	struct uk_alloc *a;
	size_t bytes;
	void *base = testbed_spare(&bytes);
	uint64_t begin;

	if (!base)
		return;
	begin = testbed_instructions();
	a = testbed_alloc_init(base, bytes);
	printf("spare_bytes %zu\nspare_init %" PRIu64 "\n", bytes,
	       testbed_instructions() - begin - counter_cost);
	if (!a)
		fail("the spare range: no allocator");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		bench_fill(a, sizes[i]);
}

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
	counter_calibrate();
	calls_calibrate();
	printf("heap_init %" PRIu64 "\n", testbed_init_instructions());
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		bench_pair(a, sizes[i]);
	for (size_t i = 0; i < sizeof(mixes) / sizeof(*mixes); i++)
		bench_batch(a, &mixes[i]);
	bench_realloc(a);
	bench_turns(a, 10);
	bench_turns(a, 400);
	bench_worst(a, operations);
	bench_spare();
	puts("SUCCESS");
	return 0;
}
