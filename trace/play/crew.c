/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads that play: when each is started, and for whom it waits.
 *
 * A lane waits for others in three places, and each time until operations are
 * done that stand *before* its own next one in the script:
 *
 *	slot		the operations on the same slot before its own
 *	window		whatever is more than play.window operations behind it
 *	start		lanes whose last operation stands before its first one
 *
 * So they never wait for each other in a circle. Look at the operation that
 * stands first of all those that are not done yet. Its lane has done all its
 * own before. If that has been started, nothing holds it: what is before on its
 * slot is done, and nothing is behind it. If it has not, then the lanes that
 * have to end before are only such whose last operation stands before this one;
 * these are all done, and so they end; the same holds for lanes that are to be
 * started earlier, as they are started in the order of first operations. So
 * that operation gets done, and then the next.
 *
 * The last of the three keeps as many threads alive as there were in the
 * program, and has later ones find what earlier ones have left.
 */
#include "play.h"

#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* A stack of a lane; the part of it that is resident before the first step */
#define STACK_BYTES	((size_t)256 << 10)
#define STACK_RESIDENT	((size_t)32 << 10)

/* How often one who waits looks without and with giving up the processor, and
 * how long it sleeps then, at first and at most. */
#define SPINS		100
#define YIELDS		150
#define SLEEP_NS	20000L
#define SLEEP_MOST_NS	1000000L

static char *stacks;
static size_t stack_bytes;
static unsigned int *stacks_free, stacks_free_count;

/* By these the scan for who is furthest behind leaves out who has ended and who
 * is not there yet. Written by the one who starts lanes. Relaxed: by an old
 * value a lane is let go too far or too late, and soon looks again. */
static _Atomic unsigned int ended_first, started_count;

static inline void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Nobody is woken: that would cost each operation a fence */
static void rest(unsigned int tries)
{
	struct timespec time = { 0, SLEEP_NS };

	if (tries < SPINS) {
		relax();
	} else if (tries < YIELDS) {
		(void)sched_yield();
	} else {
		for (; tries > YIELDS && time.tv_nsec < SLEEP_MOST_NS; tries--)
			time.tv_nsec *= 2;
		if (time.tv_nsec > SLEEP_MOST_NS)
			time.tv_nsec = SLEEP_MOST_NS;
		(void)nanosleep(&time, NULL);
	}
}

void slot_wait(struct lane *lane, const struct slot *slot, uint32_t turn)
{
	lane->waits++;
	for (unsigned int tries = 0; atomic_load_explicit(&slot->turn,
				memory_order_acquire) != turn; tries++)
		rest(tries);
}

/* Up to where all operations are done, or further: nobody is behind it */
static uint64_t oldest(void)
{
	unsigned int from = atomic_load_explicit(&ended_first,
						 memory_order_relaxed);
	unsigned int to = atomic_load_explicit(&started_count,
					       memory_order_relaxed);
	uint64_t least = UINT64_MAX, at;

	/* With the first of those not started: the others come later */
	for (unsigned int i = from; i <= to && i < play.lane_count; i++) {
		at = atomic_load_explicit(&play.lanes[play.by_first[i]].at,
					  memory_order_relaxed);
		if (at < least)
			least = at;
	}
	return least;
}

void lane_catch_up(struct lane *lane, uint64_t index)
{
	atomic_store_explicit(&lane->at, index, memory_order_relaxed);
	if (index <= lane->limit)
		return;
	for (unsigned int tries = 0;; tries++) {
		/* At most `index`, as this lane is one of them */
		lane->limit = oldest() + play.window;
		if (index <= lane->limit)
			return;
		if (tries == 0)
			lane->waits++;
		rest(tries);
	}
}

static void *lane_main(void *lane)
{
	lane_play(lane);
	return NULL;
}

/* Gives a lane that stands for the stack a free one, and starts its thread */
static void lane_start(struct lane *lane)
{
	pthread_attr_t attributes;
	int error;

	lane->stack = stacks_free[--stacks_free_count];
	error = pthread_attr_init(&attributes);
	if (!error)
		error = pthread_attr_setstack(
			&attributes, stacks + lane->stack * stack_bytes,
			stack_bytes);
	if (!error)
		error = pthread_create(&lane->thread, &attributes, lane_main,
				       lane);
	if (error)
		die(STATUS_USE, "a thread cannot be started: %s",
		    strerror(error));
	(void)pthread_attr_destroy(&attributes);
}

/* Lane number 0 of them is the first thread of the process */
static void lane_end(unsigned int lane)
{
	struct lane *ended = &play.lanes[lane];

	if (lane != play.by_first[0]) {
		(void)pthread_join(ended->thread, NULL);
		stacks_free[stacks_free_count++] = ended->stack;
		return;
	}
	for (unsigned int tries = 0; atomic_load_explicit(&ended->at,
				memory_order_acquire) != UINT64_MAX; tries++)
		rest(tries);
}

static void ended_forward(void)
{
	unsigned int i = atomic_load_explicit(&ended_first,
					      memory_order_relaxed);

	while (i < play.lane_count &&
	       atomic_load_explicit(&play.lanes[play.by_first[i]].at,
				    memory_order_relaxed) == UINT64_MAX)
		i++;
	atomic_store_explicit(&ended_first, i, memory_order_relaxed);
}

static void *starter_main(void *unused)
{
	unsigned int ended = 0;

	(void)unused;
	for (unsigned int i = 1; i < play.lane_count; i++) {
		struct lane *lane = &play.lanes[play.by_first[i]];

		while (play.lanes[play.by_last[ended]].last < lane->first)
			lane_end(play.by_last[ended++]);
		ended_forward();
		atomic_store_explicit(&started_count, i + 1,
				      memory_order_relaxed);
		lane_start(lane);
	}
	while (ended < play.lane_count)
		lane_end(play.by_last[ended++]);
	return NULL;
}

/* One stack for each lane that may live at once, and one for the starter */
void crew_prepare(void)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t bytes;

	if (play.lane_count < 2)
		return;
	stack_bytes = STACK_BYTES;
	if (stack_bytes < (size_t)sysconf(_SC_THREAD_STACK_MIN) * 2)
		stack_bytes = (size_t)sysconf(_SC_THREAD_STACK_MIN) * 2;
	stack_bytes = (stack_bytes + (size_t)page - 1) & ~((size_t)page - 1);
	bytes = stack_bytes * (play.at_once + 1);
	stacks = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		die(STATUS_USE, "no memory for %u stacks", play.at_once + 1);
	stacks_free = map_bytes((play.at_once + 1) * sizeof(*stacks_free));
	for (unsigned int i = 0; i <= play.at_once; i++) {
		memset(stacks + (i + 1) * stack_bytes - STACK_RESIDENT, 0,
		       STACK_RESIDENT);
		stacks_free[stacks_free_count++] = i;
	}
}

void crew_play(void)
{
	static struct lane starter;
	pthread_attr_t attributes;

	started_count = 1;
	starter.stack = stacks_free[--stacks_free_count];
	if (pthread_attr_init(&attributes) ||
	    pthread_attr_setstack(&attributes,
				  stacks + starter.stack * stack_bytes,
				  stack_bytes) ||
	    pthread_create(&starter.thread, &attributes, starter_main, NULL))
		die(STATUS_USE, "no thread can be started");
	lane_play(&play.lanes[play.by_first[0]]);
	(void)pthread_join(starter.thread, NULL);
}
