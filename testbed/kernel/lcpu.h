/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs, between lcpu.c and the architecture. The assembler knows the layout of
 * the structure from layout.h.
 */
#ifndef TESTBED_LCPU_H
#define TESTBED_LCPU_H

#include <stdint.h>
#include <uk/plat/lcpu.h>

#include "layout.h"

enum lcpu_state {
	LCPU_OFFLINE,
	LCPU_STARTING,
	LCPU_ONLINE
};

/* Each CPU has a register that points at its own, see lcpu_arch_init() */
struct lcpu {
	__lcpuidx idx;			/* first: read by that register */
	uint32_t state;			/* atomic */
	void *sp;			/* to start with */
	ukplat_lcpu_entry_t entry;
	__lcpuid id;
} __align(1 << LCPU_SHIFT);

_Static_assert(sizeof(struct lcpu) == 1 << LCPU_SHIFT
	       && __builtin_offsetof(struct lcpu, sp) == LCPU_SP,
	       "as the assembler has it");

extern struct lcpu lcpus[CONFIG_UKPLAT_LCPU_MAXCOUNT];

/* Of the first CPU: before anything asks for its index; with parameters read */
void lcpu_init(void);
void lcpu_check(void);

/* Where the entry of another CPU goes, on the stack that it was given */
void lcpu_main(struct lcpu *cpu) __noreturn;

/* The architecture: ukplat_lcpu_idx() reads what lcpu_arch_init() has set. */
__lcpuidx lcpu_arch_idx(void);
void lcpu_arch_init(struct lcpu *cpu);

/* Has a CPU begin, which will call lcpu_main(). 0, or -ENODEV */
int lcpu_arch_start(struct lcpu *cpu);

#endif /* TESTBED_LCPU_H */
