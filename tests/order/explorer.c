/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The threads of an execution, one after the other in steps: which goes next
 * is search.c's choice. Each has a stack of its own and takes turns (ucontext).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "search.h"

#define STACK_BYTES	((size_t)64 << 10)
#define LOCKS_MAX	8
#define TLS_MAX		64

struct lock {
	uintptr_t address;
	unsigned int holder;	/* 0: it is free */
	struct clock carries, dependence;
};

bool exploring;
unsigned int self;
struct thread threads[THREADS];
struct clock dependence[THREADS];

static const struct exploration *running;
static char *stacks[THREADS];
static ucontext_t contexts[THREADS];
static struct lock locks[LOCKS_MAX];
static unsigned int lock_count;
static ucontext_t home;
static volatile enum ending ending;
static bool quiet;
static uint64_t outcomes;

/* What is a thread's own: as it is, and as the set-up left it */
extern char __start_order_tls[], __stop_order_tls[];
static char own[THREADS][TLS_MAX], own_first[THREADS][TLS_MAX];

static char own_fresh[TLS_MAX];
static bool own_is_known;

static size_t own_bytes(void)
{
	return (size_t)(__stop_order_tls - __start_order_tls);
}

static void switch_own(unsigned int to)
{
	memcpy(own[self], __start_order_tls, own_bytes());
	memcpy(__start_order_tls, own[to], own_bytes());
	self = to;
}

/* As the program began: no thread has done anything */
static void own_begin(void)
{
	unsigned int t;

	if (own_bytes() > TLS_MAX)
		explore_failed("more of a thread's own than %d", TLS_MAX);
	if (!own_is_known)
		memcpy(own_fresh, __start_order_tls, own_bytes());
	own_is_known = true;
	memcpy(__start_order_tls, own_fresh, own_bytes());
	for (t = 0; t < THREADS; t++)
		memcpy(own[t], own_fresh, TLS_MAX);
}

void as_thread(unsigned int thread, void (*what)(void))
{
	switch_own(thread);
	what();
	switch_own(0);
}

/* From any stack back to where executions are begun and judged */
__attribute__((noreturn)) static void leave(enum ending how)
{
	ending = how;
	exploring = false;
	(void)setcontext(&home);
	abort();
}

void explore_failed(const char *format, ...)
{
	va_list arguments;

	if (!quiet || !running) {
		printf("# %s: ", running ? running->name : "set-up");
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
		printf("\n");
		if (running)
			search_show();
		fflush(stdout);
	}
	if (!running)
		exit(2);
	leave(ENDING_FAILED);
}

/* ---- locks ---- */

static struct lock *lock_at(uintptr_t address)
{
	unsigned int i;

	for (i = 0; i < lock_count; i++)
		if (locks[i].address == address)
			return &locks[i];
	if (lock_count == LOCKS_MAX)
		explore_failed("more locks than %d", LOCKS_MAX);
	memset(&locks[i], 0, sizeof(locks[i]));
	locks[i].address = address;
	lock_count++;
	return &locks[i];
}

void explore_lock(uintptr_t address)
{
	const struct operation operation = {
		.kind = KIND_LOCK, .address = address, .bytes = 8,
	};

	if (exploring)
		(void)explore_operation(&operation);
}

/* No step of its own: nobody can have anything to do with the lock before */
void explore_unlock(uintptr_t address)
{
	struct lock *lock;

	if (!exploring)
		return;
	lock = lock_at(address);
	if (lock->holder != self)
		explore_failed("a lock is given back that is not held");
	lock->holder = 0;
	lock->carries = happened[self];
	lock->dependence = dependence[self];
	happened[self].of[self]++;
}

/* ---- steps ---- */

bool thread_is_ready(unsigned int thread)
{
	const struct thread *t = &threads[thread];

	return t->waits && !(t->operation.kind == KIND_LOCK &&
			     lock_at(t->operation.address)->holder);
}

unsigned int thread_ways(unsigned int thread, uint16_t *way, bool *writes)
{
	const struct operation *operation = &threads[thread].operation;

	if (operation->kind != KIND_START && operation->kind != KIND_LOCK)
		return messages_ways(thread, operation, way, writes, WAYS_MAX);
	way[0] = 0;
	writes[0] = operation->kind == KIND_LOCK;
	return 1;
}

static void take_lock(unsigned int thread, const struct operation *operation)
{
	struct lock *lock = lock_at(operation->address);

	lock->holder = thread;
	clock_join(&happened[thread], &lock->carries);
	clock_join(&dependence[thread], &lock->dependence);
}

/* An atomic operation is one event, and what comes behind it is a later one */
static void do_step(const struct step *step)
{
	struct thread *t = &threads[self];
	const struct operation *operation = &t->operation;

	if (!t->waits)
		explore_failed("thread %u was to go on, and does not wait: "
			       "executions differ by themselves", self);
	happened[self].of[self]++;
	if (operation->kind == KIND_LOCK) {
		take_lock(self, operation);
	} else if (operation->kind != KIND_START) {
		races_atomic(operation->address, operation->bytes,
			     operation->kind != KIND_WRITE, step->writes,
			     operation->pc);
		t->result = messages_do(self, operation, step->way,
					&dependence[self]);
	}
	happened[self].of[self]++;
	t->waits = false;
}

/* Chooses who is next, does its step, and runs it. From any thread's stack */
static void next_step(unsigned int stack)
{
	enum ending how;
	struct step step;

	how = search_next(&step);
	if (how != ENDING_NONE)
		leave(how);
	switch_own(step.thread);
	do_step(&step);
	if (step.thread != stack)
		(void)swapcontext(&contexts[stack], &contexts[step.thread]);
}

uint64_t explore_operation(const struct operation *operation)
{
	threads[self].operation = *operation;
	threads[self].waits = true;
	next_step(self);
	return threads[self].result;
}

static void thread_body(void)
{
	running->threads[self]();
	next_step(self);	/* it waits for nothing: does not come back */
}

static void threads_begin(void)
{
	unsigned int t;

	memset(threads, 0, sizeof(threads));
	memset(dependence, 0, sizeof(dependence));
	memcpy(own, own_first, sizeof(own));
	lock_count = 0;
	for (t = 1; t < THREADS; t++) {
		happened[t].of[t] = 1;
		if (!running->threads[t])
			continue;
		threads[t].operation.kind = KIND_START;
		threads[t].waits = true;
		(void)getcontext(&contexts[t]);
		contexts[t].uc_stack.ss_sp = stacks[t];
		contexts[t].uc_stack.ss_size = STACK_BYTES;
		contexts[t].uc_link = NULL;
		makecontext(&contexts[t], thread_body, 0);
	}
}

/* ---- executions ---- */

void order_outcome(unsigned int number)
{
	outcomes |= UINT64_C(1) << number;
}

static void judge_all(void)
{
	ending = ENDING_NONE;
	(void)getcontext(&home);
	if (ending != ENDING_NONE)	/* it has failed */
		return;
	running->judge();
	ending = ENDING_COMPLETE;
}

/* One execution, up to its end */
static void execute(void)
{
	races_begin();
	messages_begin();
	threads_begin();
	ending = ENDING_NONE;
	(void)getcontext(&home);
	if (ending == ENDING_NONE) {
		exploring = true;
		next_step(0);
	}
	switch_own(0);
	if (ending == ENDING_COMPLETE)
		judge_all();
	races_undo();
}

struct result explore(const struct exploration *what, bool silent)
{
	struct result result = { 0 };
	unsigned int t;

	quiet = silent;
	for (t = 1; t < THREADS && !stacks[t]; t++) {
		stacks[t] = malloc(STACK_BYTES);
		if (!stacks[t])
			abort();
	}
	outcomes = 0;
	order_begin();
	own_begin();
	what->set_up();
	memcpy(own_first, own, sizeof(own));
	running = what;
	search_begin();
	do {
		execute();
		result.complete += ending == ENDING_COMPLETE;
		result.pruned += ending == ENDING_PRUNED;
	} while (ending != ENDING_FAILED && search_back());
	running = NULL;
	result.failed = ending == ENDING_FAILED;
	result.steps = search_steps();
	result.outcomes = outcomes;
	result.good = result.failed == what->fails &&
		      (!what->outcomes || result.outcomes == what->outcomes);
	return result;
}
