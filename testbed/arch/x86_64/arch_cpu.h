/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x86-64: single instructions, the stack of a new thread, the area of thread
 * local storage, entries of page tables. See arch.h.
 */
#ifndef TESTBED_ARCH_CPU_H
#define TESTBED_ARCH_CPU_H

#include <stdint.h>
#include <uk/essentials.h>

#include "arch_layout.h"

#define ARCH_NAME "x86_64"

#define MSR_EFER 0xc0000080U
#define MSR_STAR 0xc0000081U
#define MSR_LSTAR 0xc0000082U
#define MSR_FMASK 0xc0000084U
#define MSR_FS_BASE 0xc0000100U
#define MSR_GS_BASE 0xc0000101U

#define FLAG_INTERRUPTS 0x200UL
#define FLAG_DIRECTION 0x400UL

static inline void cpu_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t cpu_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t cpu_read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t cpu_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uintptr_t cpu_read_cr2(void)
{
	uintptr_t value;

	__asm__ volatile("movq %%cr2, %0" : "=r"(value));
	return value;
}

static inline void cpu_forget_page(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline unsigned long cpu_interrupts(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags & FLAG_INTERRUPTS;
}

static inline void cpu_interrupts_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void cpu_interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

/* Waits for an interrupt; none can slip in between the two. */
static inline void cpu_interrupts_on_and_wait(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

static inline void cpu_fill(void *to, uint64_t value, uint64_t words)
{
	__asm__ volatile("cld; rep stosq" : "+D"(to), "+c"(words)
			 : "a"(value) : "memory");
}

static inline void __noreturn cpu_stop(void)
{
	cpu_interrupts_off();
	for (;;)
		__asm__ volatile("hlt");
}

/* Without the device that ends QEMU the CPU stops for ever. */
static inline void __noreturn cpu_leave(int value)
{
	cpu_interrupts_off();
	cpu_out8(EXIT_PORT, (uint8_t)value);
	cpu_stop();
}

static inline uintptr_t cpu_thread_pointer(void)
{
	return cpu_read_msr(MSR_FS_BASE);
}

static inline void cpu_set_thread_pointer(uintptr_t value)
{
	cpu_write_msr(MSR_FS_BASE, value);
}

/* As switch.S takes it; the control words as a fresh thread has them */
static inline uintptr_t thread_frame(uintptr_t top, uintptr_t function,
				     void *argument, void (*entry)(void))
{
	uintptr_t *frame = (uintptr_t *)ALIGN_DOWN(top, (uintptr_t)16) - 10;

	frame[0] = 0x037f00001f80UL;
	frame[1] = 0;				/* r15 */
	frame[2] = 0;				/* r14 */
	frame[3] = (uintptr_t)argument;		/* r13 */
	frame[4] = function;			/* r12 */
	frame[5] = 0;				/* rbx */
	frame[6] = 0;				/* rbp */
	frame[7] = (uintptr_t)entry;
	return (uintptr_t)frame;
}

/*
 * Thread local storage, variant II: the variables lie below the thread
 * pointer, the control block of the C library starts at it, with a pointer to
 * itself as its first word.
 *
 *   area                              tlsp
 *   +---------+--------+-------+------+------+---------------------+
 *   | padding | .tdata | .tbss |  pad | self | rest of musl's block |
 *   +---------+--------+-------+------+------+---------------------+
 *
 * There is room for musl's struct pthread, 200 bytes in 1.2.3.
 */
#define TLS_CONTROL_BYTES 256UL

static inline uintptr_t tls_area_bytes(uintptr_t variables,
				       uintptr_t align __unused)
{
	return variables + TLS_CONTROL_BYTES;
}

static inline uintptr_t tls_pointer(uintptr_t area, uintptr_t variables)
{
	return area + variables;
}

static inline uintptr_t tls_area(uintptr_t pointer, uintptr_t variables)
{
	return pointer - variables;
}

static inline uintptr_t tls_variables(uintptr_t pointer, uintptr_t variables,
				      uintptr_t align __unused)
{
	return pointer - variables;
}

static inline uintptr_t tls_control_block(uintptr_t pointer)
{
	return pointer;
}

/* Page tables */
#define ENTRY_PRESENT 0x1UL
#define ENTRY_WRITABLE 0x2UL
#define ENTRY_LARGE 0x80UL
#define ENTRY_NO_EXECUTE (1UL << 63)

static inline uint64_t entry_of_table(uintptr_t table)
{
	return table | ENTRY_PRESENT | ENTRY_WRITABLE;
}

static inline uint64_t entry_of_page(uintptr_t frame)
{
	return frame | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_NO_EXECUTE;
}

static inline uint64_t entry_of_large_page(uintptr_t frame)
{
	return frame | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_LARGE
		| ENTRY_NO_EXECUTE;
}

static inline uint64_t entry_is_present(uint64_t entry)
{
	return entry & ENTRY_PRESENT;
}

static inline uint64_t entry_is_large(uint64_t entry)
{
	return entry & ENTRY_LARGE;
}

static inline uintptr_t entry_frame(uint64_t entry)
{
	return entry & 0x000ffffffffff000UL;
}

static inline uint64_t fault_of_permission(uint64_t error)
{
	return error & 1;
}

/* The CPU sees an entry that was 0 when it is next asked for. */
static inline void cpu_entries_written(void)
{
}

#endif /* TESTBED_ARCH_CPU_H */
