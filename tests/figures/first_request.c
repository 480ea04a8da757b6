/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space, KiB, of a program that is linked to the archive: before its
 * first request, and after. Without -DWITH it is the same without the archive.
 */
#include "memory.h"

#include <mimalloc.h>

int main(void)
{
	long before = proc_kib("/proc/self/status", "VmSize:");

#ifdef WITH
	must(mi_malloc(100));
#endif
	(void)dprintf(STDOUT_FILENO, "%ld %ld\n", before,
		      proc_kib("/proc/self/status", "VmSize:"));
	return 0;
}
