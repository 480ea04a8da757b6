/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time. Under -icount shift=0 the counter advances by one for every
 * instruction and stands for nanoseconds, so a run takes the same time however
 * busy the host is.
 */
#include <uk/arch/lcpu.h>
#include <uk/plat/lcpu.h>
#include <uk/plat/time.h>

#include "arch.h"
#include "machine.h"
#include "options.h"

static uint64_t wall_clock_at_boot;	/* nanoseconds since 1970 */

void clock_init(void)
{
	wall_clock_at_boot = calendar_seconds() * 1000000000UL - cpu_counter();
	interrupts_init();
	clock_turns_begin();
}

#ifdef CONFIG_HAVE_SMP

#define DOUBLED_MAX 16

struct turn {
	uintptr_t where;		/* the CPU was interrupted */
	unsigned int doubled;
};

/*
 * QEMU, when it counts, lets one CPU run until it halts, waits for another, or
 * until a timer is due, which is very long. With turn= a CPU stops wherever it
 * is, as though all of them ran at once.
 */
void clock_turns_begin(void)
{
	if (options.turn)
		clock_set_alarm(options.turn);
}

void clock_alarm(uint64_t nanoseconds)
{
	clock_set_alarm(options.turn ? MIN(options.turn, nanoseconds)
			: nanoseconds);
}

/*
 * The counter goes on in the turns of others, so an alarm may be due when the
 * turn that it is to end begins. Then the CPU is still where it was, and the
 * alarm is set for longer, until it gets on.
 */
void clock_interrupted(uintptr_t where)
{
	static UKPLAT_PER_LCPU_DEFINE(struct turn, turns);
	struct turn *own = &ukplat_per_lcpu_current(turns);

	if (!options.turn)
		return;
	own->doubled = own->where == where && own->doubled < DOUBLED_MAX
		? own->doubled + 1 : 0;
	own->where = where;
	ukarch_spinwait();
	clock_set_alarm(options.turn << own->doubled);
}

#endif /* CONFIG_HAVE_SMP */

__nsec ukplat_monotonic_clock(void)
{
	return cpu_counter();
}

__nsec ukplat_wall_clock(void)
{
	return wall_clock_at_boot + cpu_counter();
}
