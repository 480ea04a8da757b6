/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of boot, which is Unikraft's: constructors, heap, stack
 * allocators, thread local storage, auxiliary stack, scheduler, interrupts,
 * init table, and the application on a thread of its own. Until the thread
 * pointer is set an access to errno is a wild one.
 */
#include <string.h>
#include <testbed/testbed.h>
#include <uk/arch/tls.h>
#include <uk/assert.h>
#include <uk/ctors.h>
#include <uk/sched.h>

#include "arch.h"
#include "layout.h"
#include "lcpu.h"
#include "machine.h"
#include "memory.h"
#include "options.h"
#include "trace.h"

#define VECTOR_WORDS 80

extern const uk_ctor_func_t uk_ctortab_start[], uk_ctortab_end[];

int main(int argc, char **argv, char **envp);

/* musl: sets itself up, calls main, exits with what it returns. */
int __libc_start_main(int (*program)(int, char **, char **), int argc,
		      char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void));
int __init_tp(void *control_block);
void __init_tls(size_t *auxiliary);

/* In place of musl's, which would make a second block of thread storage. */
void __init_tls(size_t *auxiliary __unused)
{
	__init_tp((void *)tls_control_block(ukplat_tlsp_get()));
}

/* argv, NULL, an empty environment, an empty auxiliary vector */
static void __noreturn application_thread(void *argument __unused)
{
	static char *vector[VECTOR_WORDS];

	memcpy(vector, boot_argv, (size_t)boot_argc * sizeof(*vector));
	__libc_start_main(main, boot_argc, vector, NULL, NULL, NULL);
	__builtin_unreachable();
}

static void thread_storage_start(struct uk_alloc *a,
				 struct uk_alloc *auxiliary_stacks)
{
	void *area = uk_memalign(a, ukarch_tls_area_align(),
				 ukarch_tls_area_size());

	if (!area)
		UK_CRASH("no memory for thread local storage\n");
	ukarch_tls_area_init(area);
	ukplat_tlsp_set(ukarch_tls_tlsp(area));
	if (!uk_memalign(auxiliary_stacks, 16, AUXILIARY_STACK_BYTES))
		UK_CRASH("no memory for the auxiliary stack\n");
}

static void scheduler_start(struct uk_alloc *a, struct uk_alloc *stacks,
			    struct uk_alloc *auxiliary_stacks)
{
	struct uk_sched *s;

	s = uk_schedcoop_create(a, stacks, auxiliary_stacks, a);
	if (!s || uk_sched_start(s))
		UK_CRASH("no memory for the scheduler\n");
	cpu_interrupts_on();
	inittab_run();
	if (!uk_sched_thread_create_fn1(s, application_thread, NULL,
					testbed_stack_bytes, 0, false, false,
					"main", NULL, NULL))
		UK_CRASH("no memory for the application's thread\n");
}

void boot_main(const void *info)
{
	struct uk_alloc *a, *stacks, *auxiliary_stacks;
	const char *command_line;

	serial_init();
	console_write("\r\n", 2);
	lcpu_init();
	traps_init();
	command_line = bootinfo_read(info);
	memory_ranges_check();
	options_parse(command_line);
	memory_loaded_keep();
	lcpu_check();
	trace_cut_range();
	page_unmap(0);			/* a loader's data lay there */
	clock_init();
	for (const uk_ctor_func_t *c = uk_ctortab_start; c < uk_ctortab_end;
	     c++)
		(*c)();

	a = heap_init();
	if (!a)
		UK_CRASH("no heap: too little memory, or the allocator "
			 "refused it\n");
	trace_start(a);
	stacks = stacks_create(a, 2 * FRAME_BYTES);
	auxiliary_stacks = stacks_create(a, AUXILIARY_STACK_BYTES);
	if (!stacks || !auxiliary_stacks)
		UK_CRASH("no memory for the stack allocators\n");
	thread_storage_start(a, auxiliary_stacks);
	scheduler_start(a, stacks, auxiliary_stacks);
	uk_thread_block(uk_thread_current());
	uk_sched_yield();
	UK_CRASH("the boot thread ran again\n");
}
