/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine: console, clock, end of the run. Nothing here
 * allocates memory or touches thread local storage.
 */
#ifndef TESTBED_MACHINE_H
#define TESTBED_MACHINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uk/config.h>

/* console.c: the serial line */
void console_write(const char *text, size_t bytes);
int console_take(void);			/* next byte received, or -1 */

/*
 * One CPU writes at a time. It may take the console again: a fault may come in
 * the midst of a message.
 */
#ifdef CONFIG_HAVE_SMP
void console_lock(void);
void console_unlock(void);
#else
static inline void console_lock(void)
{
}

static inline void console_unlock(void)
{
}
#endif

/* Begins a message of the end, after which no other CPU writes. */
void console_crash(void);

/* print.c: conversions %d %i %u %x %p %s %c %% with 0, width, l, ll, z */
void console_print(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void console_vprint(const char *format, va_list arguments);
void print_set_level(int level);

/* clock.c */
void clock_init(void);

/*
 * Instructions executed since boot when QEMU counts (-icount shift=0), less
 * those with which the testbed itself fills frames with junk.
 */
uint64_t machine_instructions(void);
void machine_discount(uint64_t instructions);

/* inittab.c */
void inittab_run(void);
void inittab_end(void);

/* machine.c */
void machine_exit(int status) __attribute__((noreturn));
void machine_crash(void) __attribute__((noreturn));

#endif /* TESTBED_MACHINE_H */
