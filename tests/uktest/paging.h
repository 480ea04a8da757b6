/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PAGING_H
#define PAGING_H

#include <uk/vmem.h>

#include "../test_pool.h"
#include "port_internal.h"

#define UNITS_MAX	1300

/* What the port leaves to others of so little memory (system.c) */
#define RESERVE_BYTES	(256 * KIB)

extern struct uk_falloc frames;
extern struct uk_alloc *pool;

/* A heap of so many units, for which there are so many frames; and its end */
void paging_start(size_t units, size_t frame_count);
void paging_end(void);

static inline bool pool_is_valid(void)
{
	return instance_is_valid(instance_of(pool)) &&
	       heap_is_valid(main_heap_of(pool));
}

#endif /* PAGING_H */
