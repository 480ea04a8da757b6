/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's CPUs. The one that boots has the index 0. With CONFIG_HAVE_SMP
 * there can be up to CONFIG_UKPLAT_LCPU_MAXCOUNT, and ukplat_lcpu_start()
 * starts the others; without it there is one, and its index is a constant.
 */
#ifndef __UKPLAT_LCPU_H__
#define __UKPLAT_LCPU_H__

#include <uk/essentials.h>

typedef __u32 __lcpuidx;
typedef __u64 __lcpuid;			/* what the machine calls it */

typedef void (*ukplat_lcpu_entry_t)(void) __noreturn;

void ukplat_lcpu_enable_irq(void);
void ukplat_lcpu_disable_irq(void);
unsigned long ukplat_lcpu_save_irqf(void);
void ukplat_lcpu_restore_irqf(unsigned long flags);
int ukplat_lcpu_irqs_disabled(void);

/* The calling CPU stops for good, and takes no more turns. */
void ukplat_lcpu_halt(void) __noreturn;

#ifdef CONFIG_HAVE_SMP

__lcpuid ukplat_lcpu_id(void);
__lcpuidx ukplat_lcpu_idx(void);
__u32 ukplat_lcpu_count(void);

/*
 * Starts the *num CPUs that lcpuidx names, or all others where both are NULL.
 * Each goes to its entry with its stack pointer, the top of a stack: with
 * interrupts off and no thread local storage. An entry of NULL, or none at all,
 * halts it. A CPU that runs already is passed over.
 *
 * 0 when all of them run; else -EINVAL for an index that there is not, -ENODEV
 * or -ETIMEDOUT for a CPU that did not start, and *num is how many come before.
 */
int ukplat_lcpu_start(const __lcpuidx lcpuidx[], unsigned int *num, void *sp[],
		      const ukplat_lcpu_entry_t entry[], unsigned long flags);

#else /* !CONFIG_HAVE_SMP */

#define ukplat_lcpu_id() (0)
#define ukplat_lcpu_idx() (0)
#define ukplat_lcpu_count() (1)

#endif /* !CONFIG_HAVE_SMP */

/* A variable of which each CPU has its own */
#define UKPLAT_PER_LCPU_DEFINE(var_type, var_name)			\
	var_type var_name[CONFIG_UKPLAT_LCPU_MAXCOUNT]
#define ukplat_per_lcpu(var_name, lcpu_idx) var_name[lcpu_idx]
#define ukplat_per_lcpu_current(var_name)				\
	ukplat_per_lcpu(var_name, ukplat_lcpu_idx())

#endif /* __UKPLAT_LCPU_H__ */
