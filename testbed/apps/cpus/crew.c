/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPUs: how they start, wait, work together, and fail. */
#include <stdio.h>
#include <stdlib.h>

#if __has_include(<uk/schedcoop.h>)
#include <uk/schedcoop.h>
#endif

#include "cpus.h"

#define STACK_BYTES	(16 * KIB)

unsigned int crew_count;
struct uk_sched *crew_sched[CPUS_MAX];

/* What is to be done, and how many have done it; round says it is another */
static struct {
	crew_job *job;
	unsigned int round;
	unsigned int done;
	unsigned int arrived, meetings;
} crew __align(CACHE_LINE);

/* Of each CPU */
static struct {
	uint64_t random;
	unsigned int round;		/* the last in which it took part */
} own[CPUS_MAX];

/* The first check that failed */
static struct {
	const char *file, *text;
	int line;
	unsigned int cpu;
	unsigned int state;		/* 0, 1: being written, 2: written */
} failure;

static void __noreturn failure_told(void)
{
	printf("FAILED: %s:%d: %s, on CPU %u\n", failure.file, failure.line,
	       failure.text, failure.cpu);
	exit(1);
}

static void __noreturn cpu_halt(void)
{
#ifdef CONFIG_HAVE_SMP
	ukplat_lcpu_halt();
#else
	exit(1);			/* it is the only one */
#endif
}

void crew_failed(const char *file, int line, const char *text)
{
	unsigned int cpu = (unsigned int)ukplat_lcpu_idx(), none = 0;

	if (__atomic_compare_exchange_n(&failure.state, &none, 1, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		failure.file = file;
		failure.line = line;
		failure.text = text;
		failure.cpu = cpu;
		__atomic_store_n(&failure.state, 2, __ATOMIC_RELEASE);
	}
	while (cpu == 0)
		crew_wait();
	cpu_halt();
}

void crew_wait(void)
{
	crew_turn();
	if (ukplat_lcpu_idx() == 0 &&
	    __atomic_load_n(&failure.state, __ATOMIC_ACQUIRE) == 2)
		failure_told();
}

void crew_seed(uint64_t seed)
{
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		own[i].random = seed + i * 0x9e3779b97f4a7c15;
}

uint64_t crew_random(unsigned int cpu)
{
	uint64_t state = own[cpu].random;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	own[cpu].random = state;
	return state;
}

void crew_meet(void)
{
	unsigned int now = __atomic_load_n(&crew.meetings, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&crew.arrived, 1, __ATOMIC_ACQ_REL) ==
	    crew_count) {
		__atomic_store_n(&crew.arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&crew.meetings, now + 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&crew.meetings, __ATOMIC_ACQUIRE) == now)
		crew_wait();
}

/* Another CPU than 0 waits for a job, and does it */
static crew_job *serve(unsigned int cpu)
{
	crew_job *job;
	unsigned int round;

	do {
		crew_wait();
		round = __atomic_load_n(&crew.round, __ATOMIC_ACQUIRE);
	} while (round == own[cpu].round);
	own[cpu].round = round;
	job = crew.job;
	job(cpu);
	__atomic_add_fetch(&crew.done, 1, __ATOMIC_RELEASE);
	return job;
}

void crew_run(crew_job *job)
{
	crew.job = job;
	__atomic_store_n(&crew.done, 0, __ATOMIC_RELAXED);
	__atomic_add_fetch(&crew.round, 1, __ATOMIC_RELEASE);
	job(0);
	while (__atomic_load_n(&crew.done, __ATOMIC_ACQUIRE) < crew_count - 1)
		crew_wait();
}

static crew_job *last_job;

static void run_and_halt(unsigned int cpu)
{
	last_job(cpu);
	if (cpu == 0)
		return;
	__atomic_add_fetch(&crew.done, 1, __ATOMIC_RELEASE);
	cpu_halt();
}

void crew_end(crew_job *job)
{
	last_job = job;
	crew_run(run_and_halt);
}

/* A job that ends the service of a context: its scheduler has threads now */
static void leave_bare(unsigned int cpu __unused)
{
}

static void __noreturn scheduled_main(void *argument)
{
	unsigned int cpu = (unsigned int)(uintptr_t)argument;

	CHECK(ukplat_lcpu_idx() == cpu);
	for (;;)
		serve(cpu);
}

/* The context that was started is a thread from here on, and sleeps */
static void __noreturn schedule(unsigned int cpu)
{
	CHECK(uk_sched_start(crew_sched[cpu]) == 0);
	CHECK(uk_sched_thread_create(crew_sched[cpu], scheduled_main,
				     (uintptr_t)cpu, "crew"));
	for (;;) {
		uk_thread_block(uk_thread_current());
		uk_sched_yield();
	}
}

static void __maybe_unused __noreturn bare_main(void)
{
	unsigned int cpu = (unsigned int)ukplat_lcpu_idx();

	CHECK(cpu > 0 && cpu < crew_count);
	/* so that the boot parameter turn= can end its turns anywhere */
	ukplat_lcpu_enable_irq();
	while (serve(cpu) != leave_bare)
		;
	schedule(cpu);
}

void crew_schedule(void)
{
	struct uk_alloc *a = uk_alloc_get_default();

	crew_sched[0] = uk_sched_current();
	for (unsigned int i = 1; i < crew_count; i++) {
		crew_sched[i] = uk_schedcoop_create(a, a, a, a);
		CHECK(crew_sched[i]);
	}
	crew_run(leave_bare);
}

#ifdef CONFIG_HAVE_SMP

void crew_start(void)
{
	static char stacks[CPUS_MAX][STACK_BYTES] __align(16);
	static ukplat_lcpu_entry_t entries[CPUS_MAX];
	static void *tops[CPUS_MAX];

	crew_count = ukplat_lcpu_count();
	CHECK(crew_count <= CPUS_MAX);
	if (crew_count == 1)
		return;
	for (unsigned int i = 0; i < crew_count - 1; i++) {
		tops[i] = stacks[i] + STACK_BYTES;
		entries[i] = (ukplat_lcpu_entry_t)bare_main;
	}
	CHECK(ukplat_lcpu_start(NULL, NULL, tops, entries, 0) == 0);
}

#else

void crew_start(void)
{
	crew_count = 1;
}

#endif /* CONFIG_HAVE_SMP */
