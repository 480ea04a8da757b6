/* SPDX-License-Identifier: BSD-3-Clause */
/* What an architecture has to offer, in plain C, for those without a file. */
#ifndef MI_ARCH_GENERIC_H
#define MI_ARCH_GENERIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Hints to a compiler, none of which changes what is computed, and what a
 * machine can do. x86_64.h and aarch64.h say what each is for.
 */
#define ARCH_LIVE_TOGETHER(a, b)	((void)0)
#define ARCH_READ_TOGETHER(a, b)	((void)0)
#define ARCH_HIDE_SUM(p)		((void)0)
#define ARCH_READS_PAIRS		0

static inline bool arch_subtract_to_zero_or_below(uint64_t *minuend,
						  uint64_t subtrahend)
{
	uint64_t before = *minuend;

	*minuend = before - subtrahend;
	return before <= subtrahend;
}

static inline uintptr_t arch_thread_pointer(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

static inline uintptr_t arch_thread_base(void)
{
	return arch_thread_pointer();
}

#define ARCH_LOCAL_READ(word, base, name)	((void)(base), (word) = (name))
#define ARCH_LOCAL_AT(at, base, name)		((void)(base), (at) = &(name))

static inline bool arch_reads_thread_base(void)
{
	return true;
}

static inline void arch_relax(void)
{
}

static inline bool arch_thread_pointer_is(uintptr_t pointer)
{
	return pointer == arch_thread_pointer();
}

#endif /* MI_ARCH_GENERIC_H */
