/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CPUs: how many QEMU has, and how others than the first start. An interrupt
 * from the first resets one (INIT), a second has it run the code of a page
 * below 1 MiB (SIPI). The timer of its APIC wakes it when it is idle.
 */
#include <string.h>

#include "arch.h"
#include "lcpu.h"
#include "traps.h"

#define PORT_CONFIG_SELECT 0x510	/* QEMU's "fw_cfg" */
#define PORT_CONFIG_DATA 0x511
#define CONFIG_CPU_COUNT 5

#define APIC 0xfee00000UL
#define APIC_END_OF_INTERRUPT 0x0b0
#define APIC_SPURIOUS 0x0f0
#define APIC_COMMAND 0x300
#define APIC_DESTINATION 0x310
#define APIC_TIMER 0x320
#define APIC_TIMER_COUNT 0x380		/* at 1 GHz in QEMU */
#define APIC_TIMER_DIVISOR 0x3e0

#define SPURIOUS_ENABLE 0x100
#define COMMAND_INIT 0x4500
#define COMMAND_START 0x4600		/* + the number of a page */
#define DIVISOR_1 0xb

unsigned int lcpu_arch_count(void)
{
	unsigned int count;

	cpu_out16(PORT_CONFIG_SELECT, CONFIG_CPU_COUNT);
	count = cpu_in8(PORT_CONFIG_DATA);
	return count | (unsigned int)cpu_in8(PORT_CONFIG_DATA) << 8;
}

static void apic_write(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(APIC + offset) = value;
}

void apic_init(void)
{
	apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | (VECTOR_COUNT - 1));
	apic_write(APIC_TIMER_DIVISOR, DIVISOR_1);
	apic_write(APIC_TIMER, VECTOR_TIMER);
}

/* At most 4 s ahead, the range of the counter; 0 would stop it. */
void apic_set_alarm(uint64_t nanoseconds)
{
	apic_write(APIC_TIMER_COUNT, (uint32_t)MIN(nanoseconds, 0xffffffffUL));
}

void apic_acknowledge(void)
{
	apic_write(APIC_END_OF_INTERRUPT, 0);
}

#ifdef CONFIG_HAVE_SMP

extern const char secondary_code[], secondary_code_end[];

__lcpuidx lcpu_arch_idx(void)
{
	__lcpuidx idx;

	__asm__ volatile("movl %%gs:0, %0" : "=r"(idx));
	return idx;
}

void lcpu_arch_init(struct lcpu *cpu)
{
	cpu_write_msr(MSR_GS_BASE, (uintptr_t)cpu);
}

/*
 * QEMU needs no time between the two, but takes the reset for the whole turn of
 * that CPU: under -icount some million instructions seem to pass.
 */
int lcpu_arch_start(struct lcpu *cpu)
{
	memcpy((void *)SECONDARY_START, secondary_code,
	       (size_t)(secondary_code_end - secondary_code));
	apic_write(APIC_DESTINATION, (uint32_t)cpu->id << 24);
	apic_write(APIC_COMMAND, COMMAND_INIT);
	apic_write(APIC_DESTINATION, (uint32_t)cpu->id << 24);
	apic_write(APIC_COMMAND, COMMAND_START | SECONDARY_START >> 12);
	return 0;
}

#endif /* CONFIG_HAVE_SMP */
