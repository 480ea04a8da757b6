/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one kind of scheduler: cooperative, first come first served. It runs its
 * threads on the CPU that has started it, where they are made, woken and ended.
 */
#ifndef __UK_SCHED_H__
#define __UK_SCHED_H__

#include <uk/thread.h>

struct uk_sched {
	struct uk_alloc *a;
	struct uk_alloc *a_stack;
	struct uk_alloc *a_auxstack;
	struct uk_alloc *a_uktls;
	struct uk_thread *run_first;
	struct uk_thread *run_last;
	struct uk_thread *exited;
	struct uk_thread *sleepers;
	struct uk_thread *idle;
};

static inline struct uk_sched *uk_sched_current(void)
{
	struct uk_thread *t = uk_thread_current();

	return t ? t->sched : NULL;
}

struct uk_sched *uk_schedcoop_create(struct uk_alloc *a,
				     struct uk_alloc *a_stack,
				     struct uk_alloc *a_auxstack,
				     struct uk_alloc *a_uktls);

/* On the calling CPU, whose context becomes a thread */
int uk_sched_start(struct uk_sched *s);

int uk_sched_thread_add(struct uk_sched *s, struct uk_thread *t);
void uk_sched_yield(void);
void uk_sched_thread_sleep(__nsec nsec);

/* Lengths of 0 mean the default. NULL when memory is short. */
struct uk_thread *uk_sched_thread_create_fn1(struct uk_sched *s,
					     uk_thread_fn1_t fn1, void *argp,
					     size_t stack_len,
					     size_t auxstack_len,
					     bool no_uktls, bool no_ectx,
					     const char *name, void *priv,
					     uk_thread_dtor_t dtor);

#define uk_sched_thread_create(s, fn1, argp, name)			\
	uk_sched_thread_create_fn1((s), (fn1), (void *)(argp), 0, 0,	\
				   false, false, (name), NULL, NULL)

void uk_sched_thread_exit(void) __noreturn;
void uk_sched_thread_terminate(struct uk_thread *t);

/* Frees what ended threads left; the number of them. */
unsigned int uk_sched_thread_gc(struct uk_sched *s);

#endif /* __UK_SCHED_H__ */
