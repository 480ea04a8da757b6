/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs: which one this is, and how others than the first start: PSCI, to which
 * QEMU listens.
 */
#include <errno.h>

#include "arch.h"
#include "lcpu.h"

#ifdef CONFIG_HAVE_SMP

#define PSCI_CPU_ON 0xc4000003UL

void secondary_start(void);

/* SP_EL1 of each CPU but the first, whose own start.S has set */
static uint8_t trap_stacks[CONFIG_UKPLAT_LCPU_MAXCOUNT][TRAP_STACK_BYTES]
	__align(16);

__lcpuidx lcpu_arch_idx(void)
{
	return ((const struct lcpu *)cpu_read(tpidr_el1))->idx;
}

void lcpu_arch_init(struct lcpu *cpu)
{
	cpu_write(tpidr_el1, (uintptr_t)cpu);
	if (cpu->idx)
		__asm__ volatile("msr spsel, #1; mov sp, %0; msr spsel, #0"
				 : : "r"(trap_stacks[cpu->idx]
					 + TRAP_STACK_BYTES) : "memory");
}

/* QEMU changes no register but the first. */
int lcpu_arch_start(struct lcpu *cpu)
{
	register uint64_t result __asm__("x0") = PSCI_CPU_ON;
	register uint64_t id __asm__("x1") = cpu->id;
	register void (*start)(void) __asm__("x2") = secondary_start;
	register struct lcpu *argument __asm__("x3") = cpu;

	__asm__ volatile("hvc #0" : "+r"(result)
			 : "r"(id), "r"(start), "r"(argument) : "memory");
	return result ? -ENODEV : 0;
}

#endif /* CONFIG_HAVE_SMP */
