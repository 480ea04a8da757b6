/* SPDX-License-Identifier: BSD-3-Clause */
/* Attributes and small helpers under Unikraft's names. */
#ifndef __UK_ESSENTIALS_H__
#define __UK_ESSENTIALS_H__

#include <uk/config.h>
#include <uk/arch/types.h>

#ifndef __unused
#define __unused __attribute__((unused))
#endif
#ifndef __maybe_unused
#define __maybe_unused __attribute__((unused))
#endif
#ifndef __used
#define __used __attribute__((used))
#endif
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#ifndef __noreturn
#define __noreturn __attribute__((noreturn))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __alwaysinline
#define __alwaysinline __attribute__((always_inline))
#endif
#ifndef __align
#define __align(bytes) __attribute__((aligned(bytes)))
#endif
#ifndef __section
#define __section(name) __attribute__((section(name)))
#endif
#ifndef __printf
#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))
#endif
#ifndef __uk_tls
#define __uk_tls __thread
#endif

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#define ALIGN_UP(v, a) (((v) + ((a) - 1)) & ~((a) - 1))
#define ALIGN_DOWN(v, a) ((v) & ~((a) - 1))
#define IS_ALIGNED(v, a) (((v) & ((a) - 1)) == 0)
#define POWER_OF_2(v) ((v) != 0 && ((v) & ((v) - 1)) == 0)
#define DIV_ROUND_UP(v, d) (((v) + (d) - 1) / (d))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#ifndef MIN
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

#define __STRINGIFY(x) #x
#define STRINGIFY(x) __STRINGIFY(x)
#define __UK_CONCAT_X(a, b) a##b
#define UK_CONCAT(a, b) __UK_CONCAT_X(a, b)

#define __containerof(pointer, type, field) \
	((type *)((__uptr)(pointer) - __builtin_offsetof(type, field)))
#define DECONST(type, value) ((type)(__uptr)(const void *)(value))

#define UK_CTASSERT(x) _Static_assert(x, #x)

#endif /* __UK_ESSENTIALS_H__ */
