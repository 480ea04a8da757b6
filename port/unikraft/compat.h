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
