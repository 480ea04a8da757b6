/* SPDX-License-Identifier: BSD-3-Clause */
/* What an architecture has to offer, in plain C. */
#ifndef MI_ARCH_GENERIC_H
#define MI_ARCH_GENERIC_H

#include <stdbool.h>
#include <stdint.h>

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

static inline bool arch_thread_pointer_is(uintptr_t pointer)
{
	return pointer == arch_thread_pointer();
}

#endif /* MI_ARCH_GENERIC_H */
