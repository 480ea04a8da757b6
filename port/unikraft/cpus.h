/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several CPUs (LIBMIMALLOC_SMP). A thread finds its heap by a word of its
 * thread local storage. A CPU runs without such storage at first, and bare
 * threads never have it: what has none is a context of its CPU, and all of
 * these on one CPU, which take turns, share a heap. See cpus.c.
 */
#ifndef MI_CPUS_H
#define MI_CPUS_H

/* A ticket lock (Mellor-Crummey and Scott 1991): who waits longest is next */
struct port_lock {
	uint32_t next;		/* ticket: atomic */
	uint32_t serving;	/* the holder's: atomic */
	unsigned long interrupts;	/* as the holder found them */
};

/* A heap is found by its owner where the word leads to none */
#define PORT_OWNER_TABLE	1

/*
 * A free on another CPU asks for no more than whether it was the last of its
 * page: whatever it asked more of the word, each would pay for.
 */
#define PORT_OWNERS_COUNT	0

/* Address space is all that there is, and no memory can be given back */
#define PORT_CEDES		1

/* The word of the calling thread, or of its CPU */
#define PORT_HEAP_WORD		(*cpu_heap_word())
NOINLINE uintptr_t *cpu_heap_word(void);
/* Only where arch_thread_base() is not 0 */
extern HIDDEN __thread uintptr_t thread_heap_word;

/* What has no thread local storage: an odd number for each CPU */
NOINLINE uintptr_t cpu_context_id(void);

/*
 * A thread is where its local storage is. A callback for another thread runs
 * with that thread's storage, and so as that thread.
 */
static ALWAYS_INLINE uintptr_t port_thread_id(void)
{
	uintptr_t base = arch_thread_base();

	return likely(base) ? base : cpu_context_id();
}

static inline bool port_thread_is(uintptr_t id)
{
	return id == port_thread_id();
}

static ALWAYS_INLINE bool thread_is_quick(uintptr_t id)
{
	uintptr_t base = arch_thread_base();

	return likely(base) && id == base;
}

#define PORT_THREAD_IS_QUICK(id)	thread_is_quick(id)

/*
 * Where the caller is a thread, its word is at hand: `key` leads there. What it
 * takes for the mi_* functions its first heap remembers: `key` is that, then.
 * Macros, as they are used where all types are known.
 */
#define heap_is_at_hand(key)	likely(((key) = arch_thread_base()) != 0)
static ALWAYS_INLINE uintptr_t word_at_hand(uintptr_t key)
{
	uintptr_t word;

	ARCH_LOCAL_READ(word, key, thread_heap_word);
	return word;
}

#define turn_is_taken(key)						\
	(heap_is_at_hand(key) && likely((key) = (uintptr_t)		\
	 heap_of_word(word_at_hand(key))->choice))
#define turn_heap_of(key)	((struct heap *)(key))

#endif /* MI_CPUS_H */
