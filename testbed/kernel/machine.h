/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine: console, interrupts, clock, end of the run. Nothing here
 * allocates memory or touches thread local storage.
 */
#ifndef TESTBED_MACHINE_H
#define TESTBED_MACHINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* console.c: the serial line */
void console_init(void);
void console_write(const char *text, size_t bytes);
int console_take(void);			/* next byte received, or -1 */
void console_receive(void);		/* called by the interrupt */

/* print.c: conversions %d %i %u %x %p %s %c %% with 0, width, l, ll, z */
void console_print(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void console_vprint(const char *format, va_list arguments);
void print_set_level(int level);

/* traps.c: descriptor tables and exceptions */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

void traps_init(void);
void trap_dispatch(struct trap_frame *frame);

#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_INTERRUPTS 32		/* first of the 16 of the PIC */
#define VECTOR_TIMER VECTOR_INTERRUPTS
#define VECTOR_SERIAL (VECTOR_INTERRUPTS + 4)
#define VECTOR_COUNT 48

/* fault.c: true when the access can be tried again */
bool page_fault_resolve(uintptr_t address, uint64_t error, const char **why);

/* clock.c */
void clock_init(void);
void clock_set_alarm(uint64_t nanoseconds);	/* an interrupt after that */
void interrupt_acknowledge(unsigned int line);

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
