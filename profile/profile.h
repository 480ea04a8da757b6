/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sampled heap profiles: a library to preload before any allocator.
 *
 * sample	a block that was picked when it was handed out. Of all bytes
 *		that a program asks for, one in `rate` is marked on average, by
 *		chance and each on its own; a block with a marked byte is a
 *		sample. So a block of s bytes is one with the probability
 *		1 - exp(-s / rate).
 * weight	the inverse of that: as many blocks of its size it stands for
 * stack	a list of calls that led to samples, innermost first
 * amount	what samples stand for, an unbiased estimate
 * filter	a bit for each of 65,536 values that an address is hashed to:
 *		whether a sample may be at such an address. All that a free
 *		looks at.
 *
 * Nothing here allocates by malloc. Memory comes from mmap(), and that of
 * stacks is never given back.
 */
#ifndef MI_PROFILE_INTERNAL_H
#define MI_PROFILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define HIDDEN		__attribute__((visibility("hidden")))
#define EXPORT		__attribute__((visibility("default")))
#define COLD		__attribute__((noinline, cold))

/* Calls of a stack that are kept, the innermost ones */
#define STACK_DEPTH	128

/* When there are so many stacks, others are kept with the innermost calls */
#define MOST_STACKS	32768
#define CALLS_BEYOND	8

/* Objects are counted in parts of one, as weights are no whole numbers */
#define OBJECT_SHIFT	16

struct amount {
	int64_t objects;		/* << OBJECT_SHIFT */
	int64_t bytes;
};

struct stack {
	/* constant */
	struct stack *next_made;	/* of all stacks, in no order */
	uint64_t hash;
	unsigned int depth;
	/* under the lock */
	struct stack *next;		/* in its bucket */
	unsigned int samples;		/* of those that are live */
	uint64_t changed;		/* the moment of its last change */
	struct amount live, total;
	double variance;		/* of the estimate live.bytes */
	struct amount before;		/* `live` at the peak, if past */
	/* constant */
	uintptr_t calls[];		/* addresses inside the instructions */
};

/* A live sample */
struct block {
	struct block *next;		/* in its bucket */
	uintptr_t address;
	struct stack *stack;
	struct amount amount;
	unsigned int dropped;		/* samples_dropped() of then */
};

/* memory.c */
void *memory_map(size_t bytes);		/* zero; NULL: there is none */
void memory_unmap(void *start, size_t bytes);
/* Zero, for ever; the caller holds the lock */
void *memory_get(size_t bytes);
/* All is new from here on; none of what it gave is touched */
void memory_drop(void);

/* Filter: read by any thread, written under the lock (blocks.c) */
#define FILTER_BITS	16
extern HIDDEN uint64_t filter[(1 << FILTER_BITS) / 64];

static inline unsigned int filter_hash(uintptr_t address)
{
	return (unsigned int)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >>
			      (64 - FILTER_BITS));
}

/*
 * Relaxed: whoever frees a block has got its address from the thread that it
 * was given to, in a way that also orders the bit that was set before.
 */
static inline bool filter_has(const void *p)
{
	unsigned int hash = filter_hash((uintptr_t)p);

	return __atomic_load_n(&filter[hash / 64], __ATOMIC_RELAXED) >>
	       (hash % 64) & 1;
}

/* blocks.c: live samples by address. The caller holds the lock. */
void filter_add_for_ever(uintptr_t address);
struct block *block_new(void);		/* NULL: no memory */
void block_delete(struct block *block);
void blocks_put(struct block *block);
struct block *blocks_take(uintptr_t address);	/* NULL: no sample */
void blocks_drop(void);

/* stacks.c: stacks, and what is live and was at the peak, under the lock */
extern HIDDEN struct stack *stacks_made;
struct stack *stack_find(const uintptr_t *calls, unsigned int depth);
void stack_add(struct stack *stack, const struct amount *amount);
void stack_subtract(struct stack *stack, const struct amount *amount);
/* A block that went and came back, as realloc() failed */
void stack_restore(struct stack *stack, const struct amount *amount);
void stack_at_peak(const struct stack *stack, struct amount *amount);
void stacks_drop(void);
bool stacks_are_cut(void);

/* unwind.c */
void unwind_start(void);
unsigned int unwind(uintptr_t *calls, unsigned int depth);

/* lock.c */
void lock_start(void);
void lock_take(void);
void lock_give(void);
/* After a fork: what a thread that is gone had locked is dropped */
void lock_in_child(void);

/* sample.c */
struct sampler {		/* of one thread */
	size_t left;		/* to the next marked byte; 0: not known */
	const void *last;	/* block that was counted last */
	uint64_t random;
	bool drawn;		/* `left` is of a draw */
	volatile bool busy;	/* inside of a function of ours */
	uint32_t number;	/* the thread's, as lock.c has it; 0: none */
};

extern HIDDEN __thread struct sampler sampler
	__attribute__((tls_model("initial-exec")));

enum sampling { SAMPLING_NOT_YET, SAMPLING_ON, SAMPLING_NEVER };

void sampling_start(size_t bytes, const uint64_t *fixed_seed);
void sampling_never(void);
enum sampling sampling_state(void);
size_t sampling_rate(void);
/* Samples that were not kept, as there was no memory for them */
size_t samples_lost(void);
/* In a child that was forked amid a change: all begins anew */
void samples_drop(void);
unsigned int samples_dropped(void);	/* how often */
void sample_allocation(void *p, size_t size);
void sample_free(void *p);
/* Around realloc(): take out what is known of a block, and give it back */
struct block *sample_take(void *p);
void sample_settle(struct block *block, bool freed);
/*
 * The calling thread has all counts for itself. false: it did already, as this
 * is a signal handler that interrupted a function of ours.
 */
bool sampling_lock(void);
void sampling_unlock(void);
/* Is called when a thread that has all counts for itself gives them back */
void sampling_afterwards(void (*call)(void));
/* A child goes on by chances of its own */
void sampling_in_child(void);

/* What each name does with the block that it is about to return */
static inline void *note(void *p, size_t size)
{
	sampler.last = p;
	if (likely(size < sampler.left))
		sampler.left -= size;
	else
		sample_allocation(p, size);
	return p;
}

#endif /* MI_PROFILE_INTERNAL_H */
