/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock that sleeps (U. Drepper, "Futexes are tricky", 2004). A pthread
 * mutex would do, but not in the child of a fork whose other threads held it
 * for a moment; this one can be made anew by writing 0.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "port.h"

/* As in <linux/futex.h>, which not every C library comes with */
#define FUTEX_WAIT_PRIVATE	128
#define FUTEX_WAKE_PRIVATE	129

#if MI_THREADS

void port_lock(struct port_lock *lock)
{
	int state = 0, error;

	if (__atomic_compare_exchange_n(&lock->state, &state, 1, false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	error = errno;
	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &lock->state, FUTEX_WAIT_PRIVATE, 2, NULL,
			NULL, 0);
	errno = error;
}

void port_unlock(struct port_lock *lock)
{
	int error;

	if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2) {
		error = errno;
		syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1, NULL,
			NULL, 0);
		errno = error;
	}
}

#else /* one thread: nothing to lock */

void port_lock(struct port_lock *lock)
{
	(void)lock;
}

void port_unlock(struct port_lock *lock)
{
	(void)lock;
}

#endif /* MI_THREADS */
