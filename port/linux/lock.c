/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lock that sleeps (U. Drepper, "Futexes are tricky", 2004), that knows who
 * has it, and that lives through fork().
 *
 * The word is the owner's thread pointer, with flags in its lowest bits. Owner
 * and state change in one step, as a signal may interrupt the owner between
 * any two, and its handler may fork.
 *
 * Orders: the swap that makes a thread the owner acquires, the one that makes
 * the word 0 releases, and so all that is guarded goes from owner to owner.
 * Whatever else is done to the word is relaxed: flags are set and taken away by
 * swaps of the same word, which leave what its last release has carried (C11
 * 5.1.2.4, release sequences), and a read decides nothing that a swap, or the
 * kernel when it puts a thread to sleep, does not compare again. A thread that
 * finds its own id has written it: nobody else does. Who is alone stores,
 * relaxed: there is nobody to order it for, and to begin a thread orders all
 * before it.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork.h"
#include "ground/text.h"

#if MI_THREADS

/* <linux/futex.h> has these, but not every C library comes with it */
enum { FUTEX_WAIT_HERE = 128, FUTEX_WAKE_HERE = 129 };

#define LOW_HALF	(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static inline bool word_swap(struct port_lock *lock, uintptr_t *word,
			     uintptr_t to, int order)
{
	return __atomic_compare_exchange_n(&lock->word, word, to, false,
					   order, __ATOMIC_RELAXED);
}

static ALWAYS_INLINE uintptr_t word_read(const struct port_lock *lock)
{
	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED);
}

/*
 * Stored, not swapped: an atomic step costs several times as much. Only for who
 * has no other thread beside it; a signal may still come before and after.
 */
static inline void word_store(struct port_lock *lock, uintptr_t to)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&lock->word, to, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static bool word_is_mine(uintptr_t word)
{
	return (word & ~(uintptr_t)LOCK_FLAGS) == port_thread_id();
}

/* Two owners may be told apart by the upper half only, but not the flags */
static void futex(struct port_lock *lock, int what, uintptr_t value)
{
	(void)syscall(SYS_futex, (uint32_t *)&lock->word + LOW_HALF, what,
		      (uint32_t)value, NULL, NULL, 0);
}

/* A handler wants what its thread, which it has interrupted, will not give */
__attribute__((noreturn)) static COLD void lock_wait_for_oneself(void)
{
	struct text text = { .length = 0 };

	text_begin(&text, "mimalloc: error: a signal handler allocates or "
		   "frees while the allocator is interrupted\n");
	text_print(&text);
	port_abort();
}

static COLD void lock_wait(struct port_lock *lock)
{
	uintptr_t to = port_thread_id(), word;
	int error = errno;

	for (;;) {
		word = word_read(lock);
		if (!word) {
			if (word_swap(lock, &word, to, __ATOMIC_ACQUIRE))
				break;
			continue;
		}
		if (word_is_mine(word)) {
			if (word & LOCK_FORKING)
				break;
			lock_wait_for_oneself();
		}
		if (!(word & LOCK_WAITED) &&
		    !word_swap(lock, &word, word | LOCK_WAITED,
			       __ATOMIC_RELAXED))
			continue;
		/* there may be others: who has taken it wakes the next */
		to = port_thread_id() | LOCK_WAITED;
		futex(lock, FUTEX_WAIT_HERE, word | LOCK_WAITED);
	}
	errno = error;
}

void port_lock(struct port_lock *lock)
{
	uintptr_t word = 0;

	/* who interrupts this before it is stored gives back what it takes */
	if (thread_is_alone() && !word_read(lock)) {
		word_store(lock, port_thread_id());
		return;
	}
	if (unlikely(!word_swap(lock, &word, port_thread_id(),
				__ATOMIC_ACQUIRE)))
		lock_wait(lock);
}

static COLD void unlock_flags(struct port_lock *lock)
{
	int error = errno;
	uintptr_t word;

	do {	/* bounded: again for the first who waits, or a signal's fork */
		word = word_read(lock);
		if (word & LOCK_FORKING)
			return;
		if (word & LOCK_REPAIR) {
			(void)__atomic_fetch_and(&lock->word,
						 ~(uintptr_t)LOCK_REPAIR,
						 __ATOMIC_RELAXED);
			if (lock->repair)
				lock->repair();
			word = word_read(lock);
		}
	} while ((word & LOCK_REPAIR) ||
		 !word_swap(lock, &word, 0, __ATOMIC_RELEASE));
	if (word & LOCK_WAITED)
		futex(lock, FUTEX_WAKE_HERE, 1);
	errno = error;
}

void port_unlock(struct port_lock *lock)
{
	uintptr_t word = port_thread_id();

	/*
	 * A signal that comes in between may fork, and the child's LOCK_REPAIR
	 * is lost then. But where there was no other thread nothing is left to
	 * be repaired.
	 */
	if (thread_is_alone() && word_read(lock) == word) {
		word_store(lock, 0);
		return;
	}
	if (unlikely(!word_swap(lock, &word, 0, __ATOMIC_RELEASE)))
		unlock_flags(lock);
}

bool port_lock_is_interrupted(const struct port_lock *lock)
{
	uintptr_t word = word_read(lock);

	return word_is_mine(word) && !(word & LOCK_FORKING);
}

void lock_fork_prepare(struct port_lock *lock)
{
	uintptr_t word = word_read(lock);

	if (word_is_mine(word)) {
		if (word & LOCK_FORKING)	/* a signal came in a fork */
			lock->forks++;
		return;
	}
	port_lock(lock);
	lock->forks = 1;
	(void)__atomic_fetch_or(&lock->word, LOCK_FORKING, __ATOMIC_RELAXED);
}

void lock_fork_parent(struct port_lock *lock)
{
	uintptr_t word = word_read(lock);

	if (!word_is_mine(word) || !(word & LOCK_FORKING) || --lock->forks)
		return;
	(void)__atomic_fetch_and(&lock->word, ~(uintptr_t)LOCK_FORKING,
				 __ATOMIC_RELAXED);
	port_unlock(lock);
}

/* Nobody waits here: there is one thread */
void lock_fork_child(struct port_lock *lock, void (*repair)(void))
{
	uintptr_t word = word_read(lock);

	lock->repair = repair;
	if (!word_is_mine(word)) {
		__atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
		return;
	}
	word = (word & ~(uintptr_t)LOCK_WAITED) | LOCK_REPAIR;
	__atomic_store_n(&lock->word, word, __ATOMIC_RELAXED);
	lock_fork_parent(lock);
}

#else /* one thread: nothing to lock */

bool port_lock_is_interrupted(const struct port_lock *lock)
{
	(void)lock;
	return false;
}

void port_lock(struct port_lock *lock)
{
	(void)lock;
}

void port_unlock(struct port_lock *lock)
{
	(void)lock;
}

#endif /* MI_THREADS */
