/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of calls at boot and at the halt, see uk/init.h. */
#include <uk/assert.h>
#include <uk/init.h>

#include "machine.h"
#include "options.h"

extern const struct uk_inittab_entry uk_inittab_start[], uk_inittab_end[];

/* How far boot has come: what has not been started is not ended */
static const struct uk_inittab_entry *started = uk_inittab_start;

void inittab_run(void)
{
	struct uk_init_ctx context = {
		.cmdline = { .argc = boot_argc, .argv = boot_argv },
	};

	for (; started < uk_inittab_end; started++)
		if (started->init && started->init(&context) < 0)
			UK_CRASH("an init function failed\n");
}

void inittab_end(void)
{
	const struct uk_term_ctx context = { .target = UKPLAT_HALT };

	while (started-- > uk_inittab_start)
		if (started->term)
			started->term(&context);
}
