/* SPDX-License-Identifier: BSD-3-Clause */
/* Called when the library is loaded, and when it is unloaded or all ends. */
#include "api/options.h"
#include "fork.h"
#include "mimalloc.h"
#include "stats_file.h"
#include "system.h"

/* Runs before the C library's own constructor, see the Makefile */
__attribute__((constructor(101)))
static void process_start(int count, char **arguments, char **environment)
{
	(void)count;
	(void)arguments;
#ifdef __GLIBC__	/* others call constructors without arguments */
	extern char **environ;

	if (!environ)
		environ = environment;
#else
	(void)environment;
#endif
	fork_register();
	system_start();
	options_init();
	stats_file_prepare();
	mi_process_init();
}

__attribute__((destructor(101))) static void process_end(void)
{
	if (!stats_file_write() && process_is_to_report())
		process_report(NULL, NULL);
#ifdef PORT_TLS_DYNAMIC	/* this code may be about to be unloaded */
	threads_forget();
#endif
}
