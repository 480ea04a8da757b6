/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtual timer, which wakes an idle CPU, the interrupt controller, and
 * the calendar.
 */
#include <uk/assert.h>
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "traps.h"

#define HERTZ 1000000000UL

#define DISTRIBUTOR_CONTROL (DISTRIBUTOR + 0x000)
#define DISTRIBUTOR_ENABLE (DISTRIBUTOR + 0x100)	/* a bit for each */
#define DISTRIBUTOR_TARGETS (DISTRIBUTOR + 0x800)	/* a byte for each */
#define CPU_CONTROL (CPU_INTERFACE + 0x00)
#define CPU_PRIORITIES (CPU_INTERFACE + 0x04)
#define CPU_ACKNOWLEDGE (CPU_INTERFACE + 0x0c)
#define CPU_END (CPU_INTERFACE + 0x10)

#define INTERRUPT_TIMER 27
#define INTERRUPT_SERIAL 33
#define INTERRUPT_MASK 0x3ff

static void interrupt_enable(unsigned int number)
{
	device_write(DISTRIBUTOR_ENABLE + number / 32 * 4,
		     1U << number % 32);
}

/*
 * Whatever their priority. The first CPU gets the serial line's; each has a
 * timer, an interface, and a register of its own where the timer is enabled.
 */
void interrupts_init(void)
{
	if (cpu_read(cntfrq_el0) != HERTZ)
		UK_CRASH("the counter has %lu Hz: -cpu max,cntfrq=%lu\n",
			 cpu_read(cntfrq_el0), HERTZ);
	cpu_write(cntv_ctl_el0, 0);
	if (!ukplat_lcpu_idx())
		device_write(DISTRIBUTOR_TARGETS + (INTERRUPT_SERIAL & ~3U),
			     1U << INTERRUPT_SERIAL % 4 * 8);
	interrupt_enable(INTERRUPT_TIMER);
	interrupt_enable(INTERRUPT_SERIAL);
	device_write(DISTRIBUTOR_CONTROL, 1);
	device_write(CPU_PRIORITIES, 0xff);
	device_write(CPU_CONTROL, 1);
}

void interrupt_dispatch(const struct trap_frame *frame)
{
	uint32_t taken = device_read(CPU_ACKNOWLEDGE);

	switch (taken & INTERRUPT_MASK) {
	case INTERRUPT_TIMER:
		cpu_write(cntv_ctl_el0, 0);
		break;
	case INTERRUPT_SERIAL:
		console_receive();
		break;
	}
	device_write(CPU_END, taken);
	if ((taken & INTERRUPT_MASK) == INTERRUPT_TIMER)
		clock_interrupted(frame->pc);
}

void clock_set_alarm(uint64_t nanoseconds)
{
	cpu_write(cntv_cval_el0, cpu_counter() + nanoseconds);
	cpu_write(cntv_ctl_el0, 1);
	__asm__ volatile("isb" : : : "memory");
}

uint64_t calendar_seconds(void)
{
	return device_read(CALENDAR);
}
