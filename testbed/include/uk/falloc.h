/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame allocator's two counters, in bytes. */
#ifndef __UK_FALLOC_H__
#define __UK_FALLOC_H__

#include <uk/arch/types.h>

struct uk_falloc {
	__sz free_memory;
	__sz total_memory;
};

#endif /* __UK_FALLOC_H__ */
