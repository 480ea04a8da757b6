/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the statistics count: against a model of all that is handed out, in
 * threads that wait, have ended or are gone with a fork.
 */
#include "statistics.h"

#include <pthread.h>

#define LARGE	(100 * KIB)	/* such a block is a run of its own */

/* Blocks of one class each: in the model by what they can hold */
static const size_t sizes[] = {
	1, 16, 100, 500, 1000, 1024, 1500, 4096, 5000, 20000, 32768, LARGE,
};
#define SIZES	ARRAY_LENGTH(sizes)

static struct statistics before, now;

/* How many blocks of each size are handed out beside those of `before` */
struct model {
	size_t live[SIZES];
};

static void check_model(const struct model *model)
{
	size_t i, live, sum = 0, bytes = 0;

	statistics_take(&now);
	statistics_peaks_hold(&now);
	for (i = 0; sizes[i] < LARGE; i++) {
		size_t room = mi_good_size(sizes[i]);

		if (i && room == mi_good_size(sizes[i - 1]))
			continue;	/* counted with the one before */
		live = model->live[i];
		if (i + 1 < SIZES && mi_good_size(sizes[i + 1]) == room)
			live += model->live[i + 1];
		check(statistics_class(&now, room, "live") ==
		      live + statistics_class(&before, room, "live"),
		      "%zu live of %zu bytes, expected %zu more than %zu",
		      statistics_class(&now, room, "live"), room, live,
		      statistics_class(&before, room, "live"));
		assert_int_equal(statistics_class(&now, room, "live_bytes"),
				 statistics_class(&now, room, "live") * room);
		sum += live;
		bytes += live * room;
	}
	assert_int_equal(statistics_of(&now, "blocks", "live"), sum +
			 statistics_of(&before, "blocks", "live"));
	assert_int_equal(statistics_of(&now, "blocks", "live_bytes"), bytes +
			 statistics_of(&before, "blocks", "live_bytes"));
	assert_int_equal(statistics_of(&now, "large", "live"),
			 model->live[SIZES - 1] +
			 statistics_of(&before, "large", "live"));
}

#define BLOCKS	200

/* A thread with blocks of all sizes, which it keeps while it waits, or ends */
struct holder {
	pthread_t thread;
	pthread_barrier_t *barrier;
	bool waits;
	void *blocks[SIZES][BLOCKS];
};

static void *hold(void *arg)
{
	struct holder *holder = arg;
	mi_heap_t *heap = mi_heap_new();
	size_t i, k;

	for (i = 0; i < SIZES; i++)
		for (k = 0; k < BLOCKS; k++)
			holder->blocks[i][k] = k % 3 ? mi_malloc(sizes[i]) :
				mi_heap_malloc(heap, sizes[i]);
	if (holder->waits) {
		pthread_barrier_wait(holder->barrier);
		pthread_barrier_wait(holder->barrier);
	}
	return NULL;
}

static void release(struct model *model, struct holder *holder, size_t step)
{
	size_t i, k;

	for (i = 0; i < SIZES; i++) {
		for (k = 0; k < BLOCKS; k += step) {
			if (!holder->blocks[i][k])
				continue;
			mi_free(holder->blocks[i][k]);
			holder->blocks[i][k] = NULL;
			model->live[i]--;
		}
	}
}

static void hold_all(struct holder *holders, pthread_barrier_t *barrier,
		     struct model *model)
{
	size_t i;

	memset(holders, 0, 2 * sizeof(*holders));
	memset(model, 0, sizeof(*model));
	pthread_barrier_init(barrier, NULL, 2);
	statistics_take(&before);
	for (i = 0; i < 2; i++) {
		holders[i].barrier = barrier;
		holders[i].waits = i == 0;
		assert_int_equal(pthread_create(&holders[i].thread, NULL, hold,
						&holders[i]), 0);
	}
	pthread_join(holders[1].thread, NULL);
	pthread_barrier_wait(barrier);
	for (i = 0; i < SIZES; i++)
		model->live[i] = 2 * BLOCKS;
}

static struct holder holders[2];

/*
 * One thread waits, one has ended. Their blocks come back by another thread:
 * some, so that memory is given back between others, and then all.
 */
static void blocks_of_others(void **state)
{
	static const size_t steps[] = { 7, 3, 2, 1 };
	pthread_barrier_t barrier;
	struct model model;
	size_t i;

	(void)state;
	hold_all(holders, &barrier, &model);
	check_model(&model);
	for (i = 0; i < ARRAY_LENGTH(steps); i++) {
		release(&model, &holders[0], steps[i]);
		check_model(&model);
		release(&model, &holders[1], steps[i]);
		check_model(&model);
		mi_collect(true);
		check_model(&model);
	}
	pthread_barrier_wait(&barrier);
	pthread_join(holders[0].thread, NULL);
	pthread_barrier_destroy(&barrier);
	check_model(&model);
}

/* In a child are the blocks of all threads, which are gone there. */
static int count_in_child(void *arg)
{
	const struct model *model = arg;

	check_model(model);
	release(arg, &holders[0], 2);
	release(arg, &holders[1], 2);
	check_model(model);
	return 0;
}

static void blocks_after_a_fork(void **state)
{
	pthread_barrier_t barrier;
	struct model model;

	(void)state;
	if (THREADS_WATCHED) {
		printf("# skipped: ThreadSanitizer knows no threads in the "
		       "child of a fork\n");
		skip();
	}
	hold_all(holders, &barrier, &model);
	assert_int_equal(check_child(count_in_child, &model), 0);
	release(&model, &holders[0], 1);
	release(&model, &holders[1], 1);
	pthread_barrier_wait(&barrier);
	pthread_join(holders[0].thread, NULL);
	pthread_barrier_destroy(&barrier);
	check_model(&model);
}

/* At random, and with all that malloc does between. */
static void random_operations(void **state)
{
	enum { SLOTS = 3000 };
	static struct { void *p; size_t size; } slots[SLOTS];
	struct check_random r = { check_seed("random_operations") };
	size_t rounds = check_rounds(400000), round, i, k;
	struct model model = { { 0 } };

	(void)state;
	mi_collect(true);
	statistics_take(&before);
	for (round = 0; round < rounds; round++) {
		i = check_below(&r, SLOTS);
		k = check_below(&r, SIZES);
		if (slots[i].p && round % 5 == 0 && sizes[k] == LARGE) {
			/* may have more room, and is then of another class */
			slots[i].p = mi_realloc(slots[i].p, LARGE);
			model.live[slots[i].size]--;
			model.live[slots[i].size = SIZES - 1]++;
		} else if (slots[i].p) {
			mi_free(slots[i].p);
			slots[i].p = NULL;
			model.live[slots[i].size]--;
		} else {
			slots[i].p = mi_malloc(sizes[k]);
			slots[i].size = k;
			model.live[k]++;
		}
		if (check_below(&r, 5000) == 0)
			mi_collect(round % 2);
		if (check_below(&r, 2000) == 0)
			check_model(&model);
	}
	for (i = 0; i < SLOTS; i++)
		mi_free(slots[i].p);
	memset(&model, 0, sizeof(model));
	check_model(&model);
	memset(slots, 0, sizeof(slots));
}

/* The most that was held is known later, and begins anew with a reset. */
static void peaks_stay(void **state)
{
	void *p;

	(void)state;
	mi_stats_reset();
	p = mi_malloc(90 * MIB);
	pattern_write(p, 90 * MIB, 1);
	mi_free(p);
	mi_collect(true);
	statistics_take(&now);
	statistics_peaks_hold(&now);
	assert_true(statistics_of(&now, "memory", "held_peak_bytes") >=
		    90 * MIB);
	assert_true(statistics_of(&now, "memory", "held_bytes") < 90 * MIB);
	assert_true(statistics_of(&now, "memory", "given_back_bytes") > 0);
	mi_stats_reset();
	statistics_take(&now);
	statistics_peaks_hold(&now);
	assert_true(statistics_of(&now, "memory", "held_peak_bytes") <
		    90 * MIB);
	assert_int_equal(statistics_of(&now, "memory", "given_back_bytes"), 0);
}

/* What is free and dirty is held beside what is in use, and in its peak. */
static void peak_of_what_is_held(void **state)
{
	static void *blocks[60];
	size_t i, top;
	void *p;

	(void)state;
	mi_stats_reset();
	for (i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_malloc(LARGE);
		pattern_write(blocks[i], LARGE, i);
	}
	for (i = 0; i < ARRAY_LENGTH(blocks); i += 2)
		mi_free(blocks[i]);
	p = mi_malloc(30 * MIB);
	statistics_take(&now);
	top = statistics_of(&now, "memory", "held_bytes");
	assert_true(top > statistics_of(&now, "memory", "used_peak_bytes"));
	mi_free(p);
	for (i = 1; i < ARRAY_LENGTH(blocks); i += 2)
		mi_free(blocks[i]);
	mi_collect(true);
	statistics_take(&now);
	assert_true(statistics_of(&now, "memory", "held_bytes") < top);
	assert_true(statistics_of(&now, "memory", "held_peak_bytes") >= top);
}

/* Blocks that stay apart: nothing fits between them, and pages hold air. */
static void fragmentation(void **state)
{
	enum { COUNT = 400 };
	static void *blocks[COUNT];
	size_t i, free, apart;

	(void)state;
	for (i = 0; i < COUNT; i++)
		blocks[i] = mi_malloc(LARGE);
	for (i = 0; i < COUNT; i += 2)
		mi_free(blocks[i]);
	mi_collect(true);
	statistics_take(&now);
	assert_true(statistics_of(&now, "memory", "free_runs") >=
		    COUNT / 2 - 1);
	free = statistics_of(&now, "memory", "free_bytes");
	apart = free - statistics_of(&now, "memory", "largest_free_bytes");
	assert_in_range(apart, (COUNT / 2 - 2) * LARGE, free);
	assert_int_equal(statistics_of(&now, "fragmentation",
				       "between_runs_per_mille"),
			 apart * 1000 / free);
	for (i = 1; i < COUNT; i += 2)
		mi_free(blocks[i]);
	for (i = 0; i < COUNT; i++)
		blocks[i] = mi_malloc(1000);
	for (i = 0; i < COUNT; i++)
		if (i % 16)
			mi_free(blocks[i]);
	statistics_take(&now);
	assert_in_range(statistics_of(&now, "fragmentation",
				      "in_pages_per_mille"), 800, 1000);
	for (i = 0; i < COUNT; i += 16)
		mi_free(blocks[i]);
}

/* It fits, with its end, or the answer is NULL and nothing else is written. */
static void buffers(void **state)
{
	size_t length, i, size;
	char *own;

	(void)state;
	for (size = 0; size <= 32 * KIB; size = mi_good_size(size) + 1)
		mi_free(mi_malloc(size));	/* a row for each size */
	memset(now.json, 'x', sizeof(now.json));
	assert_null(mi_stats_get_json(0, now.json));
	assert_int_equal(now.json[0], 'x');
	for (i = 1; i < 700; i += 3) {
		memset(now.json, 'x', sizeof(now.json));
		assert_null(mi_stats_get_json(i, now.json));
		assert_int_equal(now.json[0], 0);
		assert_int_equal(now.json[i], 'x');
	}
	own = mi_stats_get_json(1, NULL);
	assert_non_null(own);
	length = strlen(own);
	assert_in_range(length, 700, STATISTICS_BYTES);
	assert_int_equal(own[0], '{');
	assert_string_equal(own + length - 3, "]}\n");
	assert_true(mi_is_in_heap_region(own));
	mi_free(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffers),
		cmocka_unit_test(random_operations),
		cmocka_unit_test(blocks_of_others),
		cmocka_unit_test(blocks_after_a_fork),
		cmocka_unit_test(peaks_stay),
		cmocka_unit_test(peak_of_what_is_held),
		cmocka_unit_test(fragmentation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
