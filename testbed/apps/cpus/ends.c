/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that allocate and end on their CPU. Another CPU releases them, and a
 * third frees their blocks, some before and some after that. Each second thread
 * does not end by itself: the other CPU ends it.
 */
#include <stdio.h>

#if __has_include(<uk/sched_impl.h>)
#include <uk/sched_impl.h>
#endif

#include "cpus.h"

#define BLOCKS		60
#define FEW		20
#define MANY		1000

/* What many threads may leave beyond what few have left */
#define GROWTH_BYTES	(64 * KIB)

static struct uk_alloc *heap;
static unsigned int rounds;

static struct mortal {
	void *blocks[BLOCKS];
	struct uk_thread *thread;
	unsigned int cpu;
	bool is_ended_by_other;
	volatile bool done;
} mortals[CPUS_MAX];

static void __noreturn mortal_main(void *argument)
{
	struct mortal *m = argument;

	for (unsigned int i = 0; i < BLOCKS; i++) {
		m->blocks[i] = uk_malloc(heap, crew_random(m->cpu) % 1500);
		CHECK(m->blocks[i]);
	}
	for (unsigned int i = 0; i < BLOCKS; i += 3) {
		uk_free(heap, m->blocks[i]);
		m->blocks[i] = NULL;
	}
	m->done = true;
	if (m->is_ended_by_other) {
		uk_thread_block(uk_thread_current());
		uk_sched_yield();
	}
	uk_sched_thread_exit();
}

static void mortal_live(struct mortal *m)
{
	m->done = false;
	m->thread = uk_sched_thread_create(crew_sched[m->cpu], mortal_main, m,
					   "mortal");
	CHECK(m->thread);
	while (!m->done)
		uk_sched_yield();
}

static void mortal_release(struct mortal *m)
{
	if (m->is_ended_by_other)
		uk_sched_thread_terminate(m->thread);
	else
		CHECK(uk_sched_thread_gc(crew_sched[m->cpu]) == 1);
}

static void blocks_free(struct mortal *m, unsigned int first)
{
	for (unsigned int i = first; i < BLOCKS; i += 2)
		uk_free(heap, m->blocks[i]);
}

static void ends_job(unsigned int cpu)
{
	struct mortal *own = &mortals[cpu];
	struct mortal *second = &mortals[(cpu + 1) % crew_count];
	struct mortal *third = &mortals[(cpu + 2) % crew_count];

	own->cpu = cpu;
	for (unsigned int i = 0; i < rounds; i++) {
		own->is_ended_by_other = i % 2;
		mortal_live(own);
		crew_meet();
		blocks_free(third, 0);
		crew_meet();
		mortal_release(second);
		crew_meet();
		blocks_free(third, 1);
		crew_meet();
	}
}

void part_ends(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a), after_few;

	heap = a;
	rounds = (FEW + crew_count - 1) / crew_count;
	crew_run(ends_job);
	after_few = settled_availmem(a);
	rounds = (MANY + crew_count - 1) / crew_count;
	crew_run(ends_job);
	printf("ends_%d_left_bytes %ld\n", FEW, (long)(before - after_few));
	check_left("ends_1000_more", a, after_few, GROWTH_BYTES);
}
