/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between releases of Unikraft, 0.17 to 0.21: names that moved
 * out of uk/plat when paging became a library of its own.
 */
#ifndef MI_COMPAT_H
#define MI_COMPAT_H

#include <uk/config.h>
#include <uk/arch/types.h>
#include <uk/essentials.h>
#include <uk/plat/bootstrap.h>

#if __has_include(<uk/plat/tls.h>)
#include <uk/plat/tls.h>
#define compat_tlsp_get()	ukplat_tlsp_get()
#else				/* 0.21 */
#include <uk/lcpu.h>
#define compat_tlsp_get()	uk_lcpu_tlsp_get()
#endif

#if CONFIG_LIBUKVMEM
#include <uk/vmem.h>
#if __has_include(<uk/plat/paging.h>)
#include <uk/plat/paging.h>
#else				/* 0.21 */
#include <uk/paging.h>
#endif
#include <uk/falloc.h>
#endif

#endif /* MI_COMPAT_H */
