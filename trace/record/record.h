/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The recorder: what its files share.
 *
 *	record.c	malloc and its kin, for the program to call
 *	record_cxx.c	operators new and delete
 *	record_next.c	where the allocator's own functions are
 *	record_ring.c	the calls of each thread, until there are many
 *	record_pack.c	compresses them
 *	record_file.c	writes them
 *	record_process.c begin, fork and end
 *	record_exec.c	another image in the process' place
 *	record_system.c	system calls and locks
 *
 * A call is written down in its thread's ring, without a lock. When the ring is
 * full the thread turns it into bytes of the format, and when these are many it
 * compresses and writes them. What a fork leaves in the child is zeroed by the
 * system (MADV_WIPEONFORK): a ring there has no room, so that the first call
 * comes to recorder_full() and finds out.
 *
 * Nothing here calls malloc, and nothing but the first call of a function asks
 * the dynamic loader. Locks are taken with all signals blocked, in this order:
 * threads, a thread's, a compressor's, the file's.
 */
#ifndef MI_TRACE_RECORD_H
#define MI_TRACE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#define RECORD_EXPORT	__attribute__((visibility("default")))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#define RING_EVENTS	1024u
#define PLAIN_BYTES	(128u << 10)
/* What a full ring becomes, at most */
#define RING_BYTES	(RING_EVENTS * MI_TRACE_EVENT_BYTES)

_Static_assert(PLAIN_BYTES <= MI_TRACE_CHUNK_BYTES, "the format's limit");
_Static_assert(RING_BYTES < PLAIN_BYTES / 2, "there is room for a ring");

/*
 * Whoever writes an event down takes a number of its ring with one instruction,
 * and at last stores the stamp, which has that number. So a signal handler may
 * come at any time, and may even never return.
 */
struct event {
	uint64_t stamp;		/* number << 16 | alignment << 8 | kind */
	uint64_t order;
	uint64_t address;	/* 0: failed */
	uint64_t size;
};

struct lock {
	int state;		/* 0 free, 1 taken, 2 and others wait */
};

struct thread {
	/* The thread's own */
	uint64_t claimed;	/* events that were begun */
	uint64_t limit;		/* of these in the ring; 0 after a fork */
	/* The call of an operator in which a call of malloc or free belongs */
	const void *deletes;
	size_t news_size;
	uint32_t news;		/* 1 + alignment, or 0 */
	/* Written under `lock`; the thread looks at it without */
	uint64_t flushed;	/* events that are in `plain` or further */
	/* Under `lock` */
	struct lock lock;
	uint32_t number;
	uint64_t order;		/* of the last event in `plain` */
	uint64_t address;
	int64_t second;		/* when `plain` was last written */
	struct mi_trace_chunk chunk;	/* what is in `plain` */
	/* Under the lock of threads */
	struct thread *next;
	int id;			/* the system's */
	bool ending;		/* its destructors run, or have run */
	struct event ring[RING_EVENTS];
	unsigned char plain[PLAIN_BYTES];
};

/* record_ring.c */
extern __thread struct thread *recorder_thread
	__attribute__((tls_model("initial-exec")));
extern uint64_t recorder_order;
bool recorder_full(struct thread *thread, uint64_t number);
struct thread *recorder_thread_begin(void);
void recorder_thread_end(void *value);
void recorder_flush(void);
void recorder_restart(struct thread *thread, uint64_t number);
void recorder_lose(uint64_t events);

/* record_pack.c */
void pack(struct thread *thread);
void pack_restart(void);

/* record_file.c */
void file_begin(const char *path);
void file_write(const struct mi_trace_chunk *chunk, const void *bytes);
void file_state(uint32_t state);
void file_restart(void);

/* record_process.c */
bool process_is_new(void);
void process_restart(struct thread *thread, uint64_t number);
void process_flush(uint32_t state);
void process_key(struct thread *thread);

/* record_system.c */
struct system_state {
	uint64_t signals;
	int error;
};
void system_enter(struct system_state *state);
void system_leave(const struct system_state *state);
void lock_take(struct lock *lock);
bool lock_try(struct lock *lock);
void lock_give(struct lock *lock);
/* Zeroed memory, which is zeroed again in a child; NULL if there is none */
void *system_memory(size_t bytes);
int64_t system_seconds(void);	/* of a clock that only goes forward */
int system_process(void);
int system_thread(void);
bool system_has_thread(int id);

/* record_next.c */
enum next {
	NEXT_MALLOC, NEXT_CALLOC, NEXT_REALLOC, NEXT_REALLOCARRAY, NEXT_FREE,
	NEXT_CFREE, NEXT_POSIX_MEMALIGN, NEXT_ALIGNED_ALLOC, NEXT_MEMALIGN,
	NEXT_VALLOC, NEXT_PVALLOC,
	NEXT_EXECVP, NEXT_EXECVPE, NEXT_FEXECVE, NEXT_DAEMON,
	NEXT_NEW, NEXT_NEW_ARRAY, NEXT_NEW_NOTHROW, NEXT_NEW_ARRAY_NOTHROW,
	NEXT_NEW_ALIGNED, NEXT_NEW_ARRAY_ALIGNED, NEXT_NEW_ALIGNED_NOTHROW,
	NEXT_NEW_ARRAY_ALIGNED_NOTHROW,
	NEXT_DELETE, NEXT_DELETE_ARRAY, NEXT_DELETE_SIZED,
	NEXT_DELETE_ARRAY_SIZED, NEXT_DELETE_ALIGNED,
	NEXT_DELETE_ARRAY_ALIGNED, NEXT_DELETE_SIZED_ALIGNED,
	NEXT_DELETE_ARRAY_SIZED_ALIGNED, NEXT_DELETE_NOTHROW,
	NEXT_DELETE_ARRAY_NOTHROW, NEXT_DELETE_ALIGNED_NOTHROW,
	NEXT_DELETE_ARRAY_ALIGNED_NOTHROW,
	NEXT_NAMES,
};
typedef void next_function(void);
extern next_function *next_functions[NEXT_NAMES];
next_function *next_find(enum next which, const void *caller);
void *next_early(size_t alignment, size_t bytes);
bool next_is_early(const void *address);
size_t next_early_bytes(const void *address);

/*
 * The next definition of a function after the recorder's, of type `type`. It is
 * NULL only while the loader looks for it, and where nobody has it.
 */
#define NEXT(which, type) __extension__ ({				\
	next_function *next_ = next_functions[which];			\
	if (unlikely(!next_))						\
		next_ = next_find(which, __builtin_return_address(0));	\
	(type *)next_;							\
})

/* A number of the ring, by one instruction of the thread */
static inline uint64_t recorder_claim(struct thread *thread)
{
#if defined(__x86_64__)
	uint64_t number = 1;

	__asm__ volatile("xaddq %0, %1" : "+r"(number), "+m"(thread->claimed)
			 : : "cc");
	return number;
#else
	return __atomic_fetch_add(&thread->claimed, 1, __ATOMIC_RELAXED);
#endif
}

/*
 * Writes an event down. Its order is taken here: after malloc has returned and
 * before free is called, so that of two blocks at one address the first is seen
 * to be freed before the second is made. The allocator hands the address from
 * one thread to the other, which orders these additions as well.
 */
static inline void record(unsigned int kind, unsigned int align,
			  const void *address, size_t size)
{
	struct thread *thread = recorder_thread;
	struct event *event;
	uint64_t number;

	if (unlikely(!thread)) {
		thread = recorder_thread_begin();
		if (!thread)
			return;
	}
	number = recorder_claim(thread);
	if (unlikely(number - __atomic_load_n(&thread->flushed,
					      __ATOMIC_RELAXED) >=
		     thread->limit) &&
	    !recorder_full(thread, number))
		return;
	event = &thread->ring[number % RING_EVENTS];
	event->order = __atomic_add_fetch(&recorder_order, 1,
					  __ATOMIC_RELAXED);
	event->address = (uintptr_t)address;
	event->size = size;
	/* Partner: the loads of record_ring.c, which may be another thread's */
	__atomic_store_n(&event->stamp, number << 16 | align << 8 | kind,
			 __ATOMIC_RELEASE);
}

#endif /* MI_TRACE_RECORD_H */
