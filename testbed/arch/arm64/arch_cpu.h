/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * arm64: single instructions, the stack of a new thread, the area of thread
 * local storage, entries of page tables. See arch.h.
 */
#ifndef TESTBED_ARCH_CPU_H
#define TESTBED_ARCH_CPU_H

#include <stdint.h>
#include <uk/essentials.h>

#include "arch_layout.h"

#define ARCH_NAME "aarch64"

#define cpu_read(name) __extension__ ({					\
	uint64_t value_;						\
									\
	__asm__ volatile("mrs %0, " #name : "=r"(value_) : : "memory");	\
	value_;								\
})

#define cpu_write(name, value)						\
	__asm__ volatile("msr " #name ", %0"				\
			 : : "r"((uint64_t)(value)) : "memory")

/* The virtual counter, which run.py has tick once in a nanosecond */
static inline uint64_t cpu_counter(void)
{
	return cpu_read(cntvct_el0);
}

static inline uint32_t device_read(uintptr_t address)
{
	return *(volatile uint32_t *)address;
}

static inline void device_write(uintptr_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

#define MASKED_INTERRUPTS 0x80UL

static inline unsigned long cpu_interrupts(void)
{
	return ~cpu_read(daif) & MASKED_INTERRUPTS;
}

static inline void cpu_interrupts_off(void)
{
	__asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline void cpu_interrupts_on(void)
{
	__asm__ volatile("msr daifclr, #2" : : : "memory");
}

/* An interrupt ends the wait while it is still masked. */
static inline void cpu_interrupts_on_and_wait(void)
{
	__asm__ volatile("wfi; msr daifclr, #2" : : : "memory");
}

static inline void cpu_fill(void *to, uint64_t value, uint64_t words)
{
	for (; words; words -= 2)
		__asm__ volatile("stp %1, %1, [%0], #16"
				 : "+r"(to) : "r"(value) : "memory");
}

/* An alarm that is still to come would end the wait each time. */
static inline void __noreturn cpu_stop(void)
{
	cpu_interrupts_off();
	cpu_write(cntv_ctl_el0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

/* Semihosting's SYS_EXIT, of an application that exits by itself */
static inline void __noreturn cpu_leave(int value)
{
	const uint64_t block[2] = { 0x20026, 2 * (uint64_t)value + 1 };
	register uint64_t operation __asm__("x0") = 0x18;
	register const uint64_t *argument __asm__("x1") = block;

	cpu_interrupts_off();
	__asm__ volatile("hlt #0xf000"
			 : "+r"(operation) : "r"(argument) : "memory");
	cpu_stop();
}

static inline uintptr_t cpu_thread_pointer(void)
{
	return cpu_read(tpidr_el0);
}

static inline void cpu_set_thread_pointer(uintptr_t value)
{
	cpu_write(tpidr_el0, value);
}

/* As switch.S takes it: x19 to x30, d8 to d15, the control register */
static inline uintptr_t thread_frame(uintptr_t top, uintptr_t function,
				     void *argument, void (*entry)(void))
{
	uintptr_t *frame = (uintptr_t *)ALIGN_DOWN(top, (uintptr_t)16) - 22;

	for (unsigned int i = 0; i < 22; i++)
		frame[i] = 0;
	frame[0] = function;			/* x19 */
	frame[1] = (uintptr_t)argument;		/* x20 */
	frame[11] = (uintptr_t)entry;		/* x30 */
	return (uintptr_t)frame;
}

/*
 * Thread local storage, variant I: the variables lie above the thread pointer,
 * after 16 bytes that are the linker's; musl's struct pthread ends at it.
 *
 *   area                   tlsp
 *   +---------+------------+----------+-----+--------+-------+-----+
 *   | padding | musl's     | 16 bytes | pad | .tdata | .tbss | pad |
 *   +---------+------------+----------+-----+--------+-------+-----+
 */
#define TLS_CONTROL_BYTES 256UL		/* a multiple of any alignment here */
#define TLS_GAP_BYTES 16UL
#define MUSL_PTHREAD_BYTES 200UL	/* in 1.2.3; tls.c checks it */

static inline uintptr_t tls_pointer(uintptr_t area,
				    uintptr_t variables __unused)
{
	return area + TLS_CONTROL_BYTES;
}

static inline uintptr_t tls_area(uintptr_t pointer,
				 uintptr_t variables __unused)
{
	return pointer - TLS_CONTROL_BYTES;
}

static inline uintptr_t tls_variables(uintptr_t pointer,
				      uintptr_t variables __unused,
				      uintptr_t align)
{
	return pointer + ALIGN_UP(TLS_GAP_BYTES, align);
}

static inline uintptr_t tls_area_bytes(uintptr_t variables, uintptr_t align)
{
	return TLS_CONTROL_BYTES + ALIGN_UP(TLS_GAP_BYTES, align) + variables;
}

static inline uintptr_t tls_control_block(uintptr_t pointer)
{
	return pointer - MUSL_PTHREAD_BYTES;
}

/* Page tables: normal memory, shared, accessed, for this level alone */
#define ENTRY_PRESENT 0x1UL
#define ENTRY_TABLE 0x2UL		/* on the last level: a page */
#define ENTRY_MEMORY 0x704UL
#define ENTRY_NO_EXECUTE (3UL << 53)

static inline uint64_t entry_of_table(uintptr_t table)
{
	return table | ENTRY_PRESENT | ENTRY_TABLE;
}

static inline uint64_t entry_of_page(uintptr_t frame)
{
	return frame | ENTRY_PRESENT | ENTRY_TABLE | ENTRY_MEMORY
		| ENTRY_NO_EXECUTE;
}

static inline uint64_t entry_of_large_page(uintptr_t frame)
{
	return frame | ENTRY_PRESENT | ENTRY_MEMORY | ENTRY_NO_EXECUTE;
}

static inline uint64_t entry_is_present(uint64_t entry)
{
	return entry & ENTRY_PRESENT;
}

/* Asked of all levels but the last */
static inline uint64_t entry_is_large(uint64_t entry)
{
	return !(entry & ENTRY_TABLE);
}

static inline uintptr_t entry_frame(uint64_t entry)
{
	return entry & 0x0000fffffffff000UL;
}

/* The error is the syndrome: a permission fault on any level */
static inline uint64_t fault_of_permission(uint64_t error)
{
	return (error & 0x3c) == 0x0c;
}

static inline void cpu_entries_written(void)
{
	__asm__ volatile("dsb ishst; isb" : : : "memory");
}

static inline void cpu_forget_page(uintptr_t address)
{
	__asm__ volatile("dsb ishst; tlbi vaae1is, %0; dsb ish; isb"
			 : : "r"(address >> 12) : "memory");
}

#endif /* TESTBED_ARCH_CPU_H */
