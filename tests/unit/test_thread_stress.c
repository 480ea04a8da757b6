/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that exchange blocks, end and are replaced; at quiet points every
 * heap is valid. Then children of fork, with the parent's threads gone.
 */
#include "thread.h"

#define THREADS		4
#define SLOTS		512
#define PHASES		6

/* A block and what it holds, so that whoever takes it can tell */
struct parcel {
	size_t size;
	uint64_t tag;
	unsigned char rest[];
};

static struct parcel *exchange[SLOTS];
static pthread_barrier_t quiet;
static uint64_t seed;
static size_t rounds;

static struct parcel *parcel_make(struct check_random *random)
{
	size_t size = check_below(random, 64) == 0 ?
		      check_below(random, 200000) :
		      check_log_size(random, 4096);
	struct parcel *parcel = mi_malloc(sizeof(*parcel) + size);

	must(parcel);
	parcel->size = size;
	parcel->tag = check_next(random);
	pattern_write(parcel->rest, size, parcel->tag);
	return parcel;
}

static void parcel_end(struct parcel *parcel)
{
	if (!parcel)
		return;
	must(pattern_holds(parcel->rest, parcel->size, parcel->tag));
	mi_free(parcel);
}

static void exchange_parcels(struct check_random *random)
{
	struct parcel *parcel;
	size_t i, slot;

	for (i = 0; i < rounds; i++) {
		slot = check_below(random, SLOTS);
		parcel = check_below(random, 3) ? parcel_make(random) : NULL;
		parcel = __atomic_exchange_n(&exchange[slot], parcel,
					     __ATOMIC_ACQ_REL);
		parcel_end(parcel);
		if (check_below(random, 4096) == 0)
			mi_collect(check_below(random, 2));
	}
}

static void *worker(void *number)
{
	struct check_random random = { seed + (uintptr_t)number };
	size_t phase;

	for (phase = 0; phase < PHASES; phase++) {
		exchange_parcels(&random);
		pthread_barrier_wait(&quiet);
		must(heap_is_valid(heap_current()));
		if (number == NULL)
			must(all_is_valid(&default_instance));
		pthread_barrier_wait(&quiet);
	}
	return NULL;
}

static void drop_everything(void)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		parcel_end(exchange[i]);
		exchange[i] = NULL;
	}
	must(heap_is_valid(heap_current()));
	mi_collect(true);
	must(heap_is_valid(heap_current()));
	must(all_is_valid(&default_instance));
	must(default_instance.abandoned_count == 0);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	must(runs_of_kind(&default_instance, RUN_LARGE) == 0);
}

static int generations_exchange(void *arg)
{
	pthread_t threads[THREADS];
	uintptr_t i, generation;

	(void)arg;
	must(pthread_barrier_init(&quiet, NULL, THREADS) == 0);
	for (generation = 0; generation < 5; generation++) {
		seed += 1000;
		for (i = 0; i < THREADS; i++)
			must(pthread_create(&threads[i], NULL, worker,
					    (void *)i) == 0);
		for (i = 0; i < THREADS; i++)
			must(pthread_join(threads[i], NULL) == 0);
		must(all_is_valid(&default_instance));
	}
	/* no more heaps than there ever were threads at a time */
	must(default_instance.heap_count_peak <= THREADS + 1);
	drop_everything();
	return 0;
}

/* Short lives: start, exchange a little, end, without a pause between */

static void *short_life(void *number)
{
	struct check_random random = { (uintptr_t)number };
	size_t i;

	for (i = 0; i < 50; i++) {
		struct parcel *parcel = parcel_make(&random);

		parcel = __atomic_exchange_n(
			&exchange[check_below(&random, SLOTS)], parcel,
			__ATOMIC_ACQ_REL);
		parcel_end(parcel);
	}
	return NULL;
}

static void *breeder(void *number)
{
	uintptr_t i;
	pthread_t thread;

	for (i = 0; i < rounds / 100; i++) {
		must(pthread_create(&thread, NULL, short_life,
				    (void *)((uintptr_t)number * 1000000 +
					     seed + i)) == 0);
		must(pthread_join(thread, NULL) == 0);
	}
	return NULL;
}

static int short_lives(void *arg)
{
	pthread_t threads[THREADS];
	uintptr_t i;

	(void)arg;
	for (i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, breeder,
				    (void *)i) == 0);
	for (i = 0; i < THREADS; i++)
		must(pthread_join(threads[i], NULL) == 0);
	drop_everything();
	return 0;
}

/*
 * The last block of a page comes back at the moment at which its owner ends,
 * from a thread with a heap and from one without: no empty page is left.
 */

static void *handed_over;
static size_t turn;		/* of the round: odd while it goes on */
static unsigned int end_delay;

static void wait_for_turn(size_t value)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) < value)
		sched_yield();
}

static void next_turn(void)
{
	__atomic_add_fetch(&turn, 1, __ATOMIC_ACQ_REL);
}

static void *last_free(void *keeps_heap)
{
	volatile unsigned int i;
	size_t round;

	for (round = 0; round < rounds; round++) {
		if (keeps_heap)
			mi_thread_init();
		wait_for_turn(2 * round + 1);
		for (i = 0; i < end_delay; i++)
			;
		mi_free(handed_over);
		if (!keeps_heap)
			mi_thread_done();
		next_turn();
	}
	return NULL;
}

static void owner_ends(void *keeps_heap)
{
	size_t round, left = 0;
	pthread_t thread;

	turn = 0;
	must(pthread_create(&thread, NULL, last_free, keeps_heap) == 0);
	for (round = 0; round < rounds; round++) {
		handed_over = mi_malloc(3000);
		end_delay = (unsigned int)(round % 300);
		next_turn();
		mi_thread_done();
		wait_for_turn(2 * round + 2);
		left += default_instance.abandoned_count;
	}
	must(pthread_join(thread, NULL) == 0);
	must(left == 0);
}

static int last_free_as_the_owner_ends(void *arg)
{
	(void)arg;
	owner_ends(NULL);
	owner_ends(&quiet);
	drop_everything();
	return 0;
}

/* -------- fork -------- */

static pthread_barrier_t made, let_go;

static void *holder(void *unused)
{
	(void)unused;
	make_full();
	pthread_barrier_wait(&made);
	pthread_barrier_wait(&let_go);
	return NULL;
}

/* In the child: the thread that held the page does not exist any more */
static int child_of_fork(void *arg)
{
	void *p[100];
	size_t i;

	(void)arg;
	must(all_is_valid(&default_instance));
	must(page->owner == 0);
	mi_thread_init();
	must(heap_current() != page->heap);
	for (i = 0; i < 5; i++)
		mi_free(blocks[i]);
	for (i = 0; i < ARRAY_LENGTH(p); i++) {
		p[i] = mi_malloc(block_size);
		must(p[i] && page_around_block(p[i]) != page);
		memset(p[i], 1, block_size);
	}
	for (i = 0; i < ARRAY_LENGTH(p); i++)
		mi_free(p[i]);
	must(is_valid());
	/* threads of the child are served, too; not under ThreadSanitizer */
	if (!MI_TSAN) {
		in_thread(make_full);
		must(is_abandoned(page));
	}
	mi_collect(true);
	must(is_valid());
	return 0;
}

static int fork_with_a_thread(void *arg)
{
	pthread_t thread;
	int status;

	(void)arg;
	pthread_barrier_init(&made, NULL, 2);
	pthread_barrier_init(&let_go, NULL, 2);
	must(pthread_create(&thread, NULL, holder, NULL) == 0);
	pthread_barrier_wait(&made);
	status = check_child(child_of_fork, NULL);
	pthread_barrier_wait(&let_go);
	must(pthread_join(thread, NULL) == 0);
	must(status == 0);
	return 0;
}

static int fork_from_a_thread_with_a_heap(void *arg)
{
	mi_free(mi_malloc(1));
	must(heap_current() != &empty_heap);
	return fork_with_a_thread(arg);
}

static int fork_from_a_thread_without_heap(void *arg)
{
	must(heap_current() == &empty_heap);
	return fork_with_a_thread(arg);
}

static int with_seed(void **state)
{
	(void)state;
	seed = check_seed("threads");
	rounds = check_rounds(8000);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(generations_exchange),
		TEST_IN_CHILD(short_lives),
		TEST_IN_CHILD(last_free_as_the_owner_ends),
		TEST_IN_CHILD(fork_from_a_thread_with_a_heap),
		TEST_IN_CHILD(fork_from_a_thread_without_heap),
	};

	return cmocka_run_group_tests(tests, with_seed, NULL);
}
