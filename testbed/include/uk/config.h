/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of the testbed, under the names Kconfig would give. Any of
 * them can be set from the compiler's command line. An option that is off is
 * not defined, as in Unikraft. All three ways of making the heap are built in
 * and one is chosen at boot; where a mode has no page table or no address
 * space, ukplat_pt_get_active() and uk_vas_get_active() give NULL.
 */
#ifndef __UK_CONFIG_H__
#define __UK_CONFIG_H__

#define CONFIG_ARCH_X86_64 1
#define CONFIG_LIBUKALLOC 1
#define CONFIG_LIBUKSCHED 1
#define CONFIG_LIBUKBOOT 1
#define CONFIG_LIBUKBOOT_INITMIMALLOC 1
#define CONFIG_LIBUKCONSOLE 1
#define CONFIG_LIBUKLIBPARAM 1
#define CONFIG_LIBMIMALLOC_API 1
#define CONFIG_LIBMIMALLOC_LIBC 1
#define CONFIG_LIBUKVMEM 1
#define CONFIG_HAVE_PAGING 1
#define CONFIG_LIBUKBOOT_HEAP_BASE 0x400000000
#define CONFIG_LIBMIMALLOC_BUDGET_KIB 4096
#define CONFIG_LIBMIMALLOC_LEARN_KIB 40960
#ifndef CONFIG_UKPLAT_LCPU_MAXCOUNT
#define CONFIG_UKPLAT_LCPU_MAXCOUNT 1	/* more with CONFIG_HAVE_SMP */
#endif

#endif /* __UK_CONFIG_H__ */
