/* SPDX-License-Identifier: BSD-3-Clause */
/* What the Linux port does around fork(). */
#ifndef MI_FORK_H
#define MI_FORK_H

#include "ground/port.h"

/* Beside the owner in a lock's word, whose lowest bits are free */
enum {
	LOCK_WAITED = 1,	/* somebody waits */
	LOCK_FORKING = 2,	/* taken for a fork: no lock to the owner */
	LOCK_REPAIR = 4,	/* in a child: the other threads have gone */
	LOCK_FLAGS = 7,
};

/*
 * glibc's, from 2.32 on: true where there is no other thread. That other C
 * libraries lack it is no harm, it is only told less often then.
 */
__attribute__((weak)) extern char __libc_single_threaded;

static inline bool thread_is_alone(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

/* Asks for what follows to be called around each fork; once is enough */
void fork_register(void);

/* The last step before a fork, and the first after it */
void fork_prepare(void);
void fork_parent(void);
void fork_child(void);

/*
 * From prepare to parent or child the calling thread has the lock, and to it
 * there is no lock. Where a signal interrupted the owner, which forks in the
 * handler, it keeps the lock, and the repair waits for it to be given back.
 */
void lock_fork_prepare(struct port_lock *lock);
void lock_fork_parent(struct port_lock *lock);
/* `repair` is called with the lock held and what it guards whole; or NULL */
void lock_fork_child(struct port_lock *lock, void (*repair)(void));

/* Held while process.c makes the default instance, and whether it has */
extern HIDDEN struct port_lock init_lock;
extern HIDDEN bool initialised;
/* process.c: no thread's end calls us from now on */
void threads_forget(void);

#endif /* MI_FORK_H */
