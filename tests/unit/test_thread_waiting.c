/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages whose blocks other threads have freed wait for their owners, or are
 * given back at once where too much waits; what owners came for is learned.
 */
#include "thread.h"

#define BLOCKS	((size_t)8192)

static void *taken[BLOCKS];
static size_t count;

static void free_all(void)
{
	for (size_t i = 0; i < count; i++)
		mi_free(taken[i]);
}

/* So much is allocated here and freed by another thread; this one sleeps */
static void round_of(size_t bytes)
{
	count = bytes / SIZE;
	must(count <= BLOCKS);
	for (size_t i = 0; i < count; i++)
		must((taken[i] = mi_malloc(SIZE)) != NULL);
	in_thread(free_all);
	must(all_is_valid(&default_instance));
}

static size_t waiting_bytes(void)
{
	return default_instance.waiting_units << UNIT_SHIFT;
}

static size_t purged_bytes(void)
{
	return default_instance.remote_purged_units << UNIT_SHIFT;
}

static void configure(size_t learn_bytes)
{
	must(mi_malloc(1) != NULL);
	default_instance.config.budget_bytes = MIB;
	default_instance.config.learn_bytes = learn_bytes;
}

static int what_owners_come_for_waits(void *arg)
{
	(void)arg;
	configure(16 * MIB);
	round_of(3 * MIB);
	must(waiting_bytes() <= MIB / 4);
	must(purged_bytes() >= 2 * MIB);
	round_of(3 * MIB);
	for (size_t i = 0; i < 20; i++) {
		round_of(3 * MIB);
		must(purged_bytes() == 0);
		must(waiting_bytes() >= 2 * MIB);
	}
	return 0;
}

static int deep_breath_of_others_leaves_little(void *arg)
{
	(void)arg;
	configure(4 * MIB);
	for (size_t i = 0; i < 20; i++) {
		round_of(8 * MIB);
		must(waiting_bytes() <= MIB / 4);
		must(purged_bytes() >= 7 * MIB);
	}
	/* once all came back, a breath that is not so deep is learned */
	for (size_t i = 0; i < 3; i++)
		round_of(MIB);
	must(purged_bytes() == 0);
	return 0;
}

static int nothing_is_learned_where_it_must_not(void *arg)
{
	(void)arg;
	configure(0);
	for (size_t i = 0; i < 10; i++) {
		round_of(3 * MIB);
		must(waiting_bytes() <= MIB / 4);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(what_owners_come_for_waits),
		TEST_IN_CHILD(deep_breath_of_others_leaves_little),
		TEST_IN_CHILD(nothing_is_learned_where_it_must_not),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
