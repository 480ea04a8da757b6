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

/* Nothing of Unikraft's demand paging is safe on several CPUs: see Config.uk */
#if CONFIG_LIBUKVMEM && !MI_CONCURRENT
#define PORT_FRAMES_RUN_OUT	1
#else
#define PORT_FRAMES_RUN_OUT	0
#endif

/*
 * The mi_* functions look whose turn it is, as the table of functions does
 * where each thread has a heap.
 */
#define PORT_TURNS		1
#define PORT_OPTION_SOURCE	"configured"

#if MI_CONCURRENT
#include "cpus.h"
#else
#include "turns.h"
#endif

struct heap;
struct instance;

/* Another thread has its turn: the heap of the mi_* functions, or empty_heap */
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
