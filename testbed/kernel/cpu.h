/* SPDX-License-Identifier: BSD-3-Clause */
/* Single instructions. */
#ifndef TESTBED_CPU_H
#define TESTBED_CPU_H

#include <stdint.h>

#define MSR_EFER 0xc0000080U
#define MSR_STAR 0xc0000081U
#define MSR_LSTAR 0xc0000082U
#define MSR_FMASK 0xc0000084U
#define MSR_FS_BASE 0xc0000100U

#define FLAG_INTERRUPTS 0x200UL
#define FLAG_DIRECTION 0x400UL

static inline void cpu_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
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

static inline uint64_t cpu_read_tsc(void)
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

static inline unsigned long cpu_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
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

/* Fills 8 bytes at a time, without any vector register. */
static inline void cpu_fill(void *to, uint64_t value, uint64_t words)
{
	__asm__ volatile("cld; rep stosq" : "+D"(to), "+c"(words)
			 : "a"(value) : "memory");
}

#endif /* TESTBED_CPU_H */
