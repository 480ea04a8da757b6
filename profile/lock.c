/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lock of all counts. No thread has it while handlers of a fork run: theirs
 * may wait for a thread that waits for it. So another thread may have it at the
 * moment of a fork, and does not exist in the child, where the tables are as it
 * left them; there they are dropped. Who has the lock, it says itself: a signal
 * handler that interrupted its holder may fork, too, and that child goes on
 * with it.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "profile.h"

#define OTHERS_WAIT	1U

/* The number of the thread that has it, times two; 0: none has */
static uint32_t lock;
static uint32_t threads;		/* that have a number */

/*
 * Is 1, and 0 in a child that was forked until the lock is mended there, but 1
 * in one of vfork(), which shares it. NULL: the kernel is older than that.
 */
static volatile uint32_t *same_process;

void lock_start(void)
{
	uint32_t *page;

	if (same_process)
		return;
	page = memory_map(sizeof(*page));
	if (!page)
		return;
	if (madvise(page, sizeof(*page), MADV_WIPEONFORK)) {
		memory_unmap(page, sizeof(*page));
		return;
	}
	*page = 1;
	same_process = page;
}

static long futex(int operation, uint32_t value)
{
	return syscall(SYS_futex, &lock, operation | FUTEX_PRIVATE_FLAG, value,
		       NULL);
}

static uint32_t own_number(void)
{
	if (!sampler.number)
		sampler.number = 2 * __atomic_add_fetch(&threads, 1,
							__ATOMIC_RELAXED);
	return sampler.number;
}

void lock_in_child(void)
{
	uint32_t holder = __atomic_load_n(&lock, __ATOMIC_RELAXED) &
			  ~OTHERS_WAIT;

	if (same_process && *same_process)
		return;		/* it was done when this thread wanted it */
	if (holder && holder != own_number()) {
		samples_drop();
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
	if (same_process)
		*same_process = 1;
}

/* Acquire, and release below: what it guards */
void lock_take(void)
{
	uint32_t mine = own_number(), seen = 0;

	while (!__atomic_compare_exchange_n(&lock, &seen, mine, false,
					    __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		/* a handler of the fork that runs before ours allocates */
		if (same_process && !*same_process)
			lock_in_child();
		else if (seen & OTHERS_WAIT ||
			 __atomic_compare_exchange_n(&lock, &seen,
						     seen | OTHERS_WAIT, false,
						     __ATOMIC_RELAXED,
						     __ATOMIC_RELAXED))
			futex(FUTEX_WAIT, seen | OTHERS_WAIT);
		/* whoever waited does not know whether it was the only one */
		mine |= OTHERS_WAIT;
		seen = 0;
	}
}

void lock_give(void)
{
	if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) & OTHERS_WAIT)
		futex(FUTEX_WAKE, 1);
}
