/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions and interrupts of arm64, between entries.S, traps.c, clock.c. */
#ifndef TESTBED_TRAPS_H
#define TESTBED_TRAPS_H

#include <stdint.h>

#include "arch_layout.h"

struct trap_frame {
	uint64_t x[31];
	uint64_t sp;			/* of what was interrupted */
	uint64_t pc, state;
	uint64_t syndrome, address;	/* ESR, FAR */
	uint64_t vector, reserved;
};

_Static_assert(sizeof(struct trap_frame) == TRAP_FRAME_BYTES,
	       "as entries.S has it");

/* The number of an entry: what came, and four times from where */
#define VECTOR_SYNCHRONOUS 0
#define VECTOR_INTERRUPT 1
#define VECTOR_KINDS 4

void trap_dispatch(struct trap_frame *frame);

/* clock.c: serves what interrupts */
void interrupt_dispatch(const struct trap_frame *frame);

#endif /* TESTBED_TRAPS_H */
