/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the mi_*.c files share: public types as the engine's own, and the one
 * place that says what the default instance and the caller's heap are. The
 * latter is "here":
 *
 *	heap_word	where each thread has one: the heap is found by it
 *	turn_heap_of()	where threads take turns (PORT_TURNS), if their turn
 *			is known: turn_is_taken(). Else turn_take() tells.
 */
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

#if PORT_TURNS

/* The default instance, or before there is one what has no memory */
static ALWAYS_INLINE struct instance *instance_here(void)
{
	if (unlikely(!default_instance_pointer))
		default_instance_pointer = &instance_of_none;
	return default_instance_pointer;
}

static inline bool instance_is_made(void)
{
	return instance_here() != &instance_of_none;
}

/* What the compiler has for it is a function of libgcc, which is not linked */
static inline size_t bits_set(uint64_t word)
{
	size_t count = 0;

	for (; word; word &= word - 1)
		count++;
	return count;
}

/* The heap that mi_malloc() takes from, or empty_heap */
static ALWAYS_INLINE struct heap *heap_here(void)
{
	uintptr_t key;

	if (unlikely(!turn_is_taken(key)))
		return turn_take();
	return turn_heap_of(key);
}

/* The same, but NULL where there is no memory for one */
static inline struct heap *heap_here_or_new(void)
{
	struct heap *heap = heap_here();

	return heap == &empty_heap ? NULL : heap;
}

/* Of any size is what another thread's turn begins with: a jump, no call */
static ALWAYS_INLINE void *small_here(size_t size)
{
	uintptr_t key;

	if (unlikely(!turn_is_taken(key)))
		return turn_malloc(size);
	return heap_malloc_small(turn_heap_of(key), size);
}

static ALWAYS_INLINE void *generic_here(size_t size)
{
	uintptr_t key;

	if (unlikely(!turn_is_taken(key)))
		return turn_malloc(size);
	return heap_malloc_generic(turn_heap_of(key), size);
}

/* Whether the caller, whose heap is `before`, may have the heap for default */
static inline bool heap_may_be_chosen(const struct heap *heap,
				      const struct heap *before)
{
	return heap->owner == port_thread_id() || heap == before->backing;
}

static inline void thread_done_here(void)
{
	turn_thread_done();
}

#else /* !PORT_TURNS */

static ALWAYS_INLINE struct instance *instance_here(void)
{
	return &default_instance;
}

#define instance_is_made()	true

static inline size_t bits_set(uint64_t word)
{
	return (size_t)__builtin_popcountll(word);
}

static ALWAYS_INLINE struct heap *heap_here(void)
{
	return heap_current();
}

static ALWAYS_INLINE struct heap *heap_here_or_new(void)
{
	return heap_current_or_new();
}

static ALWAYS_INLINE void *small_here(size_t size)
{
	return word_malloc(heap_word, size);
}

static ALWAYS_INLINE void *generic_here(size_t size)
{
	return malloc_generic(size);
}

static inline bool heap_may_be_chosen(const struct heap *heap,
				      const struct heap *before)
{
	return heap->owner == before->owner;
}

static inline void heap_choose(struct heap *heap)
{
	heap_word = heap_to_word(heap);
}

/* The heap ends: the thread's default is another then */
static inline void heap_unchoose(struct heap *heap)
{
	if (heap_current() == heap)
		heap_word = heap_to_word(heap->backing);
}

static inline void thread_done_here(void)
{
	heaps_thread_done();
}

#endif /* PORT_TURNS */

/* The result of a verb, made known to the tools that watch */
static ALWAYS_INLINE void *tracked(void *p, bool zero)
{
	if (MI_TRACK && p)
		track_block(instance_here(), p, zero);
	return p;
}

static ALWAYS_INLINE void *malloc_here(size_t size)
{
	if (unlikely(size > DIRECT_SIZE_MAX))
		return generic_here(size);
	return small_here(size);
}

#endif /* MI_API_H */
