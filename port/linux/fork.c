/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Around a fork: the forking thread has the lock, so that what it guards is
 * whole in the child. Handlers are registered before any other library's, so
 * that theirs, which may allocate, or wait for threads that do, run before
 * prepare and after parent and child.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "fork.h"
#include "types.h"
#include "verbs.h"

#if MI_THREADS

/*
 * glibc's lock of the list of its FILEs. fork() takes it when all handlers
 * have run, and so after our lock; fflush(NULL) has it while it waits for a
 * FILE, and who has that FILE may allocate. So it is taken before our lock.
 * It may be taken twice by one thread.
 */
__attribute__((weak)) void _IO_list_lock(void);
__attribute__((weak)) void _IO_list_unlock(void);
__attribute__((weak)) void _IO_list_resetlock(void);
/* Without other threads fork() does not take it, nor make it anew */
__attribute__((weak)) extern char __libc_single_threaded;

static unsigned int stdio_locks;	/* guarded by the instance's lock */

static bool stdio_lock(void)
{
	if (!_IO_list_lock || !_IO_list_unlock || !_IO_list_resetlock ||
	    (&__libc_single_threaded && __libc_single_threaded))
		return false;
	_IO_list_lock();
	return true;
}

void fork_prepare(void)
{
	struct port_lock *lock = &default_instance.lock;
	bool locked;

	/* what a signal interrupted has it: no other lock may follow */
	if (lock_is_interrupted(lock))
		return;
	locked = stdio_lock();
	if (!__atomic_load_n(&initialised, __ATOMIC_ACQUIRE))
		lock_fork_prepare(&init_lock);
	lock_fork_prepare(lock);
	stdio_locks += locked;
}

void fork_parent(void)
{
	struct port_lock *lock = &default_instance.lock;
	bool locked = !lock_is_interrupted(lock) && stdio_locks;

	stdio_locks -= locked;
	lock_fork_parent(lock);
	lock_fork_parent(&init_lock);
	if (locked)
		_IO_list_unlock();
}

void fork_child(void)
{
	struct port_lock *lock = &default_instance.lock;
	bool locked = !lock_is_interrupted(lock) && stdio_locks;

	stdio_locks = 0;
	lock_fork_child(lock);
	lock_fork_child(&init_lock);
	if (locked)
		_IO_list_resetlock();
}

void fork_repair(struct port_lock *lock)
{
	if (lock == &default_instance.lock)
		heaps_fork_child(&default_instance);
}

void fork_register(void)
{
	static bool registered;

	/* may allocate, and so come back here */
	if (!__atomic_exchange_n(&registered, true, __ATOMIC_RELAXED))
		(void)pthread_atfork(fork_prepare, fork_parent, fork_child);
}

#ifdef PORT_TLS_LOCAL_EXEC	/* an executable's, which alone may have it */
/* Runs before the constructors of all libraries */
__attribute__((section(".preinit_array"), used))
static void (*const before_constructors)(void) = fork_register;
#endif

#else /* one thread, which interrupts nobody but itself */

void fork_register(void)
{
}

#endif /* MI_THREADS */
