/* SPDX-License-Identifier: BSD-3-Clause */
/* The Unikraft port's part of src/ground/port.h. */
#ifndef MI_PORT_CONFIG_H
#define MI_PORT_CONFIG_H

#include "ground/bits.h"

#include <uk/config.h>

#define PORT_MAP_WINDOW		0
#define PORT_STATIC_INSTANCE	0
#define PORT_KEPT_UNITS_MAX	((size_t)1024)

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

#endif /* MI_PORT_CONFIG_H */
