/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKPLAT_TIME_H__
#define __UKPLAT_TIME_H__

#include <uk/arch/time.h>

/* Nanoseconds since boot, and since 1970 according to the CMOS clock. */
__nsec ukplat_monotonic_clock(void);
__nsec ukplat_wall_clock(void);

#endif /* __UKPLAT_TIME_H__ */
