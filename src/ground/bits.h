/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits, alignment, arithmetic that cannot overflow unseen. */
#ifndef MI_BITS_H
#define MI_BITS_H

#include "ground/config.h"

#if defined(__x86_64__) && !defined(MI_ARCH_GENERIC)
#include "ground/arch/x86_64.h"
#elif defined(__aarch64__) && !defined(MI_ARCH_GENERIC)
#include "ground/arch/aarch64.h"
#else
#include "ground/arch/generic.h"
#endif

#ifndef likely
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#endif

/* For data: found without a table, whatever the library is linked as */
#define HIDDEN		__attribute__((visibility("hidden")))

#define ALWAYS_INLINE	inline __attribute__((always_inline))
#define COLD		__attribute__((noinline, cold))
#define NOINLINE	__attribute__((noinline))

static inline bool is_power_of_two(size_t x)
{
	return x != 0 && (x & (x - 1)) == 0;
}

/* Largest n with 2^n <= x; x is not 0 */
static inline unsigned int log2_floor(size_t x)
{
	return 63u - (unsigned int)__builtin_clzl(x);
}

static inline uintptr_t align_down(uintptr_t x, size_t alignment)
{
	return x & ~(uintptr_t)(alignment - 1);
}

/* The caller makes sure that the sum does not wrap */
static inline uintptr_t align_up(uintptr_t x, size_t alignment)
{
	return align_down(x + (alignment - 1), alignment);
}

/* Units that hold `bytes`; no overflow for any value */
static inline size_t units_of(size_t bytes)
{
	return (bytes >> UNIT_SHIFT) + ((bytes & (UNIT_SIZE - 1)) != 0);
}

/* True on overflow, as the builtin */
static inline bool multiply_overflows(size_t count, size_t size,
				      size_t *total)
{
	return __builtin_mul_overflow(count, size, total);
}

static inline void memory_zero(void *start, size_t bytes)
{
	__builtin_memset(start, 0, bytes);
}

static inline void memory_copy(void *to, const void *from, size_t bytes)
{
	__builtin_memcpy(to, from, bytes);
}

#endif /* MI_BITS_H */
