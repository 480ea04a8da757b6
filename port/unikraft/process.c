/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only the mi_* functions ask of the system. There is no process, and what
 * a C library may have is used where it has been linked.
 */
#include <errno.h>

#include "port_internal.h"

#include "api/options.h"
#include "ground/text.h"
#include "mimalloc.h"

__attribute__((weak)) char *getenv(const char *name);
__attribute__((weak)) char *realpath(const char *path, char *resolved);

/* Time since boot; what the default instance holds, as there is one program */
void port_process(struct port_process *process)
{
	const struct instance *instance = default_instance_pointer;

	memory_zero(process, sizeof(*process));
	process->elapsed_msecs = compat_clock_nsecs() / 1000000;
	if (!instance)
		return;
	process->resident = (instance->units_used + instance->units_dirty +
			     instance->units_shelved) << UNIT_SHIFT;
	process->resident_peak = instance->units_used_peak << UNIT_SHIFT;
	if (process->resident_peak < process->resident)
		process->resident_peak = process->resident;
}

void port_set_huge(enum port_huge wanted)
{
	(void)wanted;
}

void *port_reserve_huge(size_t bytes)
{
	(void)bytes;
	return NULL;
}

char *port_realpath(const char *path, char *resolved)
{
	if (realpath)
		return realpath(path, resolved);
	port_set_errno(ENOSYS);
	return NULL;
}

const char *port_environment(const char *name)
{
	return getenv ? getenv(name) : NULL;
}

/* ---- options: what Kconfig and the kernel's command line say ---- */

static const char *number_text(size_t number, const char *unit)
{
	static struct text text;

	text.length = 0;
	text_number(&text, number, 1);
	text_string(&text, unit);
	return text.line;
}

const char *port_option_text(const char *name)
{
	const struct instance_config *config = &params.config;

	if (text_equal(name, "show_stats"))
		return params.show_stats ? "1" : "0";
#if MI_CLASS_STATS
	if (text_equal(name, "stats_json"))
		return params_want_json() ? "1" : "0";
#endif
	if (text_equal(name, "abort_on_error"))
		return params.ignore_errors ? "0" : "1";
	if (text_equal(name, "purge_budget"))
		return number_text(config->budget_bytes >> 10, "K");
	if (text_equal(name, "purge_learn"))
		return number_text(config->learn_bytes >> 10, "K");
	if (text_equal(name, "purge_share"))
		return number_text(config->budget_share, "");
	if (text_equal(name, "disallow_os_alloc"))
		return "1";
	if (text_equal(name, "arena_reserve"))
		return "0";
	return NULL;
}

void port_configure(const struct instance_config *config)
{
	params.config = *config;
	/* frames are counted all the same, so that none is missing */
	if (!config->purge_enabled)
		params.config.budget_bytes = SIZE_MAX;
	params.config.os_enabled = false;
	params.show_stats = option_get(mi_option_show_stats) != 0 ||
			    option_get(mi_option_verbose) != 0;
	if (default_instance_is_made())
		instance_configure(&default_instance, config_now());
}
