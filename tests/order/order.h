/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An explorer of memory orders: it runs threads of the real engine in every way
 * in which the C11 orders let them run. check.sh builds and starts it.
 *
 *	the engine, compiled with -fsanitize=thread
 *	   |	each read and write:
 *	   |	hooks.c ----> races.c		is it ordered?
 *	   |	each atomic operation and lock:
 *	   |	hooks.c ----> explorer.c	runs one thread at a time
 *	port.c		      search.c		who is next, and which way?
 *			      messages.c	what may it read?
 *	cases_*.c: what the threads do, and what has to hold at the end (case.c)
 *
 * No line of the engine is changed: the compiler calls hooks.c where it would
 * call ThreadSanitizer's library, with the orders that stand in the sources.
 *
 * What it explores. A thread runs up to its next atomic operation. Then the
 * explorer chooses a thread, and for that one's operation one of the values
 * that it may read, or one of the places among the writes of others that its
 * own write may take. So an execution is a graph of atomic operations, and all
 * graphs are visited. The rules are those of the view-based operational model
 * of Kang, Hur, Lahav, Vafeiadis and Dreyer (A promising semantics for
 * relaxed-memory concurrency, POPL 2017) without promises:
 *
 *  - A location has all its writes (messages) in an order of its own. A thread
 *    may read any message but those before one that it knows, by a read or a
 *    write that happened before. A write may stand anywhere behind what its
 *    thread knows. A read-modify-write stands right behind what it reads.
 *  - A release write carries all that its thread has done; a read-modify-write
 *    adds to what is carried by what it reads. An acquire read gets that.
 *  - Two accesses of one place, one of them a write and one of them not atomic,
 *    of which neither happens before the other, are a race, and an error.
 *
 * Beside errors of ours (a race, what a case finds broken, what the engine
 * reports, no end), it knows no time: a step is a step.
 *
 * What it does not explore:
 *
 *  - A read that is satisfied by a write which depends on what some other
 *    thread read later (load buffering). C11 and arm64 allow that for relaxed
 *    accesses without a dependency; nothing moves before an acquire read or
 *    behind a release write, and the engine's relaxed reads of a word that
 *    others swap are followed by a swap of the same word that depends on them.
 *  - Fences and sequentially consistent operations: the engine has none.
 *  - A compare-and-swap that fails for no reason: one more turn of a loop.
 *  - The counters of what waits and is kept, order_ignore() in case.c: they are
 *    read as they are at the moment. They decide only whether memory goes back
 *    now or later.
 *  - Larger cases. Of three threads that do a call or two all is seen.
 *
 * How it gets through. Executions begin anew from one state, as in CDSChecker
 * (Norris and Demsky, OOPSLA 2013). Of those that differ only in the order of
 * independent steps one is enough: sleep sets (Godefroid 1996) and dynamic
 * partial-order reduction (Flanagan and Godefroid, POPL 2005) with source sets
 * (Abdulla, Aronis, Jonsson and Sagonas, POPL 2014). Without the latter, by
 * `order whole`, the same executions are found; check.sh long compares. No
 * number of steps or of reads is a bound: a thread that ran for ever would be
 * told (DEPTH_MAX).
 */
#ifndef TESTS_ORDER_ORDER_H
#define TESTS_ORDER_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 is who sets up and judges, alone */
#define THREADS		4

/* What a thread knows: how many events of each thread happened before */
struct clock {
	uint16_t of[THREADS];
};

static inline void clock_join(struct clock *to, const struct clock *from)
{
	unsigned int t;

	for (t = 0; t < THREADS; t++)
		if (to->of[t] < from->of[t])
			to->of[t] = from->of[t];
}

enum kind {
	KIND_START,	/* of a thread */
	KIND_READ,
	KIND_WRITE,
	KIND_UPDATE,	/* swap and add: reads and writes */
	KIND_COMPARE,	/* compare-and-swap: perhaps writes */
	KIND_LOCK,
};

/* Where in the sources an atomic operation stands. See sites.h */
struct site {
	const char *function, *operand, *file;
	int line;
	bool known;
	unsigned char has, weak;	/* SITE_ flags */
	struct site *next;
};

/* What an operation's order has beyond relaxed */
#define SITE_ACQUIRE	1
#define SITE_RELEASE	2
#define SITE_FAILURE	4	/* acquire where a compare-and-swap fails */

struct operation {
	enum kind kind;
	unsigned int bytes;
	uintptr_t address;
	uint64_t value, expected;
	bool adds;			/* KIND_UPDATE: `value` is added */
	bool acquire, release, acquire_on_failure;
	struct site *site;
	uintptr_t pc;
};

/* ---- explorer.c ---- */

extern bool exploring;		/* threads run; else 0 does, alone */
extern unsigned int self;	/* the running thread */
/* Lets others go first, and does it; gives what was read */
uint64_t explore_operation(const struct operation *operation);
void explore_lock(uintptr_t address);
void explore_unlock(uintptr_t address);
/* Ends this execution, and the exploration: something is wrong */
__attribute__((noreturn, format(printf, 1, 2)))
void explore_failed(const char *format, ...);

/* In a set-up: does it in the place of that thread, which runs later */
void as_thread(unsigned int thread, void (*what)(void));

/* `set_up` once, then `threads` in all ways, and `judge` after each */
struct exploration {
	const char *name;
	void (*set_up)(void);
	void (*threads[THREADS])(void);	/* 1 and following; NULL: none */
	void (*judge)(void);
	uint64_t outcomes;	/* a bit for each that there is; 0: any */
	bool fails;		/* it has to */
	bool is_long;		/* for the long form only */
};
struct result {
	unsigned long complete, pruned, steps;
	uint64_t outcomes;
	bool failed;		/* an execution has failed */
	bool good;		/* and so it shall */
};
struct result explore(const struct exploration *what, bool silent);

/* ---- search.c ---- */

extern bool search_whole;	/* from each node all threads go on */

/* ---- messages.c ---- */

void messages_begin(void);
/* The ways in which the thread may do it now: fills `way`, by latest first */
unsigned int messages_ways(unsigned int thread,
			   const struct operation *operation,
			   uint16_t *way, bool *writes, unsigned int max);
/* Does it in one of these ways; what it depends on is joined to `dependence` */
uint64_t messages_do(unsigned int thread, const struct operation *operation,
		     uint16_t way, struct clock *dependence);
/* The location is written to without an atomic operation */
void messages_plain_write(uint16_t location);

/* ---- races.c ---- */

extern struct clock happened[THREADS];
void races_open(void);
void races_begin(void);
/* An access by the running thread; `pc` tells which */
void races_access(uintptr_t address, size_t bytes, bool write, uintptr_t pc);
void races_atomic(uintptr_t address, size_t bytes, bool read, bool write,
		  uintptr_t pc);
/* Marks the place as a location, by its number from 1 */
void races_set_location(uintptr_t address, uint16_t location);
/* Keeps what a word holds, for races_undo() */
void races_save(uintptr_t address);
/* All that was written since races_begin() is as it was before */
void races_undo(void);

/* ---- hooks.c ---- */

extern struct site *sites;
/* Lines "function operand half": what is relaxed from now on */
void hooks_read_weak(const char *lines);
const char *hooks_half(unsigned int flag);

/* ---- port.c ---- */

#define WORLD_START	((uintptr_t)0x200000000000)
#define WORLD_BYTES	((size_t)4 << 20)
void port_open(void);
/* All memory is as new */
void port_begin(void);

/* ---- cases ---- */

/* For traces: what stands there, and what is not explored */
void order_name(const void *address, const char *name);
void order_ignore(const void *address);
bool order_is_ignored(uintptr_t address);
const char *order_name_of(uintptr_t address, char *buffer, size_t bytes);
/* For a judge: how the execution has ended, 0 to 63 */
void order_outcome(unsigned int number);
/* Forgets these, and all else that a case has left behind */
void order_begin(void);

/* Ends of lists have no name */
extern const struct exploration cases_litmus[], cases_pages[], cases_heaps[],
	cases_memory[];

#define check(x)							\
	((x) ? (void)0 :						\
	 explore_failed("%s:%d: broken: %s", __FILE__, __LINE__, #x))

#endif /* TESTS_ORDER_ORDER_H */
