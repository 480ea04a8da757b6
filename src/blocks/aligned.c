/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Alignment. A page begins at a unit, so its blocks are aligned to whatever
 * divides both their size and 4096; other alignments are for runs. Every
 * block that is handed out is the start of its block.
 */
#include "blocks/blocks.h"

/*
 * In place of a block that is not aligned: it is of a larger class, lent by the
 * heap or for want of memory, see heap_alloc()
 */
static COLD void *aligned_own(struct heap *heap, void *lent, size_t size,
			      size_t alignment, bool zero)
{
	struct instance *instance = heap_instance(heap);
	struct page *page = page_of_run(block_run_quiet(instance, lent));
	void *p = heap_alloc_own(page->heap, size_class_of(size), false);

	block_free(instance, lent);
	if (unlikely(!p || ((uintptr_t)p & (alignment - 1)))) {
		block_free(instance, p);
		return error_no_memory(size);
	}
	if (zero) {
		size = block_usable(block_run_quiet(instance, p));
		track_touch(p, size);
		memory_zero(p, size);
	}
	return p;
}

/*
 * A multiple of the alignment has a class whose size is one, too. Up to
 * DIRECT_SIZE_MAX, and where the classes of an octave are less than the
 * alignment apart, that is the size itself. Elsewhere all classes of the octave
 * are multiples of how far they are apart.
 */
static void *aligned_small(struct heap *heap, size_t size, size_t alignment,
			   bool zero)
{
	void *p;

	size = align_up(size ? size : 1, alignment);
	p = zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
	if (likely(((uintptr_t)p & (alignment - 1)) == 0))
		return p;
	return aligned_own(heap, p, size, alignment, zero);
}

void *heap_malloc_aligned(struct heap *heap, size_t size, size_t alignment,
			  size_t offset, bool zero)
{
	if (unlikely(!is_power_of_two(alignment)))
		return error_alignment(alignment);
	offset &= alignment - 1;
	if (likely(offset == 0 && alignment <= UNIT_SIZE &&
		   size <= CLASSED_SIZE_MAX - alignment))
		return aligned_small(heap, size, alignment, zero);
	if (unlikely(size > PTRDIFF_MAX || alignment > PTRDIFF_MAX))
		return error_no_memory(size);
	if (offset == 0 && alignment <= BLOCK_ALIGN)
		return zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
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
	run = block_run(instance, p);
	if (unlikely(!run))
		return block_refuse(instance, p, "realloc");
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
