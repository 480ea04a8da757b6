/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics that are taken while others change what is counted, or after the
 * program has written where it must not.
 */
#include "statistics.h"

#include <pthread.h>
#include <stdatomic.h>

static const size_t sizes[] = { 1, 100, 500, 1000, 5000, 20000, 100 * KIB };
#define SIZES	ARRAY_LENGTH(sizes)

static struct statistics before, now;

/* A link that the program has written over leads nowhere. */
static int links_lead_astray(void *arg)
{
	static const uintptr_t links[] = { 0, 1, 16, 12345, UINTPTR_MAX - 15 };
	void *kept[3];
	uintptr_t *block;
	size_t i, k;

	for (i = 0; i < ARRAY_LENGTH(links) + 2; i++) {
		for (k = 0; k < ARRAY_LENGTH(kept); k++)
			kept[k] = mi_malloc(200 + 16 * i);
		block = launder(kept[1]);
		mi_free(kept[1]);
		if (i < ARRAY_LENGTH(links))
			*block = links[i];
		else
			*block = (uintptr_t)block +
				 (i == ARRAY_LENGTH(links) ? 0 : 16);
		statistics_take(&now);
		/* of a ring all blocks may seem to be free */
		need(statistics_of(&now, "blocks", "live") >= 2 * i);
	}
	return arg != NULL;
}

static void broken_lists(void **state)
{
	(void)state;
	assert_int_equal(check_child(links_lead_astray, NULL), 0);
}

static atomic_bool stop;

static void *churn(void *arg)
{
	struct check_random r = { (uintptr_t)&r };
	uint64_t *blocks[64] = { NULL };
	size_t i;

	while (!atomic_load(&stop)) {
		i = check_below(&r, ARRAY_LENGTH(blocks));
		mi_free(blocks[i]);
		blocks[i] = mi_malloc(16 + sizes[check_below(&r, SIZES)]);
		/* links that lead to the page itself and elsewhere */
		blocks[i][0] = check_below(&r, 2) ? (uintptr_t)blocks[i / 2] :
			       check_next(&r);
		blocks[i][1] = check_next(&r);
	}
	for (i = 0; i < ARRAY_LENGTH(blocks); i++)
		mi_free(blocks[i]);
	return arg;
}

/* While others take and give back, and threads begin and end. */
static void while_threads_run(void **state)
{
	size_t rounds = check_rounds(4000), round, live;
	pthread_t threads[4];
	size_t i;

	(void)state;
	mi_free(mi_malloc(1));	/* there is a map when they begin */
	statistics_take(&before);
	atomic_store(&stop, false);
	for (i = 0; i < ARRAY_LENGTH(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL),
				 0);
	for (round = 0; round < rounds; round++) {
		statistics_take(&now);
		statistics_peaks_hold(&now);
		live = statistics_of(&now, "blocks", "live");
		/* those of pages that change at this moment are near it */
		assert_true(live <= statistics_of(&before, "blocks", "live") +
			    ARRAY_LENGTH(threads) * (64 + 128 * SIZES));
	}
	atomic_store(&stop, true);
	for (i = 0; i < ARRAY_LENGTH(threads); i++)
		pthread_join(threads[i], NULL);
	statistics_take(&now);
	assert_int_equal(statistics_of(&now, "blocks", "live"),
			 statistics_of(&before, "blocks", "live"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_lists),
		cmocka_unit_test(while_threads_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
