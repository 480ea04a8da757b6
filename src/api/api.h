/* SPDX-License-Identifier: BSD-3-Clause */
/* What the mi_*.c files share: public types as the engine's own. */
#ifndef MI_API_H
#define MI_API_H

#include "mimalloc.h"
#include "blocks/blocks.h"

static ALWAYS_INLINE struct heap *heap_of_api(const mi_heap_t *heap)
{
	return (struct heap *)(uintptr_t)heap;
}

static ALWAYS_INLINE mi_heap_t *heap_to_api(const struct heap *heap)
{
	return (mi_heap_t *)(uintptr_t)heap;
}

/* The result of a verb, made known to the tools that watch */
static ALWAYS_INLINE void *tracked(void *p, bool zero)
{
	if (MI_TRACK && p)
		track_block(&default_instance, p, zero);
	return p;
}

static ALWAYS_INLINE void *malloc_here(size_t size)
{
	if (unlikely(size > DIRECT_SIZE_MAX))
		return malloc_generic(size);
	return word_malloc(heap_word, size);
}

#endif /* MI_API_H */
