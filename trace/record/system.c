/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls of the recorder, without the C library's functions: these may
 * be the program's own, and some end a thread that was cancelled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

#define SIGNAL_BYTES	8	/* of the kernel's own set */

/* Blocks all signals, so that no handler comes while locks are held, and no
 * thread is cancelled then. */
void system_enter(struct system_state *state)
{
	uint64_t all = UINT64_MAX;

	state->error = errno;
	syscall(SYS_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, &state->signals,
		SIGNAL_BYTES);
}

void system_leave(const struct system_state *state)
{
	syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, &state->signals, NULL,
		SIGNAL_BYTES);
	errno = state->error;
}

bool lock_try(struct lock *lock)
{
	int state = 0;

	return __atomic_compare_exchange_n(&lock->state, &state, 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lock_take(struct lock *lock)
{
	if (lock_try(lock))
		return;
	/* Ends when this thread is the one that found it free */
	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, NULL);
}

void lock_give(struct lock *lock)
{
	if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
		syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
}

void *system_memory(size_t bytes)
{
	long address = syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);

	if (address == -1)
		return NULL;
	/* A kernel that cannot do that has the handler of fork */
	syscall(SYS_madvise, address, bytes, MADV_WIPEONFORK);
	return (void *)address;
}

int64_t system_seconds(void)
{
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

int system_process(void)
{
	return (int)syscall(SYS_getpid);
}

int system_thread(void)
{
	return (int)syscall(SYS_gettid);
}

bool system_has_thread(int id)
{
	return syscall(SYS_tgkill, system_process(), id, 0) == 0;
}
