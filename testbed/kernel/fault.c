/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A page fault: filled on demand in mode vmem, the end of the run otherwise.
 */
#include "machine.h"
#include "memory.h"
#include "options.h"

#define FAULT_PRESENT 0x1		/* the page was there: no permission */

bool page_fault_resolve(uintptr_t address, uint64_t error, const char **why)
{
	bool known = false;

	*why = "nothing is mapped there";
	if (error & FAULT_PRESENT) {
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
