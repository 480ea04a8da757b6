/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several CPUs: whose heap is whose, and the lock.
 *
 *	a thread with local storage	thread_heap_word, there
 *	all else that runs on a CPU	cpu_heap_words[], an entry for each CPU
 *
 * Threads stay on their CPU and give it up only by a call of the scheduler's,
 * which is none of ours. So what runs on a CPU without local storage takes
 * turns, and never in the midst of a call.
 */
#include "port_internal.h"

#if MI_CONCURRENT

#include <uk/plat/lcpu.h>
#include <uk/print.h>
#include <uk/thread.h>

#define EMPTY_WORD	((uintptr_t)&empty_heap + HEAP_WORD_BIAS)

__thread uintptr_t thread_heap_word = EMPTY_WORD;

/* CPUs do not share lines of it */
static struct {
	__attribute__((aligned(64))) uintptr_t word;
} cpu_heap_words[COMPAT_CPUS_MAX] = {
	[0 ... COMPAT_CPUS_MAX - 1] = { EMPTY_WORD },
};

uintptr_t cpu_context_id(void)
{
	return 2 * (uintptr_t)compat_cpu() + 1;
}

uintptr_t *cpu_heap_word(void)
{
	uintptr_t base = arch_thread_base(), *at;

	if (unlikely(!base))
		return &cpu_heap_words[compat_cpu()].word;
	ARCH_LOCAL_AT(at, base, thread_heap_word);
	return at;
}

struct heap *heap_switch(void)
{
	return heap_current();
}

/*
 * A thread is about to get its first heap. A CPU's own is mostly that of the
 * context that started the CPU, which has become a thread, or waits for ever:
 * so the thread inherits it, as it inherits what any thread leaves behind.
 */
void port_init(void)
{
	uintptr_t *word = &cpu_heap_words[compat_cpu()].word;
	struct heap *heap = heap_of_word(*word);

	/* what a bare thread has made behind it, it may use again */
	if (!arch_thread_base() || heap == &empty_heap || heap->thread_next)
		return;
	*word = EMPTY_WORD;
	heaps_abandon(heap);
}

/* With all allocators of ours: a thread may have a heap in each */
void turn_thread_done(void)
{
	uintptr_t self = port_thread_id();
	struct uk_alloc *a;
	struct heap *heap;

	heaps_thread_done();
	uk_alloc_foreach(a) {
		heap = allocator_is_ours(a) ?
			heap_of_owner(instance_of(a), self) : NULL;
		if (heap)
			heaps_abandon(heap);
	}
}

static int thread_init(struct uk_thread *child, struct uk_thread *parent)
{
	(void)child;
	(void)parent;
	return 0;
}

/* With the local storage of the thread that ends, on whatever CPU */
static void thread_term(struct uk_thread *child)
{
	(void)child;
	if (default_instance_is_made())
		turn_thread_done();
}

/* Last of all: others free in their callbacks */
UK_THREAD_INIT_PRIO_FLAGS(thread_init, thread_term, UK_PRIO_EARLIEST,
			  UK_THREAD_INITF_UKTLS);

/*
 * The wait is bounded by what the other CPUs do with the lock once each, as
 * these are served in turn; and none of them is interrupted meanwhile, as an
 * interrupt might want the lock itself. Acquire and release: what the lock
 * guards is seen as the holder before has left it.
 */
void port_lock(struct port_lock *lock)
{
	unsigned long interrupts = compat_interrupts_off();
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (atomic_read_acquire(&lock->serving) != ticket)
		arch_relax();
	lock->interrupts = interrupts;
}

bool port_lock_is_interrupted(const struct port_lock *lock)
{
	(void)lock;	/* nothing interrupts who has it */
	return false;
}

void port_unlock(struct port_lock *lock)
{
	unsigned long interrupts = lock->interrupts;

	/* relaxed: only the holder writes it */
	atomic_write_release(&lock->serving, atomic_read(&lock->serving) + 1);
	compat_interrupts_restore(interrupts);
}

/* What a register holds that nobody has written is no address, or 0 */
bool port_is_supported(void)
{
	if (!arch_reads_thread_base()) {
		uk_pr_crit("mimalloc: error: LIBMIMALLOC_SMP needs a processor "
			   "with FSGSBASE\n");
		return false;
	}
	if (arch_thread_base() % sizeof(uintptr_t)) {
		uk_pr_crit("mimalloc: error: the thread pointer is neither 0 "
			   "nor an address\n");
		return false;
	}
	return true;
}

#endif /* MI_CONCURRENT */
