/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKARCH_LIMITS_H__
#define __UKARCH_LIMITS_H__

#include <uk/config.h>

#define __PAGE_SHIFT 12
#define __PAGE_SIZE (1ULL << __PAGE_SHIFT)
#define __PAGE_MASK (~(__PAGE_SIZE - 1))

#define __STACK_SIZE 65536
#define __AUXSTACK_SIZE 65536

#define __SZ_MAX 18446744073709551615UL
#define __SSZ_MAX 9223372036854775807L
#define __U64_MAX 18446744073709551615UL
#define __U32_MAX 4294967295U

#endif /* __UKARCH_LIMITS_H__ */
