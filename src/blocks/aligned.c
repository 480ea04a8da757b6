/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alignment. A page begins at a unit, so its blocks are aligned to whatever
 * divides both their size and 4096; other alignments are for runs. Every
 * block that is handed out is the start of its block.
 */
#include "blocks/blocks.h"

/* The first class of at least `size` whose size `alignment` divides */
static unsigned int aligned_class(size_t size, size_t alignment)
{
	unsigned int class = size_class_of(size);

	while (class < CLASS_COUNT &&
	       (size_class_bytes(class) & (alignment - 1)))
		class++;	/* bounded: every power of two is a class */
	return class;
}

/*
 * In place of a block that is not aligned: it is of a larger class, lent by the
 * heap or for want of memory, see heap_alloc()
 */
static COLD void *aligned_own(struct heap *heap, void *lent,
			      unsigned int class, size_t alignment)
{
	struct instance *instance = heap_instance(heap);
	struct page *page = page_of_run(block_run_quiet(instance, lent));
	void *p = heap_alloc_own(page->heap, class, false);

	block_free(instance, lent);
	if (likely(((uintptr_t)p & (alignment - 1)) == 0) && p)
		return p;
	if (p)
		block_free(instance, p);
	return error_no_memory(size_class_bytes(class));
}

static void *aligned_small(struct heap *heap, size_t size, size_t alignment,
			   bool zero)
{
	unsigned int class;
	void *p;

	size = size ? align_up(size, alignment) : alignment;
	if (size > CLASSED_SIZE_MAX)
		return NULL;
	class = aligned_class(size, alignment);
	if (class == CLASS_COUNT)
		return NULL;
	size = size_class_bytes(class);
	p = heap_malloc(heap, size);
	if (unlikely((uintptr_t)p & (alignment - 1)))
		p = aligned_own(heap, p, class, alignment);
	if (zero && p) {
		track_touch(p, size);
		memory_zero(p, size);
	}
	return p;
}

void *heap_malloc_aligned(struct heap *heap, size_t size, size_t alignment,
			  size_t offset, bool zero)
{
	if (unlikely(!is_power_of_two(alignment)))
		return error_alignment(alignment);
	if (unlikely(size > PTRDIFF_MAX || alignment > PTRDIFF_MAX))
		return error_no_memory(size);
	offset &= alignment - 1;
	if (offset == 0 && alignment <= BLOCK_ALIGN)
		return zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
	if (offset == 0 && alignment <= UNIT_SIZE &&
	    size <= CLASSED_SIZE_MAX - alignment)
		return aligned_small(heap, size, alignment, zero);
	return large_alloc(heap, size, alignment, offset,
			   zero ? LARGE_ZERO : 0);
}

void *heap_realloc_aligned(struct heap *heap, void *p, size_t size,
			   size_t alignment, size_t offset, bool zero)
{
	struct instance *instance;
	size_t usable;
	struct run *run;
	void *moved;

	if (unlikely(!is_power_of_two(alignment)))
		return error_alignment(alignment);
	if (!p)
		return heap_malloc_aligned(heap, size, alignment, offset,
					   zero);
	if (alignment <= BLOCK_ALIGN && (offset & (alignment - 1)) == 0)
		return heap_realloc(heap, p, size, zero);
	instance = heap_instance(heap);
	run = block_run(instance, p, "realloc");
	if (unlikely(!run))
		return NULL;
	usable = block_usable(run);
	if (size <= usable && size >= usable / 2 &&
	    (((uintptr_t)p + offset) & (alignment - 1)) == 0) {
		if (zero)
			memory_zero((char *)p + size, usable - size);
		return p;
	}
	moved = heap_malloc_aligned(heap, size, alignment, offset, zero);
	if (unlikely(!moved))
		return NULL;
	if (MI_TRACK) {
		track_touch(moved, size);
		track_touch(p, usable);
	}
	memory_copy(moved, p, usable < size ? usable : size);
	if (MI_TRACK) {
		track_block(instance, moved, true);
		track_unblock(instance, p);
	}
	block_free(instance, p);
	return moved;
}
