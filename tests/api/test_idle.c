/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory given back without further calls: 200 MiB are allocated, written and
 * freed, and right after the last free, with no call more, the process may
 * have at most 10 MiB more than when it began. Where the system's pages are
 * larger than 4 KiB, some of them more: a page is resident as long as anything
 * on it is, and what is given back has edges.
 */
#include "check.h"

#include <pthread.h>

#define TOTAL		(200 * MIB)
#define BLOCKS_MAX	((size_t)2000000)
#define ALLOWED		(10 * MIB)
#define LARGE_PAGES	64

enum order { IN_ORDER, REVERSED, SHUFFLED, EVEN_THEN_ODD };

struct load {
	enum order order;
	size_t size_min;	/* both powers of 2, not the same */
	size_t size_max;
	size_t total;
	uint64_t seed;
	void **block;
	size_t count;
};

/* From the minimum to the maximum, the logarithm evenly spread. */
static size_t load_size(const struct load *load, struct check_random *r)
{
	size_t octaves = 0;
	size_t n;

	while (load->size_min << octaves < load->size_max)
		octaves++;
	n = load->size_min << check_below(r, octaves);
	return n + check_below(r, n);
}

static void load_fill(struct load *load)
{
	struct check_random r = { load->seed };
	size_t sum = 0;

	load->count = 0;
	while (sum < load->total && load->count < BLOCKS_MAX) {
		size_t n = load_size(load, &r);
		void *p = mi_malloc(n);

		if (p == NULL)
			abort();
		memset(launder(p), 0x5a, n);
		load->block[load->count++] = p;
		sum += n;
	}
}

static void load_free(struct load *load)
{
	struct check_random r = { load->seed + 1 };
	size_t n = load->count;

	for (size_t i = n; load->order == SHUFFLED && i > 1; i--) {
		size_t k = check_below(&r, i);
		void *other = load->block[k];

		load->block[k] = load->block[i - 1];
		load->block[i - 1] = other;
	}
	if (load->order == EVEN_THEN_ODD) {
		for (size_t i = 0; i < n; i += 2)
			mi_free(load->block[i]);
		for (size_t i = 1; i < n; i += 2)
			mi_free(load->block[i]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		mi_free(load->block[load->order == REVERSED ? n - 1 - i : i]);
}

static void *fill_in_thread(void *arg)
{
	load_fill(arg);
	return NULL;
}

static void *free_in_thread(void *arg)
{
	load_free(arg);
	return NULL;
}

static void *both_in_thread(void *arg)
{
	load_fill(arg);
	load_free(arg);
	return NULL;
}

static void in_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Room for the pointers, resident from the start. */
static void **pointers(void)
{
	static void **block;

	if (block == NULL) {
		block = system_memory(BLOCKS_MAX * sizeof(*block));
		memset(block, 1, BLOCKS_MAX * sizeof(*block));
	}
	return block;
}

static void check_back(size_t before, const struct load *load)
{
	size_t now = resident_bytes(), allowed = ALLOWED;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (page > 4096)
		allowed += LARGE_PAGES * page;
	check(CHECK_SANITIZED || now <= before + allowed,
	      "%zu KiB more than at the start, sizes %zu .. %zu, order %d",
	      (now - before) / KIB, load->size_min, load->size_max,
	      (int)load->order);
}

static struct load load_new(uint64_t seed, size_t min, size_t max)
{
	struct load load = { SHUFFLED, min, max, TOTAL, seed, pointers(), 0 };

	return load;
}

/* The load did come into being: else giving back would prove nothing. */
static void check_there(size_t before)
{
	assert_true(resident_bytes() >= before + TOTAL / 10 * 9);
}

static void every_order(void **state)
{
	uint64_t seed = *(uint64_t *)*state;

	for (int order = IN_ORDER; order <= EVEN_THEN_ODD; order++) {
		struct load load = load_new(seed, 16, MIB);
		size_t before = resident_bytes();

		load.order = (enum order)order;
		load_fill(&load);
		check_there(before);
		load_free(&load);
		check_back(before, &load);
	}
}

static void every_range_of_sizes(void **state)
{
	static const size_t bounds[] = {
		128, KIB, 8 * KIB, 64 * KIB, 512 * KIB, 8 * MIB,
	};
	uint64_t seed = *(uint64_t *)*state;

	for (size_t i = 0; i + 1 < ARRAY_LENGTH(bounds); i++) {
		struct load load = load_new(seed + i, bounds[i],
					    bounds[i + 1]);
		size_t before = resident_bytes();

		load_fill(&load);
		check_there(before);
		load_free(&load);
		check_back(before, &load);
	}
}

/*
 * Rounds with a different range each, not as many as have to be missed until
 * as much may stay: nothing adds up.
 */
static void round_after_round(void **state)
{
	uint64_t seed = *(uint64_t *)*state;
	size_t rounds = check_rounds(10), before;

	(void)pointers();	/* resident before anything is measured */
	before = resident_bytes();
	for (size_t i = 0; i < rounds; i++) {
		struct load load = load_new(seed + i, 64,
					    (size_t)128 << i * 10 / rounds);

		load.total = TOTAL / 4;
		load_fill(&load);
		load_free(&load);
		check_back(before, &load);
	}
}

static void a_thread_that_ends(void **state)
{
	struct load load = load_new(*(uint64_t *)*state, 16, MIB);
	size_t before;

	in_thread(both_in_thread, &(struct load){ .block = load.block });
	before = resident_bytes();
	in_thread(both_in_thread, &load);
	check_back(before, &load);
}

/* A thread fills and ends; main frees what it left. */
static void freed_by_main(void **state)
{
	struct load load = load_new(*(uint64_t *)*state, 16, MIB);
	size_t before;

	in_thread(fill_in_thread, &(struct load){ .block = load.block });
	before = resident_bytes();
	in_thread(fill_in_thread, &load);
	check_there(before);
	load_free(&load);
	check_back(before, &load);
}

/*
 * Main fills, a thread frees: main's pages are full of remote frees, which
 * nobody but main can take in. With one call of main's they go back.
 */
static void freed_by_a_thread(void **state)
{
	struct load load = load_new(*(uint64_t *)*state, 16, MIB);
	size_t before = resident_bytes();

	load_fill(&load);
	check_there(before);
	in_thread(free_in_thread, &load);
	mi_collect(false);
	check_back(before, &load);
}

static void a_heap_destroyed(void **state)
{
	struct load load = load_new(*(uint64_t *)*state, 16, MIB);
	size_t before = resident_bytes();
	mi_heap_t *heap = mi_heap_new();
	mi_heap_t *old = mi_heap_set_default(heap);

	load_fill(&load);
	check_there(before);
	mi_heap_set_default(old);
	mi_heap_destroy(heap);
	check_back(before, &load);
}

int main(void)
{
	uint64_t seed = check_seed("idle");
	const struct CMUnitTest tests[] = {
		/* first: what was missed before would count, too */
		cmocka_unit_test_prestate(round_after_round, &seed),
		cmocka_unit_test_prestate(every_order, &seed),
		cmocka_unit_test_prestate(every_range_of_sizes, &seed),
		cmocka_unit_test_prestate(a_thread_that_ends, &seed),
		cmocka_unit_test_prestate(freed_by_main, &seed),
		cmocka_unit_test_prestate(freed_by_a_thread, &seed),
		cmocka_unit_test_prestate(a_heap_destroyed, &seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
