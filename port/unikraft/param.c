/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel's command line may set. Read before there is a heap. */
#include "port_internal.h"

#include <uk/libparam.h>
#include <uk/mimalloc.h>
#include <uk/print.h>

#include "text.h"

#ifndef CONFIG_LIBMIMALLOC_BUDGET_KIB
#define CONFIG_LIBMIMALLOC_BUDGET_KIB	4096
#endif

static __u32 budget_kib = CONFIG_LIBMIMALLOC_BUDGET_KIB;
static __u32 ignore_errors;
static __u32 show_stats;

UK_LIBPARAM_PARAM(budget_kib, __u32,
		  "KiB of free memory that keep their frames");
UK_LIBPARAM_PARAM(ignore_errors, __u32,
		  "1: report an invalid free and go on; 0: crash");

UK_LIBPARAM_PARAM(show_stats, __u32,
		  "1: statistics when the system halts");

bool param_show_stats(void)
{
	return show_stats != 0;
}

size_t param_budget_bytes(void)
{
	return (size_t)budget_kib << 10;
}

bool param_abort(void)
{
	return ignore_errors == 0;
}
