/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Executed instructions of the default allocator, counted call by call, and
 * what fits into a range of an exact size.
 *
 *   arguments: [operations, 1000000 when left out [seed, 1]]
 *   boot parameter spare=65536 adds the filling of exactly 64 MiB
 *
 * The cost of the counter itself is taken off, and what uk_malloc() and
 * uk_free() do before they call: both are known from calls that only return.
 * So what is left is the call through the table, what it leads to, and the
 * return. Loops are outside of what is counted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>
#include <uk/sched.h>

#define REPEATS 64
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

/* The middle of a sorted series: the steady state, not the first call. */
static int compare_costs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *costs, size_t count)
{
	qsort(costs, count, sizeof(*costs), compare_costs);
	return costs[count / 2];
}

static void bench_pair(struct uk_alloc *a, size_t size)
{
	uint64_t mallocs[REPEATS], frees[REPEATS], in, out;

	for (int i = 0; i < REPEATS; i++) {
		void *block = count_malloc(a, size, &mallocs[i]);

		if (!block)
			fail("a pair: no memory");
		count_free(a, block, &frees[i]);
	}
	in = median(mallocs, REPEATS);
	out = median(frees, REPEATS);
	printf("pair_%zu_malloc %" PRIu64 "\npair_%zu_free %" PRIu64
	       "\npair_%zu %" PRIu64 "\n", size, in, size, out, size,
	       in + out);
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

/* Instructions a pair: blocks of mixed sizes, freed in random order */
static uint64_t batch(struct uk_alloc *a)
{
	static void *blocks[BATCH];
	uint64_t sum = 0, cost;

	for (size_t i = 0; i < BATCH; i++) {
		blocks[i] = count_malloc(a, 16 + random_next() % 1009, &cost);
		if (!blocks[i])
			fail("the batch: no memory");
		sum += cost;
	}
	shuffle(blocks, BATCH);
	for (size_t i = 0; i < BATCH; i++) {
		count_free(a, blocks[i], &cost);
		sum += cost;
	}
	return sum / BATCH;
}

/* The first on memory never touched before; then as a program goes on */
static void bench_batch(struct uk_alloc *a)
{
	uint64_t costs[BATCHES];

	printf("batch_first_pair %" PRIu64 "\n", batch(a));
	for (size_t i = 0; i < BATCHES; i++)
		costs[i] = batch(a);
	printf("batch_pair %" PRIu64 "\n", median(costs, BATCHES));
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
	printf("random_operations %" PRIu64 "\nrandom_mean %" PRIu64
	       "\nrandom_refused %" PRIu64 "\n", operations, sum / operations,
	       refused);
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
	bench_batch(a);
	bench_realloc(a);
	bench_turns(a, 10);
	bench_turns(a, 400);
	bench_worst(a, operations);
	bench_spare();
	puts("SUCCESS");
	return 0;
}
