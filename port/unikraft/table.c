/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of functions. There are two sets: one for allocators with one
 * heap, which lies at a constant distance from the table, and one for the
 * allocator with a heap for each thread.
 */
#include <errno.h>
#include <string.h>

#include "port_internal.h"

#if CONFIG_LIBUKALLOC_IFSTATS

/* A block is counted with what it can hold, when it comes and when it goes */
static size_t counted_size(struct uk_alloc *a, void *p)
{
	return block_live_size(instance_of(a), p);
}

static void *counted(struct uk_alloc *a, void *p, size_t size)
{
	if (p)
		uk_alloc_stats_count_alloc(a, p, counted_size(a, p));
	else
		uk_alloc_stats_count_enomem(a, size);
	return p;
}

/* False: it is no block, and to be refused */
static bool count_free(struct uk_alloc *a, void *p)
{
	size_t size = counted_size(a, p);

	if (size)
		uk_alloc_stats_count_free(a, p, size);
	return size != 0;
}

#else

static ALWAYS_INLINE void *counted(struct uk_alloc *a, void *p, size_t size)
{
	(void)a;
	(void)size;
	return p;
}

static ALWAYS_INLINE bool count_free(struct uk_alloc *a, void *p)
{
	(void)a;
	(void)p;
	return true;
}

#endif /* CONFIG_LIBUKALLOC_IFSTATS */

/*
 * Where in a heap the queue of a size above DIRECT_SIZE_MAX is. From there on
 * the steps of classes are multiples of 128 bytes, so the number of these tells
 * the class: three instructions less than the logarithm. Of the octave from
 * 1 KiB each of 8 classes is one step of 128 bytes, of the next one two.
 */
#define TIMES_1(class)	((class) * sizeof(struct queue))
#define TIMES_2(class)	TIMES_1(class), TIMES_1(class)
#define TIMES_4(class)	TIMES_2(class), TIMES_2(class)
#define TIMES_8(class)	TIMES_4(class), TIMES_4(class)
#define TIMES_16(class)	TIMES_8(class), TIMES_8(class)
#define OCTAVE(times, class)						\
	times(class), times((class) + 1), times((class) + 2),		\
	times((class) + 3), times((class) + 4), times((class) + 5),	\
	times((class) + 6), times((class) + 7)

static const uint16_t queue_offsets[CLASSED_SIZE_MAX / 128] = {
	[DIRECT_SIZE_MAX / 128] =
	OCTAVE(TIMES_1, CLASS_DIRECT_COUNT),
	OCTAVE(TIMES_2, CLASS_DIRECT_COUNT + 8),
	OCTAVE(TIMES_4, CLASS_DIRECT_COUNT + 16),
	OCTAVE(TIMES_8, CLASS_DIRECT_COUNT + 24),
	OCTAVE(TIMES_16, CLASS_DIRECT_COUNT + 32),
};

_Static_assert(CLASS_COUNT == CLASS_DIRECT_COUNT + 40, "five octaves");

static ALWAYS_INLINE struct queue *queue_of(struct heap *heap, size_t size)
{
	return (struct queue *)((char *)heap->queues +
				queue_offsets[(size - 1) / 128]);
}

/* ---- the verbs on whatever heap ---- */

static ALWAYS_INLINE void *malloc_on(struct uk_alloc *a, struct heap *heap,
				     size_t size)
{
	void *p;

	if (likely(size <= DIRECT_SIZE_MAX))
		p = heap_malloc_small(heap, size);
	else if (size <= CLASSED_SIZE_MAX)
		p = queue_malloc(heap, queue_of(heap, size), size);
	else
		p = large_alloc(heap, size, BLOCK_ALIGN, 0, 0);
	return counted(a, p, size);
}

static void *calloc_on(struct uk_alloc *a, struct heap *heap, size_t count,
		       size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return counted(a, error_overflow(count, size), SIZE_MAX);
	return counted(a, heap_zalloc(heap, total), total);
}

static void table_free(struct uk_alloc *a, void *p);

/* A report names the caller, so what is to be refused is so in the last call */
static NOINLINE void *free_instead(struct uk_alloc *a, void *p)
{
	if (!block_live_size(instance_of(a), p))
		return block_refuse(instance_of(a), p, "free");
	table_free(a, p);
	return NULL;
}

static void *realloc_on(struct uk_alloc *a, struct heap *heap, void *p,
			size_t size)
{
	void *moved;

	if (!p)
		return counted(a, heap_malloc(heap, size), size);
	if (!size)
		return free_instead(a, p);
	if (!count_free(a, p))
		return block_refuse(instance_of(a), p, "realloc");
	moved = heap_realloc(heap, p, size, false);
#if CONFIG_LIBUKALLOC_IFSTATS
	if (!moved) {
		if (counted_size(a, p)) {	/* the old block stays */
			uk_alloc_stats_count_enomem(a, size);
			uk_alloc_stats_count_alloc(a, p, counted_size(a, p));
		}
		return NULL;
	}
	uk_alloc_stats_count_alloc(a, moved, counted_size(a, moved));
#endif
	return moved;
}

static void *memalign_on(struct uk_alloc *a, struct heap *heap, size_t align,
			 size_t size)
{
	void *p = heap_malloc_aligned(heap, size, align, 0, false);

	/* a wrong alignment is no want of memory */
	return is_power_of_two(align) ? counted(a, p, size) : p;
}

static int posix_memalign_on(struct uk_alloc *a, struct heap *heap, void **p,
			     size_t align, size_t size)
{
	void *block;

	if (!is_power_of_two(align) || align % sizeof(void *))
		return EINVAL;
	block = memalign_on(a, heap, align, size);
	if (unlikely(!block))
		return ENOMEM;
	*p = block;
	return 0;
}

/* As instance_free(), whose slow paths would cost a register here */
static void table_free(struct uk_alloc *a, void *p)
{
	struct instance *instance = instance_of(a);
	struct run *run = run_of(instance, p);
	struct block *block = p, *first;

	ARCH_HIDE_SUM(run);
	(void)count_free(a, p);
#if MI_CONCURRENT
	/* relaxed: see ground/run.h */
	if (unlikely(!PORT_THREAD_IS_QUICK(atomic_read(&run->owner)))) {
		free_other(instance, p, run);
		return;
	}
#endif
	if (unlikely(account_block_freed(run, p, &first)) ||
	    unlikely(block_has_tag(page_of_run(run), block))) {
		free_stopped(instance, p, run);
		return;
	}
	page_push_freed(page_of_run(run), block, first);
}

/* ---- one heap; with several CPUs, one of each thread that comes by ---- */

#if MI_CONCURRENT

/* Looked for at each call. NULL: none, and there is no memory for one */
static struct heap *heap_in(struct uk_alloc *a)
{
	struct heap *heap = heap_of_owner(instance_of(a), port_thread_id());

	return heap ? heap : heap_create(instance_of(a), NULL, false);
}

#else

static ALWAYS_INLINE struct heap *heap_in(struct uk_alloc *a)
{
	return main_heap_of(a);
}

#endif

static void *no_heap(struct uk_alloc *a, size_t size)
{
	return counted(a, error_no_memory(size), size);
}

static void *single_malloc(struct uk_alloc *a, __sz size)
{
	struct heap *heap = heap_in(a);

	return heap ? malloc_on(a, heap, size) : no_heap(a, size);
}

static void *single_calloc(struct uk_alloc *a, __sz count, __sz size)
{
	struct heap *heap = heap_in(a);

	return heap ? calloc_on(a, heap, count, size) : no_heap(a, size);
}

static void *single_realloc(struct uk_alloc *a, void *p, __sz size)
{
	struct heap *heap = heap_in(a);

	return heap ? realloc_on(a, heap, p, size) : no_heap(a, size);
}

static int single_posix_memalign(struct uk_alloc *a, void **p, __sz align,
				 __sz size)
{
	struct heap *heap = heap_in(a);

	if (heap)
		return posix_memalign_on(a, heap, p, align, size);
	(void)no_heap(a, size);
	return ENOMEM;
}

static void *single_memalign(struct uk_alloc *a, __sz align, __sz size)
{
	struct heap *heap = heap_in(a);

	return heap ? memalign_on(a, heap, align, size) : no_heap(a, size);
}

/* ---- a heap for each thread ---- */

#if MI_THREADS

#include <uk/thread.h>

static ALWAYS_INLINE struct heap *thread_heap(void)
{
	uintptr_t key;

	if (unlikely(!heap_is_at_hand(key)))
		return heap_switch();
	return heap_of_word(word_at_hand(key));
}

static NOINLINE void *thread_malloc_switch(struct uk_alloc *a, size_t size)
{
	return malloc_on(a, heap_switch(), size);
}

static void *thread_malloc(struct uk_alloc *a, __sz size)
{
	uintptr_t key;

	if (unlikely(!heap_is_at_hand(key)))
		return thread_malloc_switch(a, size);
	return malloc_on(a, heap_of_word(word_at_hand(key)), size);
}

static void *thread_calloc(struct uk_alloc *a, __sz count, __sz size)
{
	return calloc_on(a, thread_heap(), count, size);
}

static void *thread_realloc(struct uk_alloc *a, void *p, __sz size)
{
	return realloc_on(a, thread_heap(), p, size);
}

static int thread_posix_memalign(struct uk_alloc *a, void **p, __sz align,
				 __sz size)
{
	return posix_memalign_on(a, thread_heap(), p, align, size);
}

static void *thread_memalign(struct uk_alloc *a, __sz align, __sz size)
{
	return memalign_on(a, thread_heap(), align, size);
}

static void table_threads(struct uk_alloc *a)
{
	a->malloc = thread_malloc;
	a->calloc = thread_calloc;
	a->realloc = thread_realloc;
	a->posix_memalign = thread_posix_memalign;
	a->memalign = thread_memalign;
}

#else

static void table_threads(struct uk_alloc *a)
{
	(void)a;
}

#endif /* MI_THREADS */

void table_init(struct uk_alloc *a, bool thread_heaps)
{
	uk_alloc_init_malloc(a, single_malloc, single_calloc, single_realloc,
			     table_free, single_posix_memalign,
			     single_memalign, table_maxalloc, table_availmem,
			     table_addmem);
	a->palloc = table_palloc;
	a->pfree = table_pfree;
	a->pmaxalloc = table_pmaxalloc;
	a->pavailmem = table_pavailmem;
	if (thread_heaps)
		table_threads(a);
}
