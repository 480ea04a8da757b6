/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is handed over as an arena. */
#ifndef TESTS_API_RANGE_H
#define TESTS_API_RANGE_H

#include "check.h"

struct range {
	char *start;
	size_t size;
	mi_arena_id_t id;
};

/* A range of this size that starts `odd` bytes after a 1 MiB boundary. */
static inline struct range range_new(size_t size, size_t odd)
{
	char *memory = system_memory(size + odd + 2 * MIB);
	struct range range;
	uintptr_t base = ((uintptr_t)memory + MIB - 1) & ~(uintptr_t)(MIB - 1);

	range.start = launder((void *)(base + odd));
	range.size = size;
	range.id = -1;
	return range;
}

/* Hand the range over, for one heap alone. */
static inline mi_heap_t *range_heap(struct range *range)
{
	assert_true(mi_manage_os_memory_ex(range->start, range->size, true,
					   false, true, -1, true, &range->id));
	return mi_heap_new_in_arena(range->id);
}

static inline bool range_holds(const struct range *range, const void *p,
			       size_t n)
{
	uintptr_t at = (uintptr_t)p;
	uintptr_t start = (uintptr_t)range->start;

	return at >= start && at - start <= range->size - n;
}

#endif /* TESTS_API_RANGE_H */
