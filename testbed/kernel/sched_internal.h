/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between thread.c and sched.c.
 */
#ifndef TESTBED_SCHED_INTERNAL_H
#define TESTBED_SCHED_INTERNAL_H

#include <stdint.h>

/* boot/switch.S */
void thread_switch(uintptr_t *save_sp, uintptr_t sp);
void thread_entry(void);

/* Lays out a stack so that switching to it calls function(argument). */
uintptr_t thread_frame(uintptr_t top, uintptr_t function, void *argument);

#endif /* TESTBED_SCHED_INTERNAL_H */
