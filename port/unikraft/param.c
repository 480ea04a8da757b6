/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the kernel's command line may set. uklibparam hands the texts over
 * before there is a heap; it says nothing of a value that it cannot read, so
 * they are read here, when the first allocator is made.
 */
#include "port_internal.h"

#include <uk/libparam.h>
#include <uk/mimalloc.h>

#include "ground/text.h"

static char *budget_kib;
static char *learn_kib;
static char *ignore_errors;
static char *show_stats;

UK_LIBPARAM_PARAM(budget_kib, charp,
		  "KiB of free memory that keep their frames");
UK_LIBPARAM_PARAM(learn_kib, charp,
		  "KiB that the budget may learn");
UK_LIBPARAM_PARAM(ignore_errors, charp,
		  "1: report an invalid free and go on; 0: crash");
UK_LIBPARAM_PARAM(show_stats, charp,
		  "1: statistics when the system halts");
#if MI_CLASS_STATS
static char *stats_json;

UK_LIBPARAM_PARAM(stats_json, charp,
		  "1: the same as JSON, wherever they are shown");
#endif

struct params params = { .config = INSTANCE_CONFIG, .purge = true };

static bool read_kib(const char *text, size_t *bytes)
{
	size_t kib;

	text = text_read_number(text, &kib);
	if (!text || *text || kib > SIZE_MAX >> 10)
		return false;
	*bytes = kib << 10;
	return true;
}

static void set_kib(size_t *bytes, const char *name, const char *text)
{
	if (text && !read_kib(text, bytes))
		text_warn_bad_value("mimalloc.", name, text);
}

static void set_bool(bool *value, const char *name, const char *text)
{
	if (text && !text_read_bool(text, value))
		text_warn_bad_value("mimalloc.", name, text);
}

void params_read(void)
{
	struct instance_config *config = &params.config;

	/* all memory is handed over, by uk_mimalloc_init() and addmem */
	config->os_enabled = false;
#ifdef CONFIG_LIBMIMALLOC_BUDGET_KIB
	config->budget_bytes = (size_t)CONFIG_LIBMIMALLOC_BUDGET_KIB << 10;
	config->learn_bytes = (size_t)CONFIG_LIBMIMALLOC_LEARN_KIB << 10;
#endif
	set_kib(&config->budget_bytes, "budget_kib", budget_kib);
	set_kib(&config->learn_bytes, "learn_kib", learn_kib);
	set_bool(&params.ignore_errors, "ignore_errors", ignore_errors);
	set_bool(&params.show_stats, "show_stats", show_stats);
#if MI_CLASS_STATS
	set_bool(&params.stats_json, "stats_json", stats_json);
#endif
}
