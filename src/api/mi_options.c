/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options: values, where they come from, and what they change. The table in
 * docs/options.md says what each one does here.
 */
#include "api/api.h"
#include "ground/error.h"
#include "api/options.h"
#include "ground/text.h"

#ifndef LONG_MAX
#define LONG_MAX	__LONG_MAX__
#endif

enum option_source { FROM_DEFAULT, FROM_ENVIRONMENT, FROM_CALL };

static struct {
	const char *name;
	long value;
	bool is_size;		/* in KiB; the environment may say K, M, G */
	bool is_bad;		/* the environment has named no value */
	uint8_t source;
} options[] = {
	{ .name = "show_errors" },
	{ .name = "show_stats" },
	{ .name = "verbose" },
	{ .name = "eager_commit", .value = 1 },
	{ .name = "arena_eager_commit", .value = 2 },
	{ .name = "purge_decommits", .value = 1 },
	{ .name = "allow_large_os_pages" },
	{ .name = "reserve_huge_os_pages" },
	{ .name = "reserve_huge_os_pages_at", .value = -1 },
	{ .name = "reserve_os_memory", .is_size = true },
	{ .name = "deprecated_segment_cache" },
	{ .name = "deprecated_page_reset" },
	{ .name = "abandoned_page_purge" },
	{ .name = "deprecated_segment_reset" },
	{ .name = "eager_commit_delay", .value = 1 },
	{ .name = "purge_delay", .value = 10 },
	{ .name = "use_numa_nodes" },
	{ .name = "disallow_os_alloc" },
	{ .name = "os_tag", .value = 100 },
	{ .name = "max_errors", .value = 32 },
	{ .name = "max_warnings", .value = 32 },
	{ .name = "max_segment_reclaim", .value = 10 },
	{ .name = "destroy_on_exit" },
	{ .name = "arena_reserve", .value = 1 << 20, .is_size = true },
	{ .name = "arena_purge_mult", .value = 10 },
	{ .name = "purge_extend_delay", .value = 1 },
	{ .name = "abandoned_reclaim_on_free", .value = 1 },
	{ .name = "disallow_arena_alloc" },
	{ .name = "retry_on_oom", .value = 400 },
	{ .name = "abort_on_error", .value = 1 },
	{ .name = "purge_budget", .value = 6144, .is_size = true },
	{ .name = "purge_share", .value = 4 },
	{ .name = "purge_learn", .value = 40960, .is_size = true },
	{ .name = "allow_thp" },
	{ .name = "backtrace", .value = 1 },
	{ .name = "stats_json" },
};

_Static_assert(sizeof(options) / sizeof(options[0]) == OPTION_COUNT,
	       "a row for each option");
_Static_assert((int)_mi_option_last == (int)OPTION_ABORT_ON_ERROR,
	       "our own come behind");

static long warnings;

long option_get(int option)
{
	return options[option].value;
}

/* What the options make of the default instance */
static void options_configure(void)
{
	struct instance_config config = INSTANCE_CONFIG;
	long delay = option_get(mi_option_purge_delay);
	long budget = option_get(OPTION_PURGE_BUDGET);
	long share = option_get(OPTION_PURGE_SHARE);
	long learn = option_get(OPTION_PURGE_LEARN);

	config.budget_bytes = delay == 0 || budget < 0 ? 0 :
			      (size_t)budget << 10;
	config.budget_share = delay == 0 || share < 0 ? 0 : (size_t)share;
	config.learn_bytes = learn < 0 ? 0 : (size_t)learn << 10;
	config.reserve_bytes = mi_option_get_size(mi_option_arena_reserve);
	config.purge_enabled = delay >= 0;
	config.os_enabled = option_get(mi_option_disallow_os_alloc) == 0;
	config.reclaim_on_free =
		option_get(mi_option_abandoned_reclaim_on_free) != 0;
	port_configure(&config);
}

/* Options that somebody reads elsewhere are passed on */
static void options_apply(void)
{
	error_policy.abort = option_get(OPTION_ABORT_ON_ERROR) != 0;
	error_policy.trace = option_get(OPTION_BACKTRACE) != 0;
	error_policy.show = option_get(mi_option_show_errors) != 0 ||
			    option_get(mi_option_verbose) != 0;
	error_policy.max_messages = option_get(mi_option_max_errors);
	port_set_huge(option_get(mi_option_allow_large_os_pages) != 0 ?
		      PORT_HUGE_WANTED :
		      option_get(OPTION_ALLOW_THP) != 0 ?
		      PORT_HUGE_AS_USUAL : PORT_HUGE_NEVER);
	options_configure();
}

/* Nothing is yes, so that it is enough to name the option */
static bool parse_word(const char *text, long *value)
{
	bool yes = true;

	if (*text && !text_read_bool(text, &yes))
		return false;
	*value = yes;
	return true;
}

/* K, M, G, with or without iB or B; gives KiB */
static bool parse_unit(const char *text, long *value)
{
	static const char *const units[] = { "k", "m", "g", "t" };
	char unit[2] = { text[0], 0 };
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (text_equal(unit, units[i]))
			break;
	if (i == 4 || (text[1] && !text_equal(text + 1, "b") &&
		       !text_equal(text + 1, "ib")))
		return false;
	return *value >= 0 &&
	       !__builtin_mul_overflow(*value, 1L << (10 * i), value);
}

static bool parse_number(const char *text, bool is_size, long *value)
{
	bool negative = *text == '-';
	size_t digits;
	long number;

	text = text_read_number(text + negative, &digits);
	if (!text || digits > LONG_MAX)
		return false;
	number = negative ? -(long)digits : (long)digits;
	if (is_size && *text) {
		if (!parse_unit(text, &number))
			return false;
	} else if (*text) {
		return false;
	} else if (is_size && number > 0) {
		number = (number >> 10) + ((number & 1023) != 0);
	}
	*value = number;
	return true;
}

static void warn_bad_value(const char *name, const char *text)
{
	long most = option_get(mi_option_max_warnings);

	if (most < 0 || warnings++ < most)
		text_warn_bad_value("MIMALLOC_", name, text);
}

static void option_read(unsigned int i)
{
	const char *text = port_option_text(options[i].name);
	long value;

	if (!text || options[i].source != FROM_DEFAULT)
		return;
	if ((options[i].is_size && parse_number(text, true, &value)) ||
	    (!options[i].is_size && (parse_word(text, &value) ||
				     parse_number(text, false, &value)))) {
		options[i].value = value;
		options[i].source = FROM_ENVIRONMENT;
	} else if (!options[i].is_bad) {
		/* said once, though the environment is read twice */
		options[i].is_bad = true;
		warn_bad_value(options[i].name, text);
	}
}

void options_init(void)
{
	unsigned int i;

	for (i = 0; i < OPTION_COUNT; i++)
		option_read(i);
	options_apply();
}

#if PORT_TURNS

bool options_ready(void)
{
	static bool ready;

	if (!ready && instance_is_made()) {
		ready = true;
		options_init();
	}
	return ready;
}

#endif

static bool exists(mi_option_t option)
{
	return (unsigned int)option < (unsigned int)_mi_option_last &&
	       options_ready();
}

long mi_option_get(mi_option_t option)
{
	return exists(option) ? options[option].value : 0;
}

long mi_option_get_clamp(mi_option_t option, long min, long max)
{
	long value = mi_option_get(option);

	return value < min ? min : value > max ? max : value;
}

size_t mi_option_get_size(mi_option_t option)
{
	long value = mi_option_get(option);

	if (value <= 0)
		return 0;
	if (!options[option].is_size)
		return (size_t)value;
	return value > LONG_MAX >> 10 ? SIZE_MAX : (size_t)value << 10;
}

bool mi_option_is_enabled(mi_option_t option)
{
	return mi_option_get(option) != 0;
}

void mi_option_set(mi_option_t option, long value)
{
	if (!exists(option))
		return;
	options[option].value = value;
	options[option].source = FROM_CALL;
	options_apply();
}

void mi_option_set_default(mi_option_t option, long value)
{
	if (!exists(option) || options[option].source != FROM_DEFAULT)
		return;
	options[option].value = value;
	options_apply();
}

void mi_option_enable(mi_option_t option)
{
	mi_option_set(option, 1);
}

void mi_option_disable(mi_option_t option)
{
	mi_option_set(option, 0);
}

void mi_option_set_enabled(mi_option_t option, bool enable)
{
	mi_option_set(option, enable);
}

void mi_option_set_enabled_default(mi_option_t option, bool enable)
{
	mi_option_set_default(option, enable);
}

void mi_options_print_out(mi_output_fun *out, void *arg)
{
	static const char *const sources[] = {
		"", " (" PORT_OPTION_SOURCE ")", " (set)",
	};
	struct text text = { .out = out, .arg = arg };
	unsigned int i;

	(void)options_ready();
	for (i = 0; i < OPTION_COUNT; i++) {
		text_begin(&text, "mimalloc: option ");
		text_string(&text, options[i].name);
		text_string(&text, ": ");
		if (options[i].value < 0)
			text_string(&text, "-");
		text_number(&text, (size_t)(options[i].value < 0 ?
			    -options[i].value : options[i].value), 1);
		text_string(&text, options[i].is_size ? " KiB" : "");
		text_string(&text, sources[options[i].source]);
		text_string(&text, "\n");
		text_print(&text);
	}
}

void mi_options_print(void)
{
	mi_options_print_out(NULL, NULL);
}
