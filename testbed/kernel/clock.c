/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time. Under -icount shift=0 the counter advances by one for every
 * instruction and stands for nanoseconds, so a run takes the same time however
 * busy the host is.
 */
#include <uk/plat/time.h>

#include "arch.h"
#include "machine.h"

static uint64_t wall_clock_at_boot;	/* nanoseconds since 1970 */

void clock_init(void)
{
	wall_clock_at_boot = calendar_seconds() * 1000000000UL - cpu_counter();
	interrupts_init();
}

__nsec ukplat_monotonic_clock(void)
{
	return cpu_counter();
}

__nsec ukplat_wall_clock(void)
{
	return wall_clock_at_boot + cpu_counter();
}
