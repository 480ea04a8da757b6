/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a port implements, and all that the engine knows of the world.
 *
 * The port's own <port_config.h> defines, as macros, types or inline
 * functions:
 *
 *	PORT_MAP_WINDOW		1 where the port reserves zeroed memory that
 *				costs nothing until it is touched, so that one
 *				map serves all arenas and needs no range
 *				check; else 0
 *	PORT_STATIC_INSTANCE	1 where the default instance is a static
 *				object, see INSTANCE_STATIC; 0 where it is a
 *				pointer
 *	PORT_FRAMES_RUN_OUT	1 where memory is backed on demand and a
 *				fault without a frame is fatal; else 0
 *	PORT_KEPT_UNITS_MAX	units of pages that heaps keep though they are
 *				empty, beside those of one unit
 *	PORT_KEPT_LEARN_MAX	so many more, within the budget, where such
 *				pages were missed: see keep.c
 *	PORT_TLS		storage class of a thread's heap word
 *	PORT_HEAP_WORD		in place of that, where it is not always there:
 *				an expression for the word of who calls
 *	PORT_OWNER_TABLE	1 where a thread whose word leads to no heap may
 *				have one: it is looked for by its owner. Else 0,
 *				which it is unless it is defined; it always is
 *				done where threads take turns (MI_CONCURRENT 0)
 *	PORT_TURNS		1 where that word is no thread's own, as threads
 *				take turns: the mi_* functions find the caller's
 *				heap in another way, see api/api.h, and options
 *				are read when they are first asked for. Else 0,
 *				which it is unless it is defined
 *	PORT_OWNERS_COUNT	1, unless it is defined: what an owner has freed
 *				itself is counted when others free into its
 *				page, as it may sleep: see sleeping.c. Else 0
 *	PORT_CEDES		1 where an owner that sleeps loses pages whose
 *				blocks others have all freed, as giving back
 *				their memory alone helps nobody. Else 0, as
 *				it is unless it is defined
 *	PORT_HAS_PROCESSES	1 where messages have to say which program they
 *				are of, and its number. Else 0, as it is unless
 *				it is defined
 *	PORT_OPTION_SOURCE	where options come from, as told to the user:
 *				the environment, unless it is defined
 *	struct port_lock	a lock that is zero when free
 *	uintptr_t port_thread_id(void)	never 0, unique among live threads
 *	bool port_thread_is(uintptr_t id)	whether the caller is that one
 *	PORT_THREAD_IS_QUICK(id)	the same, and may be false for who is
 *				in no hurry, unless it is port_thread_is()
 */
#ifndef MI_PORT_H
#define MI_PORT_H

#include "ground/config.h"
#include <port_config.h>

#ifndef PORT_TURNS
#define PORT_TURNS		0
#endif
#ifndef PORT_OWNER_TABLE
#define PORT_OWNER_TABLE	(!MI_CONCURRENT)
#endif
#ifndef PORT_THREAD_IS_QUICK
#define PORT_THREAD_IS_QUICK(id)	port_thread_is(id)
#define PORT_QUICK_IS_EXACT		1
#else
#define PORT_QUICK_IS_EXACT		0
#endif
#ifndef PORT_OWNERS_COUNT
#define PORT_OWNERS_COUNT	1
#endif
#ifndef PORT_CEDES
#define PORT_CEDES		0
#endif
#ifndef PORT_HAS_PROCESSES
#define PORT_HAS_PROCESSES	0
#endif
#ifndef PORT_OPTION_SOURCE
#define PORT_OPTION_SOURCE	"environment"
#endif

struct instance;

/*
 * What a port decides for each instance that it makes. It begins with
 * INSTANCE_CONFIG, changes what it has a reason to change, and hands the result
 * to instance_init(), or later to instance_configure(): see runs/runs.h.
 */
struct instance_config {
	/*
	 * Free memory is given back only beyond so many bytes: what is kept
	 * need not be asked for again. 0: all of it is given back.
	 */
	size_t budget_bytes;
	/*
	 * The budget grows with the program: it is one part in so many of the
	 * memory in use, where that is more than budget_bytes. 0: it does not.
	 */
	size_t budget_share;
	/*
	 * What was given back and is needed again soon enlarges the budget by
	 * so many bytes at most, or by what is in use or was missed many times
	 * over, where that is more: see budget.c. 0, or a budget_bytes of 0:
	 * the budget does not learn.
	 */
	size_t learn_bytes;
	/*
	 * Bytes by which an arena grows at most, beside GROW_BYTES_MAX. Where
	 * none can grow, see `outside`, what a new one has at least.
	 */
	size_t reserve_bytes;
	/*
	 * The engine's data lie in a region of their own, so that no write
	 * beyond a block meets them, and arenas can grow. Without
	 * PORT_MAP_WINDOW it has no effect: each arena holds its own.
	 */
	bool outside;
	/* Memory that is given back, by port_purge(), is of use to others */
	bool purge_enabled;
	/* Arenas are reserved by port_reserve() when memory runs out */
	bool os_enabled;
	/*
	 * A thread that frees into a page whose thread has ended becomes its
	 * owner. Else the page waits for a thread that needs one.
	 */
	bool reclaim_on_free;
};

#define INSTANCE_CONFIG							\
	{								\
		.budget_bytes = (size_t)4 << 20,			\
		.budget_share = 8,					\
		.learn_bytes = 0,					\
		.reserve_bytes = GROW_BYTES_MAX,			\
		.outside = PORT_MAP_WINDOW,				\
		.purge_enabled = true,					\
		.os_enabled = true,					\
		.reclaim_on_free = true,				\
	}

/* Locks are held for short and bounded times, never recursively */
void port_lock(struct port_lock *lock);
void port_unlock(struct port_lock *lock);
/* Whether a signal interrupted the caller while it had it: not to be taken */
bool port_lock_is_interrupted(const struct port_lock *lock);

/* What reserved memory is for. Each has a place of its own, far from others */
enum port_area {
	PORT_AREA_BLOCKS,	/* an arena that grows */
	PORT_AREA_FURTHER,	/* an arena that stays as it is */
	PORT_AREA_META,		/* the engine's own data */
	PORT_AREA_MAP,		/* the window's map */
	PORT_AREA_COUNT
};

/*
 * Reserves a range of `*bytes` bytes, or where that is not to be had less,
 * but not under `least`: aligned to a unit and to the system's page, readable
 * and writable, and taking memory only where it is touched. `*bytes` is set
 * to what was reserved, `*is_zero` tells whether it reads as zero. NULL: none
 * to be had. May be called by several threads at the same time.
 */
void *port_reserve(enum port_area area, size_t least, size_t *bytes,
		   bool *is_zero);

/*
 * Reserves up to `bytes` bytes more behind a range of port_reserve() that
 * ends at `end`, of the same kind, never less than `least`. Gives how many; 0
 * where there is something else, or the system refuses.
 */
size_t port_extend(enum port_area area, void *end, size_t least, size_t bytes);

/* The system's page: what can be given back. A power of two, a unit or more */
size_t port_page_bytes(void);

/* The largest single request that is ever served */
size_t port_request_max(void);

/*
 * Gives the memory of a range back, as far as it is made of whole pages of the
 * system; the range stays usable. True when all of it reads as zero from now
 * on; false when its contents are kept or unknown.
 */
bool port_purge(void *start, size_t bytes);

/*
 * Copies whole pages of the system, and neither reads nor writes what the
 * system knows to be untouched, and so zero, on both sides. false: it knows
 * nothing of that, or these are no whole pages, and nothing was done.
 */
bool port_copy_touched(void *to, const void *from, size_t bytes);

/*
 * Zeroes a range, and neither reads nor writes what the system knows to be
 * untouched, and so zero. false: it knows nothing of that, or the range holds
 * none of its whole pages, and nothing was done. `purges`: where that is less
 * work the memory may be given back for it.
 */
bool port_zero_touched(void *start, size_t bytes, bool purges);

enum port_moved {
	PORT_MOVED,	/* `to` holds what `from` held; `from` reads as zero */
	PORT_MOVED_AWAY,	/* the same, but `from` is not to be used */
	PORT_NOT_MOVED,	/* `from` is as it was, `to` reads as anything */
	PORT_MOVE_LOST,	/* `from` is as it was, `to` must not be used again */
};

/*
 * Moves the contents of one range to another by exchanging memory mappings.
 * Whatever is no whole number of the system's pages is refused before
 * anything is done.
 */
enum port_moved port_move(void *to, void *from, size_t bytes);

/*
 * Gives a range mappings as at first, which join those beside it, and its
 * memory back. PORT_MOVED: it reads as zero. PORT_NOT_MOVED: it is as it was.
 */
enum port_moved port_renew(void *start, size_t bytes);

#if PORT_FRAMES_RUN_OUT
/* Bytes that may be touched for the first time before frames run out */
size_t port_touchable(void);
#endif

#ifndef PORT_FOREIGN_BLOCKS
/* A block that the port has served by itself: to free it does nothing */
#define port_is_foreign_block(p)	false
#else
bool port_is_foreign_block(const void *p);
#endif

/* Called once for the default instance before its first use */
void port_init(void);

/* A heap was made for the calling thread: heaps_thread_done() at its end */
void port_thread_started(void);

/* A message for the user, a line or part of one, without allocating */
void port_message(const char *text);

#if PORT_HAS_PROCESSES
/* The name of the program, as much as fits, and the number of the process */
void port_program(char *name, size_t bytes);
size_t port_process_id(void);
#endif
/*
 * Lines of a report, each begun by error_detail(): which thread calls, and from
 * where, which is at `caller` if that is not NULL. As far as that is known.
 */
void port_tell_caller(const void *caller);

int port_errno(void);
void port_set_errno(int error);

__attribute__((noreturn)) void port_abort(void);

/* What a hosted system knows of the process; all zero where unknown */
struct port_process {
	size_t elapsed_msecs, user_msecs, system_msecs;
	size_t resident, resident_peak, page_faults;
};
void port_process(struct port_process *process);

/* Gives a reserved range back altogether */
void port_release(void *start, size_t bytes);

/* Whether memory that is reserved from now on is backed by larger pages */
enum port_huge {
	PORT_HUGE_NEVER,
	PORT_HUGE_AS_USUAL,	/* where the system does so unasked */
	PORT_HUGE_WANTED,	/* the system is asked for them */
};
void port_set_huge(enum port_huge wanted);

/* Memory in pages of 1 GiB that is zero; NULL where there is none */
void *port_reserve_huge(size_t bytes);

/* As realpath(3) with a buffer of PORT_PATH_MAX; NULL with errno */
#define PORT_PATH_MAX	4096
char *port_realpath(const char *path, char *resolved);

/* The value of an environment variable, or NULL */
const char *port_environment(const char *name);

/* Calls the C++ new-handler; false: there is none */
bool port_new_handler(void);
__attribute__((noreturn)) void port_throw_bad_alloc(void);

/* The value of MIMALLOC_<name>, or NULL. Valid until the next call */
const char *port_option_text(const char *name);

/* What the options make of the default instance: it is to be told */
#if PORT_TURNS
void port_configure(const struct instance_config *config);
#else
#define port_configure(config)	instance_configure(&default_instance, (config))
#endif

/* Errno values, the same on every system we know */
#define PORT_EPERM	1
#define PORT_EAGAIN	11
#define PORT_ENOMEM	12
#define PORT_EFAULT	14
#define PORT_EINVAL	22
#define PORT_EOVERFLOW	75

#endif /* MI_PORT_H */
