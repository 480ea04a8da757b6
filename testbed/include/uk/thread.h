/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads of the cooperative scheduler, and the callbacks that libraries
 * register for their start and end.
 *
 *   create --> BLOCKED <--> RUNNABLE --> EXITED --> released
 *
 * A thread runs its init callbacks when it is created: in its parent's context
 * but with its own thread pointer. Its term callbacks run in reverse order
 * when it exits. Its memory is freed by the idle thread afterwards, with
 * interrupts disabled. A callback whose flags ask for what a thread lacks
 * (UK_THREAD_INITF_UKTLS: thread local storage) is skipped for that thread.
 */
#ifndef __UK_THREAD_H__
#define __UK_THREAD_H__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>
#include <uk/arch/time.h>
#include <uk/essentials.h>
#include <uk/plat/lcpu.h>
#include <uk/plat/tls.h>
#include <uk/prio.h>

struct uk_sched;
struct uk_thread;

typedef void (*uk_thread_dtor_t)(struct uk_thread *);
typedef void (*uk_thread_fn0_t)(void) __noreturn;
typedef void (*uk_thread_fn1_t)(void *) __noreturn;

struct uk_thread {
	uintptr_t sp;			/* where the rest of it is saved */
	uintptr_t tlsp;			/* thread pointer in force */
	uintptr_t uktlsp;		/* its own, 0 without UKTLS */
	uintptr_t auxsp;
	uint32_t flags;
	__snsec wakeup_time;		/* 0: until it is woken */
	struct uk_sched *sched;
	struct uk_thread *next;		/* run queue, or the exited list */
	struct uk_thread *next_sleeper;

	struct {
		struct uk_alloc *t_a;
		void *stack;
		struct uk_alloc *stack_a;
		void *uktls;
		struct uk_alloc *uktls_a;
		void *auxstack;
		struct uk_alloc *auxstack_a;
	} _mem;

	uk_thread_dtor_t dtor;
	void *priv;
	const char *name;
};

extern UKPLAT_PER_LCPU_DEFINE(struct uk_thread *, __uk_sched_thread_current);

/* NULL until a scheduler has started on this CPU. */
static inline struct uk_thread *uk_thread_current(void)
{
	return ukplat_per_lcpu_current(__uk_sched_thread_current);
}

#define UK_THREADF_ECTX 0x001
#define UK_THREADF_AUXSP 0x002
#define UK_THREADF_UKTLS 0x004
#define UK_THREADF_RUNNABLE 0x008
#define UK_THREADF_EXITED 0x010
#define UK_THREADF_QUEUED 0x020		/* waits on the run queue */

#define uk_thread_is_exited(t) ((t)->flags & UK_THREADF_EXITED)
#define uk_thread_is_runnable(t) \
	(((t)->flags & (UK_THREADF_EXITED | UK_THREADF_RUNNABLE)) \
	 == UK_THREADF_RUNNABLE)

/* A thread without stack, auxiliary stack or TLS of its own making. */
struct uk_thread *uk_thread_create_bare(struct uk_alloc *a, uintptr_t ip,
					uintptr_t sp, uintptr_t auxsp,
					uintptr_t tlsp, bool is_uktls,
					bool no_ectx, const char *name,
					void *priv, uk_thread_dtor_t dtor);

/* NULL allocators leave out the auxiliary stack or the TLS. */
struct uk_thread *uk_thread_create_fn1(struct uk_alloc *a, uk_thread_fn1_t fn,
				       void *argp, struct uk_alloc *a_stack,
				       size_t stack_len,
				       struct uk_alloc *a_auxstack,
				       size_t auxstack_len,
				       struct uk_alloc *a_uktls, bool no_ectx,
				       const char *name, void *priv,
				       uk_thread_dtor_t dtor);

void uk_thread_set_exited(struct uk_thread *t);
void uk_thread_release(struct uk_thread *t);
void uk_thread_block(struct uk_thread *t);
void uk_thread_block_until(struct uk_thread *t, __snsec until);
void uk_thread_wake(struct uk_thread *t);

typedef int (*uk_thread_init_func_t)(struct uk_thread *child,
				     struct uk_thread *parent);
typedef void (*uk_thread_term_func_t)(struct uk_thread *child);

struct uk_thread_inittab_entry {
	uint32_t flags;
	uk_thread_init_func_t init;
	uk_thread_term_func_t term;
};

#define UK_THREAD_INITF_ECTX UK_THREADF_ECTX
#define UK_THREAD_INITF_AUXSP UK_THREADF_AUXSP
#define UK_THREAD_INITF_UKTLS UK_THREADF_UKTLS

#define __UK_THREAD_INITTAB_ENTRY(init_fn, term_fn, prio, arg_flags)	\
	static const struct uk_thread_inittab_entry __used		\
	__section(".uk_thread_inittab" #prio) __align(8)		\
	__uk_thread_inittab##prio##_##init_fn##_##term_fn = {		\
		.flags = (arg_flags),					\
		.init = (init_fn),					\
		.term = (term_fn)					\
	}

#define _UK_THREAD_INITTAB_ENTRY(init_fn, term_fn, prio, arg_flags)	\
	__UK_THREAD_INITTAB_ENTRY(init_fn, term_fn, prio, arg_flags)

/* prio: 0 (first) to 9; init and term may be NULL. */
#define UK_THREAD_INIT_PRIO_FLAGS(init_fn, term_fn, prio, flags)	\
	_UK_THREAD_INITTAB_ENTRY(init_fn, term_fn, prio, flags)

#endif /* __UK_THREAD_H__ */
