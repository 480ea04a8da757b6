/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cooperative threads: each is a thread of the host that runs only in its
 * turn, so that each has an errno of its own, and sanitizers know its stack.
 * Threads are allocated as in Unikraft, run the callbacks of the libraries,
 * and are freed by the one that is blocked when nobody else can run: only one
 * ever is. There is no clock, so that no test sleeps.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <uk/sched.h>

#include "host.h"

#define STACK_BYTES ((size_t)64 << 10)	/* taken from the heap, and not used */

extern const struct uk_thread_inittab_entry _uk_thread_inittab_start[];
extern const struct uk_thread_inittab_entry _uk_thread_inittab_end[];

struct host_thread {
	struct uk_thread t;
	pthread_t host;
	sem_t turn;
	uk_thread_fn1_t function;
	void *argument;
};

UKPLAT_PER_LCPU_DEFINE(struct uk_thread *, __uk_sched_thread_current);

static struct uk_sched scheduler;
static struct uk_thread *blocked;

static struct host_thread *host_of(struct uk_thread *t)
{
	return __containerof(t, struct host_thread, t);
}

static void queue_push(struct uk_thread *t)
{
	t->next = NULL;
	if (scheduler.run_last)
		scheduler.run_last->next = t;
	else
		scheduler.run_first = t;
	scheduler.run_last = t;
}

static struct uk_thread *queue_pop(void)
{
	struct uk_thread *t = scheduler.run_first;

	scheduler.run_first = t->next;
	if (!t->next)
		scheduler.run_last = NULL;
	return t;
}

static void turn_pass(struct uk_thread *next)
{
	*__uk_sched_thread_current = next;
	sem_post(&host_of(next)->turn);
}

static void turn_await(struct uk_thread *t)
{
	while (sem_wait(&host_of(t)->turn))
		;
}

/* Who is blocked does the idle thread's work */
static struct uk_thread *turn_next(void)
{
	return scheduler.run_first ? queue_pop() : blocked;
}

static void *thread_main(void *argument)
{
	struct host_thread *h = argument;

	turn_await(&h->t);
	h->function(h->argument);
	return NULL;	/* not reached */
}

/* In reverse order, and after the thread is none any more it is in the list */
void uk_sched_thread_exit(void)
{
	const struct uk_thread_inittab_entry *entry = _uk_thread_inittab_end;
	struct uk_thread *t = uk_thread_current();

	while (entry-- > _uk_thread_inittab_start)
		if (entry->term)
			entry->term(t);
	t->flags |= UK_THREADF_EXITED;
	t->next = scheduler.exited;
	scheduler.exited = t;
	turn_pass(turn_next());	/* the first thread never ends */
	pthread_exit(NULL);
}

static void thread_release(struct uk_thread *t)
{
	pthread_join(host_of(t)->host, NULL);
	sem_destroy(&host_of(t)->turn);
	if (t->dtor)
		t->dtor(t);
	uk_free(t->_mem.stack_a, t->_mem.stack);
	uk_free(t->_mem.t_a, t);
}

/* The idle thread's work, as that thread: it is nobody else's heap */
static void idle(void)
{
	struct uk_thread *now = uk_thread_current(), *t;

	*__uk_sched_thread_current = scheduler.idle;
	while ((t = scheduler.exited)) {
		scheduler.exited = t->next;
		thread_release(t);
	}
	*__uk_sched_thread_current = now;
}

void uk_thread_block(struct uk_thread *t)
{
	t->flags &= ~(uint32_t)UK_THREADF_RUNNABLE;
	blocked = t;
}

void uk_thread_wake(struct uk_thread *t)
{
	t->flags |= UK_THREADF_RUNNABLE;
	queue_push(t);
}

void uk_sched_yield(void)
{
	struct uk_thread *now = uk_thread_current(), *next;

	if (uk_thread_is_runnable(now))
		queue_push(now);
	next = turn_next();
	if (next != now) {
		turn_pass(next);
		turn_await(now);
	}
	if (uk_thread_is_runnable(now))
		return;
	idle();
	if (!uk_thread_is_runnable(now))
		abort();	/* nobody is left who could wake it */
	queue_pop();
}

static struct uk_thread *thread_make(const char *name)
{
	const struct uk_thread_inittab_entry *entry = _uk_thread_inittab_start;
	struct host_thread *h = uk_zalloc(scheduler.a, sizeof(*h));

	if (!h || sem_init(&h->turn, 0, 0))
		return NULL;
	h->t.name = name;
	h->t.sched = &scheduler;
	h->t.flags = UK_THREADF_RUNNABLE;
	h->t._mem.t_a = scheduler.a;
	for (; entry < _uk_thread_inittab_end; entry++)
		if (entry->init && entry->init(&h->t, uk_thread_current()))
			abort();
	return &h->t;
}

struct uk_thread *uk_sched_thread_create_fn1(struct uk_sched *s,
					     uk_thread_fn1_t fn1, void *argp,
					     size_t stack_len __unused,
					     size_t auxstack_len __unused,
					     bool no_uktls __unused,
					     bool no_ectx __unused,
					     const char *name, void *priv,
					     uk_thread_dtor_t dtor)
{
	struct uk_thread *t = thread_make(name);
	struct host_thread *h = host_of(t);

	if (!t)
		return NULL;
	t->_mem.stack_a = s->a;
	t->_mem.stack = uk_memalign(s->a, 16, STACK_BYTES);
	t->priv = priv;
	t->dtor = dtor;
	h->function = fn1;
	h->argument = argp;
	if (!t->_mem.stack || pthread_create(&h->host, NULL, thread_main, h))
		abort();
	queue_push(t);
	return t;
}

void threads_start(void)
{
	scheduler.a = uk_alloc_get_default();
	scheduler.idle = thread_make("idle");
	*__uk_sched_thread_current = thread_make("init");
	if (!scheduler.idle || !*__uk_sched_thread_current)
		abort();
}
