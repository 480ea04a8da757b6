/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a run, and the CPU's interrupt switch under Unikraft's names.
 */
#include <uk/plat/bootstrap.h>
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "layout.h"
#include "machine.h"

static uint64_t discounted;

void machine_exit(int status)
{
	if (status < 0 || status > EXIT_STATUS_MAX)
		status = EXIT_STATUS_MAX;
	cpu_leave(EXIT_BASE + status);
}

void machine_crash(void)
{
	cpu_leave(EXIT_CRASH);
}

void ukplat_terminate(enum ukplat_gstate request)
{
	if (request == UKPLAT_CRASH)
		machine_crash();
	machine_exit(0);
}

uint64_t machine_instructions(void)
{
	return cpu_counter() - discounted;
}

void machine_discount(uint64_t instructions)
{
	discounted += instructions;
}

void ukplat_lcpu_enable_irq(void)
{
	cpu_interrupts_on();
}

void ukplat_lcpu_disable_irq(void)
{
	cpu_interrupts_off();
}

unsigned long ukplat_lcpu_save_irqf(void)
{
	unsigned long flags = cpu_interrupts();

	cpu_interrupts_off();
	return flags;
}

void ukplat_lcpu_restore_irqf(unsigned long flags)
{
	if (flags)
		cpu_interrupts_on();
}

int ukplat_lcpu_irqs_disabled(void)
{
	return !cpu_interrupts();
}

void ukplat_lcpu_halt(void)
{
	cpu_stop();
}
