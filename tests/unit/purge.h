/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of purging share: an instance for each, and the port's side,
 * where what is given back is looked at and kept in mind. Who includes this is
 * linked with -Wl,--wrap=port_purge.
 */
#ifndef TESTS_UNIT_PURGE_H
#define TESTS_UNIT_PURGE_H

#include "unit.h"

#define ARENA_BYTES	(64 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

/* -------- the port's side -------- */

#define PURGES_MAX	4096

static struct {
	char *start;
	size_t bytes;
} purges[PURGES_MAX];

static size_t purge_count;
static bool purge_fails;
static void (*while_purging)(void);

bool __real_port_purge(void *start, size_t bytes);
bool __wrap_port_purge(void *start, size_t bytes);

bool __wrap_port_purge(void *start, size_t bytes)
{
	struct arena *arena = arena_of(&instance, start);
	struct run *run;

	/* others may work meanwhile, and what they are given is not this */
	must(instance.lock.word == 0);
	must(arena && arena_holds(arena, (char *)start + bytes - 1));
	must(((uintptr_t)start | bytes) % UNIT_SIZE == 0 && bytes > 0);
	for (run = arena->phys.first; run; run = run->phys.next)
		if (run_start(run) < (uintptr_t)start + bytes &&
		    run_end(run) > (uintptr_t)start)
			must(run->kind == RUN_PURGING);
	must(purge_count < PURGES_MAX);
	purges[purge_count].start = start;
	purges[purge_count++].bytes = bytes;
	if (while_purging)
		while_purging();
	return !purge_fails && __real_port_purge(start, bytes);
}

static inline size_t purged_bytes(void)
{
	size_t i, bytes = 0;

	for (i = 0; i < purge_count; i++)
		bytes += purges[i].bytes;
	return bytes;
}

static inline bool was_purged(const char *start, size_t bytes)
{
	size_t i;

	for (i = 0; i < purge_count; i++)
		if (purges[i].start <= start &&
		    start + bytes <= purges[i].start + purges[i].bytes)
			return true;
	return false;
}

static inline void *dirty_block(size_t bytes)
{
	char *p = heap_malloc(&heap, bytes);

	assert_non_null(p);
	memset(p, DIRT, bytes);
	return p;
}

static inline int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	instance.config.budget_bytes = MIB;
	instance.config.budget_share = 0;
	instance.config.learn_bytes = 0;
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
	purge_count = 0;
	purge_fails = false;
	while_purging = NULL;
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

/*
 * So many bytes, and no more than what makes each range whole pages of the
 * system.
 */
static inline void assert_purged(size_t bytes)
{
	size_t more = purge_count * 2 * (port_page_bytes() - UNIT_SIZE);

	assert_in_range(purged_bytes(), bytes, bytes + more);
}

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

#endif /* TESTS_UNIT_PURGE_H */
