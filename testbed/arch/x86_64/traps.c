/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables, exceptions and interrupts. Page faults and interrupts
 * have stacks of their own, since either may come at any instruction. Each CPU
 * has its segments and these stacks; the gates are shared.
 */
#include <string.h>
#include <uk/essentials.h>
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "layout.h"
#include "machine.h"
#include "traps.h"

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t stack;			/* 0: stay; else index in the task */
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t stack[7];
	uint8_t reserved2[10];
	uint16_t io_map;
} __packed;

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __packed;

#define GATE_INTERRUPT 0x8e
#define STACK_FAULT 1
#define STACK_INTERRUPT 2
#define STACK_CRASH 3

_Static_assert(sizeof(struct gate) == 16, "as the CPU has it");
_Static_assert(sizeof(struct task_state) == 104, "as the CPU has it");

extern const char trap_entries[];
void system_call_entry(void);

struct segments {
	struct task_state task;
	uint64_t descriptors[5];
	uint8_t fault_stack[FAULT_STACK_BYTES] __align(16);
	uint8_t interrupt_stack[INTERRUPT_STACK_BYTES] __align(16);
	uint8_t crash_stack[FAULT_STACK_BYTES] __align(16);
};

static struct gate gates[VECTOR_COUNT];
static UKPLAT_PER_LCPU_DEFINE(struct segments, segments);

static const char *const exception_names[32] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound",
	"invalid instruction", "no coprocessor", "double fault", "",
	"invalid task", "segment not present", "stack fault",
	"general protection", "page fault", "", "floating point",
	"alignment check", "machine check", "vector floating point"
};

static void gate_set(unsigned int vector, uint8_t stack)
{
	uintptr_t entry = (uintptr_t)trap_entries + 16UL * vector;

	gates[vector] = (struct gate){
		.offset_low = (uint16_t)entry,
		.selector = SELECTOR_CODE,
		.stack = stack,
		.type = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(entry >> 16),
		.offset_high = (uint32_t)(entry >> 32)
	};
}

static void descriptors_load(struct segments *s)
{
	struct table_pointer gdt = { sizeof(s->descriptors) - 1,
				     (uintptr_t)s->descriptors };
	struct table_pointer idt = { sizeof(gates) - 1, (uintptr_t)gates };
	uint64_t base = (uintptr_t)&s->task;

	s->descriptors[SELECTOR_CODE / 8] = 0x00af9a000000ffff;
	s->descriptors[SELECTOR_DATA / 8] = 0x00cf92000000ffff;
	s->descriptors[SELECTOR_TASK / 8] = (sizeof(s->task) - 1)
		| (base & 0xffffff) << 16 | 0x890000000000
		| (base & 0xff000000) << 32;
	s->descriptors[SELECTOR_TASK / 8 + 1] = base >> 32;
	__asm__ volatile("lgdt %0" : : "m"(gdt));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK));
	__asm__ volatile("lidt %0" : : "m"(idt));
}

static void gates_init(void)
{
	for (unsigned int vector = 0; vector < VECTOR_COUNT; vector++)
		gate_set(vector, vector < VECTOR_INTERRUPTS
			 ? STACK_CRASH : STACK_INTERRUPT);
	gate_set(VECTOR_PAGE_FAULT, STACK_FAULT);
}

void traps_init(void)
{
	struct segments *s = &ukplat_per_lcpu_current(segments);

	if (!ukplat_lcpu_idx())
		gates_init();
	s->task.stack[STACK_FAULT - 1] =
		(uintptr_t)s->fault_stack + sizeof(s->fault_stack);
	s->task.stack[STACK_INTERRUPT - 1] =
		(uintptr_t)s->interrupt_stack + sizeof(s->interrupt_stack);
	s->task.stack[STACK_CRASH - 1] =
		(uintptr_t)s->crash_stack + sizeof(s->crash_stack);
	s->task.io_map = sizeof(s->task);
	descriptors_load(s);

	cpu_write_msr(MSR_STAR, (uint64_t)SELECTOR_CODE << 32);
	cpu_write_msr(MSR_LSTAR, (uintptr_t)system_call_entry);
	cpu_write_msr(MSR_FMASK, FLAG_DIRECTION);
}

static void __noreturn exception_report(const struct trap_frame *f)
{
	console_print("rip %016lx  rsp %016lx  rflags %08lx  error %lx\n"
		      "rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n"
		      "rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n"
		      "r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n"
		      "r13 %016lx  r14 %016lx  r15 %016lx\n",
		      f->rip, f->rsp, f->rflags, f->error,
		      f->rax, f->rbx, f->rcx, f->rdx,
		      f->rsi, f->rdi, f->rbp, f->r8,
		      f->r9, f->r10, f->r11, f->r12,
		      f->r13, f->r14, f->r15);
	machine_crash();
}

static void page_fault(const struct trap_frame *frame)
{
	uintptr_t address = cpu_read_cr2();
	const char *why = "";

	if (page_fault_resolve(address, frame->error, &why))
		return;
	console_crash();
	console_print("cannot handle %s page fault at %016lx: %s\n",
		      frame->error & 16 ? "execute"
		      : frame->error & 2 ? "write" : "read", address, why);
	exception_report(frame);
}

void trap_dispatch(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_PAGE_FAULT) {
		page_fault(frame);
		return;
	}
	if (frame->vector < VECTOR_INTERRUPTS) {
		console_crash();
		console_print("%s (exception %lu)\n",
			      exception_names[frame->vector]
			      ? exception_names[frame->vector] : "exception",
			      frame->vector);
		exception_report(frame);
	}
	if (frame->vector == VECTOR_SERIAL)
		console_receive();
	interrupt_acknowledge((unsigned int)frame->vector - VECTOR_INTERRUPTS);
	if (frame->vector == VECTOR_TIMER)
		clock_interrupted(frame->rip);
}
