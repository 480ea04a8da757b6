/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKARCH_TIME_H__
#define __UKARCH_TIME_H__

#include <uk/arch/types.h>

#define ukarch_time_nsec_to_sec(ns) ((ns) / 1000000000UL)
#define ukarch_time_sec_to_nsec(s) ((s) * 1000000000UL)
#define ukarch_time_msec_to_nsec(ms) ((ms) * 1000000UL)

#endif /* __UKARCH_TIME_H__ */
