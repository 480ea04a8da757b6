/* SPDX-License-Identifier: BSD-3-Clause */
/* The process, its threads, and the hooks it may set. */
#include "api/api.h"
#include "ground/error.h"
#include "api/options.h"
#include "ground/text.h"

int mi_version(void)
{
	return MI_MALLOC_VERSION;
}

/* Names are bound when the program is linked or loaded, never patched */
bool mi_is_redirected(void)
{
	return false;
}

/* Reserves what options ask for, and prints what they want printed */
static void process_apply_options(void)
{
	long pages = option_get(mi_option_reserve_huge_os_pages);
	size_t bytes = mi_option_get_size(mi_option_reserve_os_memory);

	if (option_get(mi_option_verbose))
		mi_options_print();
	if (pages > 0)
		(void)mi_reserve_huge_os_pages((size_t)pages, 0, NULL);
	if (bytes)
		(void)mi_reserve_os_memory(bytes, true, false);
}

bool process_is_to_report(void)
{
	return option_get(mi_option_show_stats) ||
	       option_get(mi_option_verbose) || option_get(OPTION_STATS_JSON);
}

void process_report(mi_output_fun *out, void *arg)
{
	if (option_get(OPTION_STATS_JSON))
		stats_print_json(out, arg);
	else
		mi_stats_print_out(out, arg);
}

void mi_process_init(void)
{
	static bool done;

	port_init();
	if (done || !options_ready())
		return;
	done = true;
	process_apply_options();
}

void mi_thread_init(void)
{
	(void)heap_here_or_new();
}

void mi_thread_done(void)
{
	thread_done_here();
}

void mi_register_deferred_free(mi_deferred_free_fun *deferred_free, void *arg)
{
	heap_set_deferred(deferred_free, arg);
}

void mi_register_output(mi_output_fun *out, void *arg)
{
	text_set_output(out, arg);
}

void mi_register_error(mi_error_fun *fun, void *arg)
{
	error_set_hook(fun, arg);
}
