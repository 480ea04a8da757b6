/* SPDX-License-Identifier: BSD-3-Clause */
/* One CPU, on which threads take turns: no call of ours ends one. turns.c */
#ifndef MI_TURNS_H
#define MI_TURNS_H

/*
 * Of the thread whose turn it is: early boot and bare threads have no thread
 * local storage.
 */
#define PORT_TLS

struct port_lock {
	char nothing;
};

#if CONFIG_LIBUKSCHED

#include <uk/thread.h>

static ALWAYS_INLINE const struct uk_thread *port_turn(void)
{
	return uk_thread_current();
}

#else

struct uk_thread;

static ALWAYS_INLINE const struct uk_thread *port_turn(void)
{
	return NULL;
}

#endif /* CONFIG_LIBUKSCHED */

/* The thread whose turn it is; before the scheduler has started, 1 */
uintptr_t port_thread_id(void);

static inline bool port_thread_is(uintptr_t id)
{
	return id == port_thread_id();
}

/* choice.c: the heap that the mi_* functions take from, and whose it is */
extern HIDDEN struct heap *turn_heap;
extern HIDDEN const struct uk_thread *turn_thread;
/* `key` has no meaning here; cpus.h has other definitions of these */
#define turn_is_taken(key)	((key) = 0, turn_thread == port_turn())
#define turn_heap_of(key)	((void)(key), turn_heap)

/* Whose heap heap_word is: where threads have heaps */
extern HIDDEN struct uk_thread *heap_thread;
#define heap_is_at_hand(key)	((key) = 0, heap_thread == uk_thread_current())
#define word_at_hand(key)	((void)(key), heap_word)

#endif /* MI_TURNS_H */
