/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program on the mi_* functions: what a call costs, memory filled until NULL
 * and given back with its heap, threads with heaps of their own.
 *
 *   arguments: [foreign | show | json]: frees a block of another allocator, has
 *   statistics printed at the halt, or prints them as JSON
 */
#include <inttypes.h>
#include <mimalloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>
#include <uk/mimalloc.h>
#include <uk/sched.h>

#define PAIRS 20000
#define THREADS 8

static char range[65536];
static uint64_t counter_cost;

static void fail(const char *what)
{
	printf("FAILED: %s\n", what);
	exit(1);
}

/* ours is weak, and this is the program's */
void *pvalloc(size_t size);

void *pvalloc(size_t size)
{
	return size ? range : NULL;
}

/* ---- instructions: those of the call, of what it leads to, of the return */

static __noinline void *counted_malloc(size_t size, uint64_t *cost)
{
	uint64_t begin = testbed_instructions();
	void *block = mi_malloc(size);

	*cost = testbed_instructions() - begin - counter_cost;
	return block;
}

static __noinline void counted_free(void *block, uint64_t *cost)
{
	uint64_t begin = testbed_instructions();

	mi_free(block);
	*cost = testbed_instructions() - begin - counter_cost;
}

/* A function of one instruction, its return */
void only_return(void *block);
__asm__(".text\nonly_return:\n\tret\n");

/* The counter itself, and the move of an argument: what is left of it is 2 */
static void calibrate(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 64; i++) {
		uint64_t begin = testbed_instructions(), cost;

		only_return(range);
		cost = testbed_instructions() - begin;
		least = cost < least ? cost : least;
	}
	counter_cost = least - 2;
}

static void print_mean(size_t size, const char *of, uint64_t sum)
{
	uint64_t tenths = (sum * 10 + PAIRS - 1) / PAIRS;

	printf("mi_pair_%zu_%s %" PRIu64 ".%" PRIu64 "\n", size, of,
	       tenths / 10, tenths % 10);
}

static void bench_pair(size_t size)
{
	uint64_t in = 0, out = 0, cost;

	for (int i = 0; i < PAIRS; i++) {
		void *block = counted_malloc(size, &cost);

		if (!block)
			fail("a pair: no memory");
		in += cost;
		counted_free(block, &cost);
		out += cost;
	}
	print_mean(size, "malloc", in);
	print_mean(size, "free", out);
}

/* ---- until NULL ---- */

/* All is touched; in mode vmem frames run out, and the system lives */
static void fill(size_t size)
{
	struct uk_alloc *a = uk_alloc_get_default();
	mi_heap_t *heap = mi_heap_new();
	unsigned long count = 0;
	__ssz before;
	char *block;

	if (!heap)
		fail("no heap");
	mi_collect(true);
	before = uk_alloc_availmem(a);
	while ((block = mi_heap_malloc(heap, size))) {
		memset(block, (int)count, size);
		count++;
	}
	if (count * size < (size_t)before / 10 * 8)
		fail("little fits");
	/* a larger block is a run of its own, and there is none left */
	if (mi_malloc((size_t)before / 2))
		fail("memory is not full");
	mi_heap_destroy(heap);
	mi_collect(true);
	heap = mi_heap_new();
	if (uk_alloc_availmem(a) < before)
		fail("a heap that is destroyed leaves something behind");
	mi_heap_delete(heap);
	printf("ok: %lu blocks of %zu bytes\n", count, size);
}

/* ---- threads ---- */

static unsigned int running, wrong;

static void __noreturn work(void *argument)
{
	mi_heap_t *heap = mi_heap_new();
	char *texts[100];

	mi_heap_set_default(heap);
	for (unsigned int i = 0; i < 100; i++) {
		texts[i] = mi_strdup(argument);
		if (!mi_heap_contains_block(heap, texts[i]))
			wrong++;
		uk_sched_yield();
	}
	for (unsigned int i = 0; i < 100; i += 2)
		mi_free(texts[i]);
	running--;
	uk_sched_thread_exit();
}

static void threads(void)
{
	running = THREADS;
	for (unsigned int i = 0; i < THREADS; i++)
		if (!uk_sched_thread_create(uk_sched_current(), work,
					    (void *)(uintptr_t)"a text",
					    "interface"))
			fail("no thread");
	while (running)
		uk_sched_yield();
	if (wrong)
		fail("a thread's default was another's");
	puts("ok: threads");
}

/* With a delay of 0 what is free has no frames, as far as there are any */
static void give_back(void)
{
	long before = mi_option_get(mi_option_purge_delay);
	size_t frames, bytes = 3 << 20;
	char *block;

	mi_collect(true);
	frames = testbed_free_frame_bytes();
	mi_option_set(mi_option_purge_delay, 0);
	block = mi_malloc(bytes);
	if (!block)
		fail("no memory to give back");
	memset(block, 1, bytes);
	mi_free(block);
	if (!strcmp(testbed_mode_name(), "vmem") &&
	    testbed_free_frame_bytes() + 65536 < frames)
		fail("frames are kept");
	mi_option_set(mi_option_purge_delay, before);
	puts("ok: options");
}

int main(int argc, char **argv)
{
	struct uk_alloc *other;
	void *kept;

	if (argc > 1 && !strcmp(argv[1], "foreign")) {
		other = testbed_alloc_init(range, sizeof(range));
		mi_free(uk_malloc(other, 100));
		puts("went on");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "json")) {
		kept = mi_malloc(5000);
		uk_mimalloc_show_json(NULL);
		mi_free(kept);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "show")) {
		mi_option_enable(mi_option_show_stats);
		return 0;
	}
	if (pvalloc(1) != range || !aligned_alloc(64, 64))
		fail("the names of a libc");
	calibrate();
	bench_pair(32);
	bench_pair(1024);
	bench_pair(65536);
	fill(100);
	fill(5000);
	fill(300000);
	threads();
	give_back();
	mi_stats_print(NULL);
	puts("SUCCESS");
	return 0;
}
