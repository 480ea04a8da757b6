/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends in the ways that the runner must tell from success.
 *
 *   arguments: fail | null | abort | hang | stack | full | again | cpu | busy |
 *		blame
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/alloc_impl.h>
#include <uk/arch/lcpu.h>
#include <uk/assert.h>
#include <uk/plat/lcpu.h>

#include "misbehave/blame.h"

/* 1000 bytes of stack for each level. */
static int stack_use(unsigned int levels)
{
	volatile char here[1000];

	here[0] = (char)levels;
	return levels ? stack_use(levels - 1) + here[0] : 0;
}

/* Takes and touches memory until there is none, or until a fault ends it. */
static int heap_fill(void)
{
	unsigned long count = 0;
	char *block;

	while ((block = malloc(4000))) {
		memset(block, 1, 4000);
		count++;
	}
	printf("NULL after %lu blocks\n", count);
	return 0;
}

#if CONFIG_LIBUKALLOC_IFSTATS

/* Frees what is free; the statistics must not notice, nor see want of memory */
static int free_again(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	struct uk_alloc_stats before, after;
	char *stays = uk_malloc(a, 100), *gone = uk_malloc(a, 100);

	uk_alloc_stats_get(a, &before);
	uk_free(a, gone);
	uk_free(a, gone);
	uk_free(a, stays + 16);
	if (uk_realloc(a, gone, 200) || uk_realloc(a, gone, 0) ||
	    uk_realloc(a, stays + 1, 200))
		return 1;
	uk_alloc_stats_get(a, &after);
	printf("%ld blocks, %ld bytes, %ld failures\n",
	       (long)(after.cur_nb_allocs - before.cur_nb_allocs),
	       (long)(after.cur_mem_use - before.cur_mem_use),
	       (long)(after.nb_enomem - before.nb_enomem));
	uk_free(a, stays);
	return 0;
}

#else

static int free_again(void)
{
	printf("no statistics in this image\n");
	return 1;
}

#endif /* CONFIG_LIBUKALLOC_IFSTATS */

#ifdef CONFIG_HAVE_SMP

static void __noreturn write_to_null(void)
{
	volatile char *volatile nowhere = NULL;

	ukplat_lcpu_enable_irq();
	for (unsigned int turns = 0; turns < 100; turns++)
		ukarch_spinwait();
	*nowhere = 1;
	ukplat_lcpu_halt();
}

/*
 * The second CPU ends the run, unless it has no turn: while this one waits for
 * it, or is busy. Those after it halt.
 */
static int cpu_start(bool busy)
{
	static char stacks[3][4096] __align(16);
	void *sp[] = { NULL, stacks[1], stacks[2], &stacks[2][4096] };
	const ukplat_lcpu_entry_t entries[] = { NULL, write_to_null };
	const __lcpuidx first_two[] = { 0, 1 };
	unsigned int two = 2;
	int rc = ukplat_lcpu_start(first_two, &two, sp, entries, 0);
	int others = ukplat_lcpu_start(NULL, NULL, sp + 1, NULL, 0);

	printf("started: %d, %u; others: %d\n", rc, two, others);
	fflush(stdout);
	for (volatile unsigned int i = 0; !rc && i < 1000000; i++)
		if (!busy)
			ukarch_spinwait();
	return 1;
}

#else

static int cpu_start(bool busy __unused)
{
	printf("one CPU in this image\n");
	return 1;
}

#endif /* CONFIG_HAVE_SMP */

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "fail";
	char *volatile nowhere = NULL;

	printf("about to: %s\n", how);
	fflush(stdout);
	if (!strcmp(how, "null"))
		*nowhere = 1;
	if (!strcmp(how, "abort"))
		UK_CRASH("as it was told to\n");
	if (!strcmp(how, "hang"))
		for (;;)
			;
	if (!strcmp(how, "stack"))
		return stack_use(1000000);
	if (!strcmp(how, "full"))
		return heap_fill();
	if (!strcmp(how, "again"))
		return free_again();
	if (!strcmp(how, "blame"))
		return blame();
	if (!strcmp(how, "cpu") || !strcmp(how, "busy"))
		return cpu_start(!strcmp(how, "busy"));
	return 1;
}
