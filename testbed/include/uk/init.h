/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls at boot, when heap, thread local storage and scheduler are up, and at
 * the halt, in reverse order. Class and priority are single digits, low first.
 */
#ifndef _UK_INIT_H
#define _UK_INIT_H

#include <uk/essentials.h>
#include <uk/plat/bootstrap.h>
#include <uk/prio.h>

struct uk_init_ctx {
	struct {
		int argc;
		char **argv;
	} cmdline;
};

struct uk_term_ctx {
	enum ukplat_gstate target;
};

typedef int (*uk_init_func_t)(struct uk_init_ctx *context);
typedef void (*uk_term_func_t)(const struct uk_term_ctx *context);

struct uk_inittab_entry {
	uk_init_func_t init;		/* a negative result ends the boot */
	uk_term_func_t term;
};

#define __UK_INITTAB(init_, term_, class, prio)				\
	static const struct uk_inittab_entry __used			\
	__section(".uk_inittab" #class #prio) __align(8)		\
	__uk_inittab_##class##prio##_##init_##_##term_ = {		\
		.init = (init_), .term = (term_)			\
	}

#define UK_INIT_CLASS_EARLY 1
#define UK_INIT_CLASS_LATE 6

#define uk_initcall_class_prio(init, term, class, prio)			\
	__UK_INITTAB(init, term, class, prio)
#define uk_early_initcall_prio(init, term, prio)			\
	uk_initcall_class_prio(init, term, 1, prio)
#define uk_late_initcall_prio(init, term, prio)				\
	uk_initcall_class_prio(init, term, 6, prio)

#endif /* _UK_INIT_H */
