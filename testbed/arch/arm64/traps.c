/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exceptions and interrupts.
 */
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "machine.h"
#include "traps.h"

#define CLASS(syndrome) ((syndrome) >> 26 & 0x3f)
#define CLASS_EXECUTE 0x21		/* instruction abort */
#define CLASS_ACCESS 0x25		/* data abort */
#define SYNDROME_WRITE 0x40UL

extern const char trap_vectors[];

static UKPLAT_PER_LCPU_DEFINE(bool, crashing);

void traps_init(void)
{
	cpu_write(vbar_el1, (uintptr_t)trap_vectors);
	__asm__ volatile("isb" : : : "memory");
}

static const char *exception_name(uint64_t syndrome)
{
	switch (CLASS(syndrome)) {
	case 0x00:
		return "invalid instruction";
	case 0x0e:
		return "invalid state";
	case 0x22:
		return "unaligned instruction";
	case CLASS_ACCESS:
		return "invalid access";
	case 0x26:
		return "unaligned stack";
	case 0x3c:
		return "breakpoint";
	default:
		return "exception";
	}
}

static void __noreturn exception_report(const struct trap_frame *f)
{
	console_print("pc  %016lx  sp  %016lx  state %08lx  syndrome %08lx\n",
		      f->pc, f->sp, f->state, f->syndrome);
	for (unsigned int i = 0; i < 31; i++)
		console_print("x%-2u %016lx%s", i, f->x[i],
			      i % 4 == 3 || i == 30 ? "\n" : "  ");
	machine_crash();
}

/* A translation or a permission fault, on any level */
static bool is_page_fault(const struct trap_frame *frame)
{
	uint64_t class = CLASS(frame->syndrome);

	return frame->vector % VECTOR_KINDS == VECTOR_SYNCHRONOUS
		&& (class == CLASS_EXECUTE || class == CLASS_ACCESS)
		&& ((frame->syndrome & 0x3c) == 0x04
		    || fault_of_permission(frame->syndrome));
}

void trap_dispatch(struct trap_frame *frame)
{
	const char *why = NULL;

	if (frame->vector % VECTOR_KINDS == VECTOR_INTERRUPT) {
		interrupt_dispatch(frame);
		return;
	}
	if (is_page_fault(frame)
	    && page_fault_resolve(frame->address, frame->syndrome, &why))
		return;
	if (ukplat_per_lcpu_current(crashing))
		machine_crash();
	ukplat_per_lcpu_current(crashing) = true;
	console_crash();
	if (why)
		console_print("cannot handle %s page fault at %016lx: %s\n",
			      CLASS(frame->syndrome) == CLASS_EXECUTE
			      ? "execute" : frame->syndrome & SYNDROME_WRITE
			      ? "write" : "read", frame->address, why);
	else
		console_print("%s (vector %lu, class %lx)\n",
			      exception_name(frame->syndrome), frame->vector,
			      CLASS(frame->syndrome));
	exception_report(frame);
}
