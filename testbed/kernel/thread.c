/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: what makes and unmakes one. The scheduler is in sched.c.
 */
#include <string.h>
#include <uk/arch/limits.h>
#include <uk/arch/tls.h>
#include <uk/assert.h>
#include <uk/sched.h>

#include "arch.h"

extern const struct uk_thread_inittab_entry _uk_thread_inittab_start[];
extern const struct uk_thread_inittab_entry _uk_thread_inittab_end[];

struct callback {
	const struct uk_thread_inittab_entry *entry;
	struct uk_thread *child;
	struct uk_thread *parent;
};

static bool callback_fits(const struct uk_thread_inittab_entry *entry,
			  const struct uk_thread *t)
{
	return (entry->flags & t->flags) == entry->flags;
}

static int callback_init(void *argument)
{
	const struct callback *c = argument;

	return c->entry->init(c->child, c->parent);
}

static int callback_term(void *argument)
{
	const struct callback *c = argument;

	c->entry->term(c->child);
	return 0;
}

/* Undoes the entries before "end", the last first. */
static void callbacks_term(struct uk_thread *t,
			   const struct uk_thread_inittab_entry *end)
{
	while (end-- > _uk_thread_inittab_start) {
		struct callback c = { .entry = end, .child = t };

		if (end->term && callback_fits(end, t))
			ukplat_tlsp_exec(t->uktlsp, callback_term, &c);
	}
}

static int callbacks_init(struct uk_thread *t)
{
	const struct uk_thread_inittab_entry *entry;

	for (entry = _uk_thread_inittab_start; entry < _uk_thread_inittab_end;
	     entry++) {
		struct callback c = { .entry = entry, .child = t,
				      .parent = uk_thread_current() };
		int rc;

		if (!entry->init || !callback_fits(entry, t))
			continue;
		rc = ukplat_tlsp_exec(t->uktlsp, callback_init, &c);
		if (rc < 0) {
			callbacks_term(t, entry);
			return rc;
		}
	}
	return 0;
}

void uk_thread_set_exited(struct uk_thread *t)
{
	if (uk_thread_is_exited(t))
		return;
	callbacks_term(t, _uk_thread_inittab_end);
	t->flags |= UK_THREADF_EXITED;
}

struct uk_thread *uk_thread_create_bare(struct uk_alloc *a, uintptr_t ip,
					uintptr_t sp, uintptr_t auxsp,
					uintptr_t tlsp, bool is_uktls,
					bool no_ectx, const char *name,
					void *priv, uk_thread_dtor_t dtor)
{
	struct uk_thread *t = uk_malloc(a, sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->_mem.t_a = a;
	t->tlsp = tlsp;
	t->auxsp = auxsp;
	t->name = name;
	t->priv = priv;
	t->dtor = dtor;
	t->flags = (no_ectx ? 0U : UK_THREADF_ECTX)
		| (auxsp ? UK_THREADF_AUXSP : 0U);
	if (tlsp && is_uktls) {
		t->uktlsp = tlsp;
		t->flags |= UK_THREADF_UKTLS;
	}
	if (ip) {
		t->sp = thread_frame(sp, ip, NULL, thread_entry);
		t->flags |= UK_THREADF_RUNNABLE;
	}
	if (callbacks_init(t) < 0) {
		uk_free(a, t);
		return NULL;
	}
	return t;
}

static void thread_free_memory(struct uk_thread *t)
{
	struct uk_alloc *a = t->_mem.t_a;

	if (t->_mem.uktls)
		uk_free(t->_mem.uktls_a, t->_mem.uktls);
	if (t->_mem.stack)
		uk_free(t->_mem.stack_a, t->_mem.stack);
	if (t->_mem.auxstack)
		uk_free(t->_mem.auxstack_a, t->_mem.auxstack);
	if (a)
		uk_free(a, t);
}

static bool thread_take_memory(struct uk_thread *t, struct uk_alloc *a_stack,
			       size_t stack_len, struct uk_alloc *a_auxstack,
			       size_t auxstack_len, struct uk_alloc *a_uktls)
{
	t->_mem.stack_a = a_stack;
	t->_mem.stack = uk_memalign(a_stack, 16, stack_len);
	if (!t->_mem.stack)
		return false;
	if (a_auxstack) {
		t->_mem.auxstack_a = a_auxstack;
		t->_mem.auxstack = uk_memalign(a_auxstack, 16, auxstack_len);
		if (!t->_mem.auxstack)
			return false;
		t->auxsp = (uintptr_t)t->_mem.auxstack + auxstack_len;
		t->flags |= UK_THREADF_AUXSP;
	}
	if (a_uktls) {
		t->_mem.uktls_a = a_uktls;
		t->_mem.uktls = uk_memalign(a_uktls, ukarch_tls_area_align(),
					    ukarch_tls_area_size());
		if (!t->_mem.uktls)
			return false;
		ukarch_tls_area_init(t->_mem.uktls);
		t->tlsp = t->uktlsp = ukarch_tls_tlsp(t->_mem.uktls);
		t->flags |= UK_THREADF_UKTLS;
	}
	return true;
}

struct uk_thread *uk_thread_create_fn1(struct uk_alloc *a, uk_thread_fn1_t fn,
				       void *argp, struct uk_alloc *a_stack,
				       size_t stack_len,
				       struct uk_alloc *a_auxstack,
				       size_t auxstack_len,
				       struct uk_alloc *a_uktls, bool no_ectx,
				       const char *name, void *priv,
				       uk_thread_dtor_t dtor)
{
	struct uk_thread *t = uk_malloc(a, sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->_mem.t_a = a;
	t->name = name;
	t->priv = priv;
	t->dtor = dtor;
	t->flags = (no_ectx ? 0U : UK_THREADF_ECTX) | UK_THREADF_RUNNABLE;
	stack_len = stack_len ? stack_len : __STACK_SIZE;
	auxstack_len = auxstack_len ? auxstack_len : __AUXSTACK_SIZE;
	if (!thread_take_memory(t, a_stack, stack_len, a_auxstack,
				auxstack_len, a_uktls)
	    || callbacks_init(t) < 0) {
		thread_free_memory(t);
		return NULL;
	}
	t->sp = thread_frame((uintptr_t)t->_mem.stack + stack_len,
			     (uintptr_t)fn, argp, thread_entry);
	return t;
}

void uk_thread_release(struct uk_thread *t)
{
	uk_thread_set_exited(t);
	if (t->dtor)
		t->dtor(t);
	thread_free_memory(t);
}
