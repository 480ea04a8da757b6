/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of cpus share.
 *
 * CPU 0 runs main() and says what all do: crew_run() has each CPU call a
 * function, at the same time, and returns when all of them have returned. At
 * first the others do that in the context in which they were started, which has
 * no thread local storage; after crew_schedule() on a thread of a scheduler of
 * their own. Only CPU 0 prints, so a check that fails elsewhere is told by it.
 */
#ifndef CPUS_CPUS_H
#define CPUS_CPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>
#include <uk/plat/lcpu.h>
#include <uk/sched.h>

#define KIB		((size_t)1024)
#define CPUS_MAX	16
#define CACHE_LINE	64

/* ---- crew.c ---- */

extern unsigned int crew_count;		/* CPUs */
extern struct uk_sched *crew_sched[CPUS_MAX];

/* What CPUs do together, each with its own number */
typedef void crew_job(unsigned int cpu);

void crew_start(void);
void crew_schedule(void);
void crew_run(crew_job *job);
/* The last of all: CPU 0 alone returns, the others halt after the job */
void crew_end(crew_job *job);

/* Within a job: returns when all CPUs have called it */
void crew_meet(void);

/* Within a loop that waits: another CPU may go on */
void crew_wait(void);

/*
 * In QEMU, where CPUs take turns, the turn ends here: so operations of several
 * CPUs mix, and in the same order each time.
 */
static inline void crew_turn(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("yield");
#endif
}

/* Of the CPU; each has its own, from the seed */
uint64_t crew_random(unsigned int cpu);
void crew_seed(uint64_t seed);

/* Says what failed and ends: here, or on CPU 0 */
void crew_failed(const char *file, int line, const char *text) __noreturn;

#define CHECK(condition)						\
	do {								\
		if (unlikely(!(condition)))				\
			crew_failed(__FILE__, __LINE__, #condition);	\
	} while (0)

/* ---- what several parts do ---- */

/* With one decimal, rounded up: what is a little above a limit is above it */
void print_mean(const char *figure, uint64_t sum, uint64_t count);

/* What is free when each CPU's heap has given back what is empty */
__ssz settled_availmem(struct uk_alloc *a);

/* That must be what it was before the part, but for so much */
void check_left(const char *part, struct uk_alloc *a, __ssz before,
		size_t bound);

/* ---- the parts; all but the first ask for crew_schedule() ---- */

void part_bare(struct uk_alloc *a);	/* exchange.c */
void part_exchange(struct uk_alloc *a);
void part_crowd(struct uk_alloc *a);
void part_second(struct uk_alloc *a);
void part_interrupts(struct uk_alloc *a);
void part_heaps(struct uk_alloc *a);
void part_exhaust(struct uk_alloc *a);
void part_ends(struct uk_alloc *a);
void part_remote(struct uk_alloc *a);
void pairs_alone(struct uk_alloc *a);	/* pairs.c: before CPUs start */
void pairs_together(struct uk_alloc *a);	/* and in the end */

/* Blocks of a size until NULL on all CPUs, freed by neighbours */
void exhaust(struct uk_alloc *a, size_t size);

/* Blocks of all kinds wander from CPU to CPU; see exchange.c */
void exchange(struct uk_alloc *a, unsigned int rounds, bool interrupts_off);
void exchange_drain(struct uk_alloc *a);

/* Small blocks that come and go in haste; see crowd.c */
void crowd(struct uk_alloc *a, unsigned int rounds);

#endif /* CPUS_CPUS_H */
