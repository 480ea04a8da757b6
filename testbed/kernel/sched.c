/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The cooperative scheduler. Interrupts only wake the CPU; they never switch
 * threads. The idle thread is on no queue: it runs when nothing else can.
 */
#include <errno.h>
#include <uk/assert.h>
#include <uk/plat/lcpu.h>
#include <uk/plat/time.h>
#include <uk/sched.h>

#include "arch.h"
#include "machine.h"

UKPLAT_PER_LCPU_DEFINE(struct uk_thread *, __uk_sched_thread_current);

static void queue_push(struct uk_sched *s, struct uk_thread *t)
{
	if (t == s->idle || t->flags & UK_THREADF_QUEUED)
		return;
	t->flags |= UK_THREADF_QUEUED;
	t->next = NULL;
	if (s->run_last)
		s->run_last->next = t;
	else
		s->run_first = t;
	s->run_last = t;
}

static struct uk_thread *queue_pop(struct uk_sched *s)
{
	struct uk_thread *t = s->run_first;

	if (!t)
		return NULL;
	s->run_first = t->next;
	if (!s->run_first)
		s->run_last = NULL;
	t->flags &= ~(uint32_t)UK_THREADF_QUEUED;
	return t;
}

static void queue_remove(struct uk_sched *s, struct uk_thread *t)
{
	struct uk_thread **at = &s->run_first;
	struct uk_thread *before = NULL;

	while (*at && *at != t) {
		before = *at;
		at = &before->next;
	}
	if (!*at)
		return;
	*at = t->next;
	if (s->run_last == t)
		s->run_last = before;
	t->flags &= ~(uint32_t)UK_THREADF_QUEUED;
}

static void sleeper_remove(struct uk_sched *s, struct uk_thread *t)
{
	struct uk_thread **at = &s->sleepers;

	while (*at && *at != t)
		at = &(*at)->next_sleeper;
	if (*at)
		*at = t->next_sleeper;
	t->wakeup_time = 0;
}

/* Wakes those whose time has come; the nanoseconds to the next, or 0. */
static __nsec sleepers_wake(struct uk_sched *s)
{
	__snsec now = (__snsec)ukplat_monotonic_clock();
	struct uk_thread *t = s->sleepers;
	__snsec nearest = 0;

	while (t) {
		struct uk_thread *next = t->next_sleeper;

		if (t->wakeup_time <= now)
			uk_thread_wake(t);
		else if (!nearest || t->wakeup_time < nearest)
			nearest = t->wakeup_time;
		t = next;
	}
	return nearest ? (__nsec)(nearest - now) : 0;
}

static void switch_to(struct uk_thread *next)
{
	struct uk_thread *before = uk_thread_current();

	if (before == next)
		return;
	before->tlsp = ukplat_tlsp_get();
	ukplat_per_lcpu_current(__uk_sched_thread_current) = next;
	ukplat_tlsp_set(next->tlsp);
	thread_switch(&before->sp, next->sp);
}

void uk_sched_yield(void)
{
	struct uk_thread *now = uk_thread_current();
	struct uk_sched *s = now->sched;
	struct uk_thread *next;

	sleepers_wake(s);
	if (uk_thread_is_runnable(now))
		queue_push(s, now);
	next = queue_pop(s);
	switch_to(next ? next : s->idle);
}

unsigned int uk_sched_thread_gc(struct uk_sched *s)
{
	unsigned int count = 0;

	while (s->exited) {
		struct uk_thread *t = s->exited;

		s->exited = t->next;
		uk_thread_release(t);
		count++;
	}
	return count;
}

static void __noreturn idle_loop(void *argument)
{
	struct uk_sched *s = argument;

	for (;;) {
		__nsec ahead;

		cpu_interrupts_off();
		uk_sched_thread_gc(s);
		ahead = sleepers_wake(s);
		if (s->run_first) {
			cpu_interrupts_on();
			uk_sched_yield();
			continue;
		}
		if (ahead)
			clock_alarm(ahead);
		cpu_interrupts_on_and_wait();
	}
}

struct uk_sched *uk_schedcoop_create(struct uk_alloc *a,
				     struct uk_alloc *a_stack,
				     struct uk_alloc *a_auxstack,
				     struct uk_alloc *a_uktls)
{
	struct uk_sched *s = uk_zalloc(a, sizeof(*s));

	if (!s)
		return NULL;
	s->a = a;
	s->a_stack = a_stack;
	s->a_auxstack = a_auxstack;
	s->a_uktls = a_uktls;
	s->idle = uk_thread_create_fn1(a, idle_loop, s, a_stack, 0, a_auxstack,
				       0, a_uktls, false, "idle", NULL, NULL);
	if (!s->idle)
		return NULL;
	s->idle->sched = s;
	return s;
}

/* Makes a thread of the context that calls. */
int uk_sched_start(struct uk_sched *s)
{
	uintptr_t tlsp = ukplat_tlsp_get();
	struct uk_thread *t;

	t = uk_thread_create_bare(s->a, 0, 0, 0, tlsp, tlsp != 0, false,
				  "init", NULL, NULL);
	if (!t)
		return -ENOMEM;
	t->sched = s;
	t->flags |= UK_THREADF_RUNNABLE;
	ukplat_per_lcpu_current(__uk_sched_thread_current) = t;
	return 0;
}

int uk_sched_thread_add(struct uk_sched *s, struct uk_thread *t)
{
	t->sched = s;
	if (uk_thread_is_runnable(t))
		queue_push(s, t);
	return 0;
}

struct uk_thread *uk_sched_thread_create_fn1(struct uk_sched *s,
					     uk_thread_fn1_t fn1, void *argp,
					     size_t stack_len,
					     size_t auxstack_len,
					     bool no_uktls, bool no_ectx,
					     const char *name, void *priv,
					     uk_thread_dtor_t dtor)
{
	struct uk_thread *t;

	t = uk_thread_create_fn1(s->a, fn1, argp, s->a_stack, stack_len,
				 s->a_auxstack, auxstack_len,
				 no_uktls ? NULL : s->a_uktls, no_ectx, name,
				 priv, dtor);
	if (t)
		uk_sched_thread_add(s, t);
	return t;
}

void uk_thread_block_until(struct uk_thread *t, __snsec until)
{
	t->flags &= ~(uint32_t)UK_THREADF_RUNNABLE;
	if (t->sched)
		queue_remove(t->sched, t);
	if (until) {
		t->wakeup_time = until;
		t->next_sleeper = t->sched->sleepers;
		t->sched->sleepers = t;
	}
}

void uk_thread_block(struct uk_thread *t)
{
	uk_thread_block_until(t, 0);
}

void uk_thread_wake(struct uk_thread *t)
{
	if (uk_thread_is_exited(t))
		return;
	if (t->wakeup_time)
		sleeper_remove(t->sched, t);
	t->flags |= UK_THREADF_RUNNABLE;
	if (t->sched && t != uk_thread_current())
		queue_push(t->sched, t);
}

void uk_sched_thread_sleep(__nsec nsec)
{
	uk_thread_block_until(uk_thread_current(),
			      (__snsec)(ukplat_monotonic_clock() + nsec));
	uk_sched_yield();
}

/* A thread that ends itself leaves its memory to the idle thread. */
void uk_sched_thread_terminate(struct uk_thread *t)
{
	struct uk_sched *s = t->sched;

	queue_remove(s, t);
	if (t->wakeup_time)
		sleeper_remove(s, t);
	uk_thread_set_exited(t);
	if (t != uk_thread_current()) {
		uk_thread_release(t);
		return;
	}
	t->next = s->exited;
	s->exited = t;
	uk_sched_yield();
	UK_CRASH("an ended thread ran again\n");
}

void uk_sched_thread_exit(void)
{
	uk_sched_thread_terminate(uk_thread_current());
	__builtin_unreachable();
}
