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
static char *ignore_errors;
static char *show_stats;

UK_LIBPARAM_PARAM(budget_kib, charp,
		  "KiB of free memory that keep their frames");
UK_LIBPARAM_PARAM(ignore_errors, charp,
		  "1: report an invalid free and go on; 0: crash");
UK_LIBPARAM_PARAM(show_stats, charp,
		  "1: statistics when the system halts");

struct params params = { .config = INSTANCE_CONFIG };

static bool words_are_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool read_bool(const char *word, bool *value)
{
	static const char *const words[] = {
		"0", "1", "no", "yes", "off", "on", "false", "true",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words_are_same(word, words[i])) {
			*value = i & 1;
			return true;
		}
	}
	return false;
}

static bool read_kib(const char *digit, size_t *bytes)
{
	size_t value = 0;

	if (!*digit)
		return false;
	for (; *digit; digit++) {
		if (*digit < '0' || *digit > '9' || value > SIZE_MAX >> 14)
			return false;
		value = value * 10 + (size_t)(*digit - '0');
	}
	if (value > SIZE_MAX >> 10)
		return false;
	*bytes = value << 10;
	return true;
}

static void complain(const char *name, const char *value)
{
	struct text text = { .length = 0 };

	text_string(&text, "mimalloc: warning: mimalloc.");
	text_string(&text, name);
	text_string(&text, ": bad value '");
	text_string(&text, value);
	text_string(&text, "' is ignored\n");
	text_print(&text);
}

void params_read(void)
{
	struct instance_config *config = &params.config;

	/* all memory is handed over, by uk_mimalloc_init() and addmem */
	config->os_enabled = false;
#ifdef CONFIG_LIBMIMALLOC_BUDGET_KIB
	config->budget_bytes = (size_t)CONFIG_LIBMIMALLOC_BUDGET_KIB << 10;
#endif
	if (budget_kib && !read_kib(budget_kib, &config->budget_bytes))
		complain("budget_kib", budget_kib);
	if (ignore_errors && !read_bool(ignore_errors, &params.ignore_errors))
		complain("ignore_errors", ignore_errors);
	if (show_stats && !read_bool(show_stats, &params.show_stats))
		complain("show_stats", show_stats);
}
