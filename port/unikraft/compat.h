/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between releases of Unikraft, 0.17 to 0.21: names that moved
 * out of uk/plat, which 0.21 split into ukpm, uklcpu and ukpaging.
 */
#ifndef MI_COMPAT_H
#define MI_COMPAT_H

#include <uk/config.h>
#include <uk/arch/types.h>
#include <uk/essentials.h>

#if __has_include(<uk/pm.h>)	/* 0.21 */
#include <uk/pm.h>
#define compat_crash()		uk_pm_syscrash()
#else
#include <uk/plat/bootstrap.h>
#define compat_crash()		ukplat_crash()
#endif

#if __has_include(<uk/lcpu.h>)	/* 0.21 */
#include <uk/lcpu.h>
#define compat_tlsp_get()	uk_lcpu_tlsp_get()
#else
#include <uk/plat/tls.h>
#define compat_tlsp_get()	ukplat_tlsp_get()
#endif

/*
 * Bytes as they are, without the prefix of a kernel message. The console became
 * a library after 0.17.0; an image without one prints nothing.
 */
#if CONFIG_LIBUKCONSOLE
#include <uk/console.h>
static inline void compat_write(const char *bytes, __sz length)
{
	(void)uk_console_out(bytes, length);
}
#else
__attribute__((weak)) int ukplat_coutk(const char *bytes, unsigned int length);
static inline void compat_write(const char *bytes, __sz length)
{
	if (ukplat_coutk)
		(void)ukplat_coutk(bytes, (unsigned int)length);
}
#endif

#if MI_CONCURRENT
#if __has_include(<uk/lcpu.h>)	/* 0.21: nobody has seen its names yet */
#error "LIBMIMALLOC_SMP knows the names of Unikraft 0.17 to 0.20 only"
#endif
#include <uk/plat/lcpu.h>
#define compat_cpu()			((unsigned int)ukplat_lcpu_idx())
#define compat_interrupts_off()		ukplat_lcpu_save_irqf()
#define compat_interrupts_restore(was)	ukplat_lcpu_restore_irqf(was)
#define COMPAT_CPUS_MAX			CONFIG_UKPLAT_LCPU_MAXCOUNT
#endif

#if __has_include(<uk/plat/time.h>)
#include <uk/plat/time.h>
#define compat_clock_nsecs()	((size_t)ukplat_monotonic_clock())
#else
#define compat_clock_nsecs()	((size_t)0)
#endif

#if CONFIG_LIBUKVMEM
#include <uk/vmem.h>
#if __has_include(<uk/paging.h>)	/* 0.21 */
#include <uk/paging.h>
#define compat_page_table()	uk_paging_pt_get_active()
#else
#include <uk/plat/paging.h>
#define compat_page_table()	ukplat_pt_get_active()
#endif
#include <uk/falloc.h>
#endif

#endif /* MI_COMPAT_H */
