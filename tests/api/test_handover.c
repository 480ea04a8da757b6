/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that only allocate and threads that only free: the pages of a thread
 * that ended come empty in other hands, and must serve again or go back.
 */
#include "run_threads.h"

#define BLOCKS		2000
#define WARM_ROUNDS	50
#define ALLOWED		(4 * MIB)

struct load {
	void *block[BLOCKS];
};

static struct load loads[THREADS];

/* 100 sizes from 16 to 1600 bytes, 20 blocks of each. */
static size_t load_size(size_t i)
{
	return i % 100 * 16 + 16;
}

static void *make(void *arg)
{
	struct load *load = arg;

	for (size_t i = 0; i < BLOCKS; i++) {
		load->block[i] = mi_malloc(load_size(i));
		if (load->block[i] == NULL)
			abort();
		pattern_write(load->block[i], load_size(i), i);
	}
	return NULL;
}

static void *drop(void *arg)
{
	struct load *load = arg;

	for (size_t i = 0; i < BLOCKS; i++) {
		if (!pattern_holds(load->block[i], load_size(i), i))
			abort();
		mi_free(load->block[i]);
	}
	return NULL;
}

static void in_threads(void *(*body)(void *), size_t count)
{
	run_threads(body, loads, sizeof(loads[0]), count);
}

/* All is freed after each round, so memory has no reason to grow. */
static void rounds(size_t makers, bool main_frees, bool main_allocates)
{
	size_t before = 0, warm = WARM_ROUNDS / check_step(10);
	size_t count = warm + check_rounds(250);

	for (size_t round = 0; round < count; round++) {
		in_threads(make, makers);
		if (main_allocates)
			mi_free(mi_malloc(round % 1600));
		if (main_frees)
			for (size_t i = 0; i < makers; i++)
				drop(&loads[i]);
		else
			in_threads(drop, makers);
		if (round == warm)
			before = resident_bytes();
	}
	check(CHECK_SANITIZED || resident_bytes() < before + ALLOWED,
	      "%zu KiB more after %zu rounds",
	      (resident_bytes() - before) / KIB, count - warm);
}

static void one_thread_to_main(void **state)
{
	(void)state;
	rounds(1, true, false);
}

static void threads_to_main(void **state)
{
	(void)state;
	rounds(THREADS, true, false);
}

static void threads_to_main_that_allocates(void **state)
{
	(void)state;
	rounds(THREADS, true, true);
}

static void one_thread_to_another(void **state)
{
	(void)state;
	rounds(1, false, false);
}

static void threads_to_threads(void **state)
{
	(void)state;
	rounds(THREADS, false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_to_main),
		cmocka_unit_test(threads_to_main),
		cmocka_unit_test(threads_to_main_that_allocates),
		cmocka_unit_test(one_thread_to_another),
		cmocka_unit_test(threads_to_threads),
	};

	mi_free(mi_malloc(10));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
