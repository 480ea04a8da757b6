/* SPDX-License-Identifier: BSD-3-Clause */
/* The explorer's part of src/ground/port.h: as on Linux, see port.c. */
#ifndef MI_PORT_CONFIG_H
#define MI_PORT_CONFIG_H

#include "ground/bits.h"

#define PORT_MAP_WINDOW		1
#define PORT_STATIC_INSTANCE	0
#define PORT_FRAMES_RUN_OUT	0
#define PORT_KEPT_UNITS_MAX	((size_t)256)
/* All threads are one to the compiler: explorer.c exchanges what is here */
#define PORT_TLS		__attribute__((section("order_tls")))

struct port_lock {
	uintptr_t unused;
};

extern unsigned int self;

static inline uintptr_t port_thread_id(void)
{
	return 16 * ((uintptr_t)self + 1);
}

static inline bool port_thread_is(uintptr_t id)
{
	return id == port_thread_id();
}

#endif /* MI_PORT_CONFIG_H */
