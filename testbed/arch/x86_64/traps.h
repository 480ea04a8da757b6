/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions and interrupts of x86-64, between entries.S, traps.c, clock.c. */
#ifndef TESTBED_TRAPS_H
#define TESTBED_TRAPS_H

#include <stdint.h>

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

void trap_dispatch(struct trap_frame *frame);

#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_INTERRUPTS 32		/* first of the 16 of the PIC */
#define VECTOR_TIMER VECTOR_INTERRUPTS
#define VECTOR_SERIAL (VECTOR_INTERRUPTS + 4)
#define VECTOR_COUNT 48

/* clock.c */
void interrupt_acknowledge(unsigned int line);

/* cpus.c: the timer of each CPU but the first */
void apic_init(void);
void apic_set_alarm(uint64_t nanoseconds);
void apic_acknowledge(void);

#endif /* TESTBED_TRAPS_H */
