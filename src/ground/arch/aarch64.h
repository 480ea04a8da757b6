/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the engine knows about 64-bit ARM. */
#ifndef MI_ARCH_AARCH64_H
#define MI_ARCH_AARCH64_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_LIVE_TOGETHER(a, b)	((void)0)

/* Both are read before either is used: one ldp where they are neighbours */
#define ARCH_READ_TOGETHER(a, b)	__asm__("" : "+r" (a), "+r" (b))

/*
 * Keeps gcc from adding the parts of an address anew where it reads by it: two
 * registers are no address for ldp.
 */
#define ARCH_HIDE_SUM(p)		__asm__("" : "+r" (p))

/* A word more, read beside one that is read anyhow, costs nothing */
#define ARCH_READS_PAIRS		1

/*
 * Subtracts and tells whether the minuend was at most the subtrahend, by the
 * flags of the subtraction itself. clang does so unasked, gcc compares, too.
 */
static inline bool arch_subtract_to_zero_or_below(uint64_t *minuend,
						  uint64_t subtrahend)
{
	uint64_t before = *minuend;
	bool below_or_equal;

#ifdef __GCC_ASM_FLAG_OUTPUTS__
	__asm__("subs %[m], %[m], %[s]"
		: [m] "+r" (before), "=@ccls" (below_or_equal)
		: [s] "r" (subtrahend));
	*minuend = before;
#else
	below_or_equal = before <= subtrahend;
	*minuend = before - subtrahend;
#endif
	return below_or_equal;
}

static inline uintptr_t arch_thread_pointer(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* The same: 0 where a kernel has given the thread no such block */
static inline uintptr_t arch_thread_base(void)
{
	return arch_thread_pointer();
}

#define ARCH_LOCAL_READ(word, base, name)				\
	__asm__ volatile("add %0, %1, #:tprel_hi12:" #name ", lsl #12\n\t" \
			 "ldr %0, [%0, #:tprel_lo12_nc:" #name "]"	\
			 : "=&r" (word) : "r" (base) : "memory")
#define ARCH_LOCAL_AT(at, base, name)					\
	__asm__("add %0, %1, #:tprel_hi12:" #name ", lsl #12\n\t"	\
		"add %0, %0, #:tprel_lo12_nc:" #name			\
		: "=&r" (at) : "r" (base))

static inline bool arch_reads_thread_base(void)
{
	return true;
}

/* Of a loop that waits for another processor */
static inline void arch_relax(void)
{
	__asm__ volatile("yield" : : : "memory");
}

static inline bool arch_thread_pointer_is(uintptr_t pointer)
{
	return pointer == arch_thread_pointer();
}

#endif /* MI_ARCH_AARCH64_H */
