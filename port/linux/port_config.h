/* SPDX-License-Identifier: BSD-3-Clause */
/* The Linux port's part of src/ground/port.h. */
#ifndef MI_PORT_CONFIG_H
#define MI_PORT_CONFIG_H

#include "ground/bits.h"

#define PORT_MAP_WINDOW		1
#define PORT_STATIC_INSTANCE	1
#define PORT_FRAMES_RUN_OUT	0
#define PORT_HAS_PROCESSES	1
#ifdef PORT_EARLY	/* the shared library, see early.h */
#define PORT_FOREIGN_BLOCKS	1
#endif
#define PORT_KEPT_UNITS_MAX	((size_t)256)
#define PORT_KEPT_LEARN_MAX	512

#if MI_THREADS
#ifdef PORT_TLS_LOCAL_EXEC	/* for executables: one instruction less */
#define PORT_TLS	__attribute__((tls_model("local-exec"))) __thread
#elif defined(PORT_TLS_DYNAMIC)	/* in any number of shared objects */
#define PORT_TLS	__attribute__((tls_model("local-dynamic"))) __thread
#else
#define PORT_TLS	__attribute__((tls_model("initial-exec"))) __thread
#endif
#else
#define PORT_TLS
#endif

/* The owner and some flags, see lock.c */
struct port_lock {
	uintptr_t word;		/* 0: free */
	unsigned int forks;	/* of its owner, one in another */
	void (*repair)(void);	/* in a child: of what it guards, or NULL */
};

static inline uintptr_t port_thread_id(void)
{
	return arch_thread_pointer();
}

static inline bool port_thread_is(uintptr_t id)
{
	return arch_thread_pointer_is(id);
}

#endif /* MI_PORT_CONFIG_H */
