/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator of stacks. In mode vmem a stack is an area of its own: its
 * upper pages are mapped at once, the rest on demand, and the page below it
 * stays unmapped. In the other modes it is a block of the heap.
 */
#include <errno.h>
#include <string.h>
#include <uk/alloc_impl.h>
#include <uk/vmem.h>

#include "layout.h"
#include "memory.h"
#include "options.h"

struct stacks {
	struct uk_alloc *heap;
	size_t mapped_bytes;
	struct uk_alloc a;
};

static struct stacks *stacks_of(struct uk_alloc *a)
{
	return __containerof(a, struct stacks, a);
}

static void *stack_map(struct stacks *s, __sz size)
{
	struct uk_vas *vas = uk_vas_get_active();
	__vaddr_t at;
	__sz mapped;

	size = ALIGN_UP(size, (__sz)FRAME_BYTES);
	mapped = MIN(size, s->mapped_bytes);
	at = vmem_find_gap(STACKS_START, size + 2 * FRAME_BYTES)
		+ FRAME_BYTES;
	if (uk_vma_map_anon(vas, &at, size, PAGE_ATTR_PROT_RW,
			    UK_VMA_MAP_UNINITIALIZED, "stack"))
		return NULL;
	if (uk_vma_advise(vas, at + size - mapped, mapped,
			  UK_VMA_ADV_WILLNEED, 0)) {
		uk_vma_unmap(vas, at, size, 0);
		return NULL;
	}
	return (void *)at;
}

static void *stacks_memalign(struct uk_alloc *a, __sz align, __sz size)
{
	struct stacks *s = stacks_of(a);

	if (options.mode == HEAP_VMEM)
		return align <= FRAME_BYTES ? stack_map(s, size) : NULL;
	return uk_memalign(s->heap, align, size);
}

static void *stacks_malloc(struct uk_alloc *a, __sz size)
{
	return stacks_memalign(a, 16, size);
}

static int stacks_posix_memalign(struct uk_alloc *a, void **memptr, __sz align,
				 __sz size)
{
	*memptr = stacks_memalign(a, align, size);
	return *memptr ? 0 : ENOMEM;
}

static void stacks_free(struct uk_alloc *a, void *ptr)
{
	struct uk_vas *vas = uk_vas_get_active();
	struct uk_vma *area;

	if (options.mode != HEAP_VMEM) {
		uk_free(stacks_of(a)->heap, ptr);
		return;
	}
	for (area = vas->areas; area; area = area->next) {
		if (area->start == (__vaddr_t)ptr) {
			uk_vma_unmap(vas, area->start,
				     area->end - area->start, 0);
			return;
		}
	}
}

static void *stacks_realloc(struct uk_alloc *a __unused, void *ptr __unused,
			    __sz size __unused)
{
	return NULL;
}

/* Not registered: it is nobody's default. */
struct uk_alloc *stacks_create(struct uk_alloc *a, size_t mapped_bytes)
{
	struct stacks *s = uk_malloc(a, sizeof(*s));

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->heap = a;
	s->mapped_bytes = mapped_bytes;
	s->a.malloc = stacks_malloc;
	s->a.calloc = uk_calloc_compat;
	s->a.realloc = stacks_realloc;
	s->a.posix_memalign = stacks_posix_memalign;
	s->a.memalign = stacks_memalign;
	s->a.free = stacks_free;
	s->a.palloc = uk_palloc_compat;
	s->a.pfree = uk_pfree_compat;
	return &s->a;
}
