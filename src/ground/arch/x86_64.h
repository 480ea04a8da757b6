/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the engine knows about x86-64. */
#ifndef MI_ARCH_X86_64_H
#define MI_ARCH_X86_64_H

#include <stdbool.h>
#include <stdint.h>

/* Keeps gcc from moving one to the other's register: an instruction less */
#define ARCH_LIVE_TOGETHER(a, b)	__asm__("" : "+r" (a), "+r" (b))

#define ARCH_READ_TOGETHER(a, b)	((void)0)
#define ARCH_HIDE_SUM(p)		((void)0)
#define ARCH_READS_PAIRS		0

/*
 * Subtracts and tells whether the minuend was at most the subtrahend, by the
 * flags of the subtraction itself: compilers load, compare, subtract and
 * store, three instructions more on the path of every free.
 */
static inline bool arch_subtract_to_zero_or_below(uint64_t *minuend,
						  uint64_t subtrahend)
{
	bool below_or_equal;

	__asm__("subq %[s], %[m]"
		: [m] "+m" (*minuend), "=@ccbe" (below_or_equal)
		: [s] "r" (subtrahend));
	return below_or_equal;
}

/* The thread's control block: its first word is its own address (x86 ABI) */
static inline uintptr_t arch_thread_pointer(void)
{
	uintptr_t pointer;

	__asm__("movq %%fs:0, %0" : "=r" (pointer));
	return pointer;
}

/*
 * The same by the register that it is in: 0 where there is no such block. Only
 * where arch_reads_thread_base() says that the processor can, which those since
 * 2012 can if the kernel lets them.
 */
static inline uintptr_t arch_thread_base(void)
{
	uintptr_t base;

	__asm__ volatile("rdfsbase %0" : "=r" (base));
	return base;
}

/*
 * A word of the thread's local storage, by its name and that base, and its
 * address: of an executable. Compilers take it for granted that there is such
 * storage, and read before they test whether there is.
 */
#define ARCH_LOCAL_READ(word, base, name)				\
	__asm__ volatile("movq " #name "@tpoff(%1), %0"			\
			 : "=r" (word) : "r" (base) : "memory")
#define ARCH_LOCAL_AT(at, base, name)					\
	__asm__("leaq " #name "@tpoff(%1), %0" : "=r" (at) : "r" (base))

/* Whether there is an instruction for it: bit 0 of EBX of leaf 7 */
static inline bool arch_reads_thread_base(void)
{
	uint32_t leaf = 0, features = 0, count = 0, rest;

	__asm__("cpuid"
		: "+a" (leaf), "=b" (features), "+c" (count), "=d" (rest));
	if (leaf < 7)
		return false;
	leaf = 7;
	count = 0;
	__asm__("cpuid"
		: "+a" (leaf), "=b" (features), "+c" (count), "=d" (rest));
	return features & 1;
}

/* Of a loop that waits for another processor */
static inline void arch_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline bool arch_thread_pointer_is(uintptr_t pointer)
{
	bool equal;

	__asm__("cmpq %%fs:0, %[p]" : "=@cce" (equal) : [p] "r" (pointer));
	return equal;
}

#endif /* MI_ARCH_X86_64_H */
