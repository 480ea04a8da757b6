/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Around a fork: the forking thread has the lock, so that what it guards is
 * whole in the child. Handlers are registered before any other library's, so
 * that theirs, which may allocate, or wait for threads that do, run before
 * prepare and after parent and child.
 */
#define _GNU_SOURCE
#include <pthread.h>
#ifndef __GLIBC__
#include <dlfcn.h>
#include <stdio.h>
#endif

#include "fork.h"
#include "ground/types.h"
#include "blocks/blocks.h"
#include "system.h"

struct port_lock init_lock;
bool initialised;

#if MI_THREADS

#ifdef __GLIBC__

/*
 * glibc's lock of the list of its FILEs. fork() takes it when all handlers
 * have run, and so after our lock; fflush(NULL) has it while it waits for a
 * FILE, and who has that FILE may allocate. So it is taken before our lock.
 * It may be taken twice by one thread.
 */
__attribute__((weak)) void _IO_list_lock(void);
__attribute__((weak)) void _IO_list_unlock(void);
__attribute__((weak)) void _IO_list_resetlock(void);

static unsigned int stdio_locks;	/* guarded by that lock */

static void stdio_prepare(void)
{
	/* without other threads fork() does not take it, nor make it anew */
	if (!_IO_list_lock || !_IO_list_unlock || !_IO_list_resetlock ||
	    thread_is_alone())
		return;
	_IO_list_lock();
	stdio_locks++;
}

static void stdio_parent(void)
{
	if (!stdio_locks)
		return;
	stdio_locks--;
	_IO_list_unlock();
}

static void stdio_child(void)
{
	if (stdio_locks)
		_IO_list_resetlock();
	stdio_locks = 0;
}

#elif !defined(PORT_TLS_LOCAL_EXEC)

/*
 * musl's lock of that kind has no name and cannot be taken twice. This one
 * stands before it: who has it may wait in fflush(NULL).
 */
static struct port_lock flush_lock;

__attribute__((visibility("default"))) int fflush(FILE *file)
{
	static int (*of_libc)(FILE *file);
	/* relaxed: code is there before anybody can find it */
	int (*call)(FILE *) = __atomic_load_n(&of_libc, __ATOMIC_RELAXED);
	int result;

	if (!call) {
		call = (int (*)(FILE *))dlsym(RTLD_NEXT, "fflush");
		__atomic_store_n(&of_libc, call, __ATOMIC_RELAXED);
	}
	if (file)
		return call(file);
	port_lock(&flush_lock);
	result = call(NULL);
	port_unlock(&flush_lock);
	return result;
}

static void stdio_prepare(void)
{
	lock_fork_prepare(&flush_lock);
}

static void stdio_parent(void)
{
	lock_fork_parent(&flush_lock);
}

static void stdio_child(void)
{
	lock_fork_child(&flush_lock, NULL);
}

#else /* an executable may be static, and has no other fflush() then */

static void stdio_prepare(void)
{
}

static void stdio_parent(void)
{
}

static void stdio_child(void)
{
}

#endif /* __GLIBC__ */

void fork_prepare(void)
{
	struct port_lock *lock = &default_instance.lock;

	/* what a signal interrupted has it: no other lock may follow */
	if (port_lock_is_interrupted(lock))
		return;
	stdio_prepare();
	/* acquire: as port_init(); a thread that finds false takes the lock */
	if (!__atomic_load_n(&initialised, __ATOMIC_ACQUIRE))
		lock_fork_prepare(&init_lock);
	lock_fork_prepare(lock);
}

void fork_parent(void)
{
	struct port_lock *lock = &default_instance.lock;

	if (port_lock_is_interrupted(lock))
		return;
	lock_fork_parent(lock);
	lock_fork_parent(&init_lock);
	stdio_parent();
}

static void instance_repair(void)
{
	heaps_fork_child(&default_instance);
}

void fork_child(void)
{
	lock_fork_child(&default_instance.lock, instance_repair);
	lock_fork_child(&init_lock, NULL);
	stdio_child();
}

void fork_register(void)
{
	static int registered;	/* riscv64 swaps no single bytes */

	/* may allocate, and so come back here. Relaxed: all is in the word */
	if (!__atomic_exchange_n(&registered, 1, __ATOMIC_RELAXED))
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
