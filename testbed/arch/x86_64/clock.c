/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The interval timer, which wakes an idle CPU, the interrupt controller, and
 * the CMOS clock. Both of the former are the first CPU's; the others have their
 * APICs, see cpus.c.
 */
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "traps.h"

#define PORT_TIMER 0x40
#define PORT_TIMER_COMMAND 0x43
#define TIMER_ONE_SHOT 0x30		/* counter 0, both bytes, mode 0 */
#define TIMER_HERTZ 1193182UL

#define PORT_PIC1 0x20
#define PORT_PIC2 0xa0
#define PIC_END_OF_INTERRUPT 0x20

#define PORT_CMOS_INDEX 0x70
#define PORT_CMOS_DATA 0x71

static unsigned int cmos_read(uint8_t index)
{
	unsigned int value;

	cpu_out8(PORT_CMOS_INDEX, index);
	value = cpu_in8(PORT_CMOS_DATA);
	return (value >> 4) * 10 + (value & 15);	/* decimal coded */
}

/* Days from 1970-01-01 to the first of a month in 2000 .. 2099. */
static uint64_t days_before(unsigned int year, unsigned int month)
{
	static const uint16_t before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	unsigned int since_2000 = year - 2000;
	uint64_t days = 10957 + 365UL * since_2000 + (since_2000 + 3) / 4;

	if (month < 1 || month > 12)
		month = 1;
	return days + before[month - 1] + (month > 2 && year % 4 == 0);
}

uint64_t calendar_seconds(void)
{
	uint64_t days = days_before(2000 + cmos_read(9), cmos_read(8))
		+ cmos_read(7) - 1;

	return ((days * 24 + cmos_read(4)) * 60 + cmos_read(2)) * 60
		+ cmos_read(0);
}

void interrupts_init(void)
{
	static const uint8_t pic1[] = { VECTOR_INTERRUPTS, 4, 1, 0xea };
	static const uint8_t pic2[] = { VECTOR_INTERRUPTS + 8, 2, 1, 0xff };

	if (ukplat_lcpu_idx()) {
		apic_init();
		return;
	}
	/* 8259: own vectors; the timer and the serial line let through */
	cpu_out8(PORT_PIC1, 0x11);
	cpu_out8(PORT_PIC2, 0x11);
	for (unsigned int i = 0; i < 4; i++) {
		cpu_out8(PORT_PIC1 + 1, pic1[i]);
		cpu_out8(PORT_PIC2 + 1, pic2[i]);
	}
}

void interrupt_acknowledge(unsigned int line)
{
	if (ukplat_lcpu_idx()) {
		apic_acknowledge();
		return;
	}
	if (line >= 8)
		cpu_out8(PORT_PIC2, PIC_END_OF_INTERRUPT);
	cpu_out8(PORT_PIC1, PIC_END_OF_INTERRUPT);
}

/* At most 54 ms ahead, the range of the counter; the caller looks again. */
void clock_set_alarm(uint64_t nanoseconds)
{
	uint64_t ticks = 0xffff;

	if (ukplat_lcpu_idx()) {
		apic_set_alarm(nanoseconds);
		return;
	}
	if (nanoseconds < 50000000)
		ticks = nanoseconds * TIMER_HERTZ / 1000000000UL + 1;
	cpu_out8(PORT_TIMER_COMMAND, TIMER_ONE_SHOT);
	cpu_out8(PORT_TIMER, (uint8_t)ticks);
	cpu_out8(PORT_TIMER, (uint8_t)(ticks >> 8));
}
