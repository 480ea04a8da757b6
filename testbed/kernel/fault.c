/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A page fault: filled on demand in mode vmem, the end of the run otherwise.
 */
#include "arch.h"
#include "memory.h"
#include "options.h"

bool page_fault_resolve(uintptr_t address, uint64_t error, const char **why)
{
	bool known = false;

	*why = "nothing is mapped there";
	if (fault_of_permission(error)) {
		*why = "not permitted";
		return false;
	}
	if (options.mode != HEAP_VMEM)
		return false;
	if (vmem_fault(address, &known))
		return true;
	if (known)
		*why = "no frame is left";
	return false;
}
