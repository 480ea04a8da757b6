/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Owners that sleep and wake up, at random: they fill pages, free some blocks
 * and leave the others to threads that only free; blocks keep what they hold,
 * and at the end all memory has come back and nothing is counted for any page.
 *
 * LDFLAGS: -Wl,--wrap=thread_free_end_count
 */
#include "thread.h"

static size_t counted;

uintptr_t __real_thread_free_end_count(struct page *of, size_t own,
				       bool purge);
uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own,
				       bool purge);

uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own, bool purge)
{
	__atomic_fetch_add(&counted, own, __ATOMIC_RELAXED);
	sched_yield();		/* so that others come between */
	return __real_thread_free_end_count(of, own, purge);
}

#define BATCHES		4
#define PARCELS		400
#define FREERS		2

struct parcel {
	size_t size;
	unsigned char rest[];
};

/* What the owner leaves to the others: whoever raises `next` takes one */
static struct batch {
	struct parcel *parcel[PARCELS];
	size_t next;
	size_t left;
} batches[BATCHES];
static bool over;

static struct parcel *parcel_make(size_t size)
{
	struct parcel *parcel = mi_malloc(sizeof(*parcel) + size);

	must(parcel != NULL);
	parcel->size = size;
	pattern_write(parcel->rest, size, size);
	return parcel;
}

static void parcel_end(struct parcel *parcel)
{
	if (!parcel)
		return;
	must(pattern_holds(parcel->rest, parcel->size, parcel->size));
	mi_free(parcel);
}

static void *free_batches(void *unused)
{
	struct batch *batch = batches;
	size_t i;

	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		i = PARCELS;
		if (__atomic_load_n(&batch->next, __ATOMIC_RELAXED) < PARCELS)
			i = __atomic_fetch_add(&batch->next, 1,
					       __ATOMIC_ACQ_REL);
		if (i < PARCELS) {
			parcel_end(batch->parcel[i]);
			__atomic_fetch_sub(&batch->left, 1, __ATOMIC_ACQ_REL);
		} else {
			batch = batches + (batch - batches + 1) % BATCHES;
			sched_yield();
		}
	}
	return unused;
}

/* Of one class mostly, so that pages are full; some it frees itself */
static void batch_fill(struct batch *batch, struct check_random *random)
{
	size_t size = check_log_size(random, 8192), each, i;

	for (i = 0; i < PARCELS; i++)
		batch->parcel[i] = parcel_make(check_below(random, 16) ? size :
					       check_log_size(random, 1024));
	each = 2 + check_below(random, 30);
	for (i = 0; i < PARCELS; i += each) {
		parcel_end(batch->parcel[i]);
		batch->parcel[i] = NULL;
	}
}

/* The owner wakes up: it takes a few and gives them back */
static void awake(struct check_random *random)
{
	struct parcel *few[32];
	size_t size = check_log_size(random, 8192), i;

	for (i = 0; i < ARRAY_LENGTH(few); i++)
		few[i] = parcel_make(size);
	if (check_below(random, 50) == 0)
		mi_collect(check_below(random, 2));
	for (i = 0; i < ARRAY_LENGTH(few); i++)
		parcel_end(few[i]);
}

static bool is_done(const struct batch *batch)
{
	return __atomic_load_n(&batch->left, __ATOMIC_ACQUIRE) == 0;
}

static void batch_give(struct batch *batch)
{
	batch->left = PARCELS;
	__atomic_store_n(&batch->next, 0, __ATOMIC_RELEASE);
}

static void wait_for_all(void)
{
	for (size_t i = 0; i < BATCHES; i++)
		while (!is_done(&batches[i]))
			sched_yield();
	must(is_valid());
}

static void own_for_a_while(size_t rounds, struct check_random *random)
{
	struct batch *batch = batches;
	size_t round;

	for (round = 0; round < rounds; round++) {
		while (!is_done(batch)) {
			if (check_below(random, 4) == 0)
				awake(random);
			sched_yield();
		}
		batch_fill(batch, random);
		batch_give(batch);
		batch = batches + (batch - batches + 1) % BATCHES;
		if (check_below(random, 64) == 0)
			wait_for_all();
	}
}

static uint64_t seed;
static size_t rounds_of_owners;

static void own_and_end(void)
{
	struct check_random random = { seed++ };

	own_for_a_while(rounds_of_owners / 8 + 1, &random);
}

/* Owners one after the other, of which each ends while others free */
static int owners_sleep_and_wake(void *arg)
{
	struct check_random random = { seed++ };
	pthread_t threads[FREERS];
	size_t i;

	(void)arg;
	must(mi_malloc(1) != NULL);
	default_instance.config.budget_bytes = 256 * KIB;
	for (i = 0; i < BATCHES; i++)
		batches[i].next = PARCELS;
	for (i = 0; i < FREERS; i++)
		must(pthread_create(&threads[i], NULL, free_batches, NULL) ==
		     0);
	own_for_a_while(rounds_of_owners, &random);
	wait_for_all();
	for (i = 0; i < 8; i++)
		in_thread(own_and_end);
	wait_for_all();
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (i = 0; i < FREERS; i++)
		must(pthread_join(threads[i], NULL) == 0);
	must(counted > 0);
	mi_collect(true);
	must(is_valid());
	must(default_instance.abandoned_count == 0);
	must(default_instance.waiting_units == 0);
	must(default_instance.remote_purged_units == 0);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 1);
	return 0;
}

static int with_seed(void **state)
{
	(void)state;
	seed = check_seed("sleeping");
	rounds_of_owners = check_rounds(2000);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(owners_sleep_and_wake),
	};

	return cmocka_run_group_tests(tests, with_seed, NULL);
}
