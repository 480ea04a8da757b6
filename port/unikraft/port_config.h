/* SPDX-License-Identifier: BSD-3-Clause */
/* The Unikraft port's part of src/ground/port.h. */
#ifndef MI_PORT_CONFIG_H
#define MI_PORT_CONFIG_H

#include "ground/bits.h"

#include <uk/config.h>

#define PORT_MAP_WINDOW		0
#define PORT_STATIC_INSTANCE	0
#define PORT_KEPT_UNITS_MAX	((size_t)1024)
#define PORT_KEPT_LEARN_MAX	0

#if CONFIG_LIBUKVMEM
#define PORT_FRAMES_RUN_OUT	1
#else
#define PORT_FRAMES_RUN_OUT	0
#endif

/*
 * Of the thread whose turn it is: early boot and bare threads have no thread
 * local storage. See turns.c.
 */
#define PORT_TLS

/* Threads take turns on one CPU, and no call of ours ends a turn */
#if MI_CONCURRENT
#error "compile for Unikraft with MI_CONCURRENT 0"
#endif

struct port_lock {
	char nothing;
};

/* The thread whose turn it is; before the scheduler has started, 1 */
uintptr_t port_thread_id(void);

static inline bool port_thread_is(uintptr_t id)
{
	return id == port_thread_id();
}

/*
 * The mi_* functions look whose turn it is, as the table of functions does
 * where each thread has a heap.
 */
#define PORT_TURNS		1
#define PORT_OPTION_SOURCE	"configured"

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

struct heap;
struct instance;

/* choice.c: the heap that the mi_* functions take from, and whose it is */
extern HIDDEN struct heap *turn_heap;
extern HIDDEN const struct uk_thread *turn_thread;
/* Another thread has its turn: its heap, or empty_heap */
NOINLINE struct heap *turn_take(void);
NOINLINE void *turn_malloc(size_t size);
/* The caller takes the heap for its default; and never again, as it ends */
void heap_choose(struct heap *heap);
void heap_unchoose(struct heap *heap);
/* What the caller's end would do */
void turn_thread_done(void);

/* What stands for the default instance until one is made: it has no memory */
extern HIDDEN struct instance instance_of_none;

#endif /* MI_PORT_CONFIG_H */
