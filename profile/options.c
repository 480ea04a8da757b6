/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "ground/text.h"
#include "options.h"
#include "report.h"

#define PREFIX		"MIMALLOC_"
#define DEFAULT_RATE	(512 << 10)

const char *option_entry(char **environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (!strncasecmp(*environment, PREFIX, strlen(PREFIX)) &&
		    !strncasecmp(*environment + strlen(PREFIX), name, length) &&
		    (*environment)[strlen(PREFIX) + length] == '=')
			return *environment;
	return NULL;
}

/* NULL: it is not set, or to nothing */
static const char *value_of(const char *name)
{
	const char *entry = option_entry(environ, name);

	entry = entry ? strchr(entry, '=') + 1 : NULL;
	return entry && *entry ? entry : NULL;
}

/* As sizes of the library: a number, and K, M, G or T, alone or with B or iB */
static bool read_size(const char *text, size_t *size)
{
	static const char units[] = "kmgt";
	const char *unit;

	text = text_read_number(text, size);
	if (!text || !*text)
		return text != NULL;
	unit = strchr(units, tolower((unsigned char)*text));
	if (!unit || (text[1] && !text_equal(text + 1, "b") &&
		      !text_equal(text + 1, "ib")))
		return false;
	return !__builtin_mul_overflow(*size, (size_t)1024 <<
				       10 * (unit - units), size);
}

static bool read_signal(const char *text, int *number)
{
	const char *end;
	size_t value;
	int i;

	end = text_read_number(text, &value);
	if (end && !*end) {
		*number = value < NSIG ? (int)value : 0;
		return *number > 0;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);

		if (name && text_equal(name, text)) {
			*number = i;
			return true;
		}
	}
	return false;
}

static void read_number(const char *name, size_t *number, size_t least)
{
	const char *value = value_of(name);
	size_t read;

	if (!value)
		return;
	if (read_size(value, &read) && read >= least)
		*number = read;
	else
		text_warn_bad_value(PREFIX, name, value);
}

void options_read(struct options *options)
{
	const char *value;

	options->rate = DEFAULT_RATE;
	options->profile = value_of("PROFILE");
	options->leaks_file = value_of("PROFILE_LEAKS_FILE");
	read_number("PROFILE_RATE", &options->rate, 1);
	read_number("PROFILE_LEAKS", &options->leaks, 0);
	value = value_of("PROFILE_SEED");
	options->seed_is_set = value != NULL;
	read_number("PROFILE_SEED", &options->seed, 0);
	value = value_of("PROFILE_SIGNAL");
	if (value && !read_signal(value, &options->signal))
		text_warn_bad_value(PREFIX, "PROFILE_SIGNAL", value);
	options->on = !getauxval(AT_SECURE) &&	/* no files for whoever asks */
		      (options->profile || options->leaks ||
		       value_of("PROFILE_RATE"));
}

static bool add(char *path, size_t *length, const char *text)
{
	while (*text && *length < PATH_BYTES - 1)
		path[(*length)++] = *text++;
	path[*length] = 0;
	return !*text;
}

bool path_expand(char *path, const char *name, const char *folder, bool apart,
		 size_t number)
{
	struct text pid = { .length = 0 }, n = { .length = 0 };
	size_t length = 0;
	bool fits = true;

	text_number(&pid, (size_t)getpid(), 1);
	text_number(&n, number, 1);
	if (*name != '/')
		fits = add(path, &length, folder) && add(path, &length, "/");
	for (; *name && fits; name++) {
		char one[2] = { *name, 0 };

		if (name[0] == '%' && (name[1] == 'p' || name[1] == 'n' ||
				       name[1] == '%')) {
			name++;
			apart = apart && *name != 'p';
			fits = add(path, &length, *name == 'p' ? pid.line :
				   *name == 'n' ? n.line : "%");
		} else {
			fits = add(path, &length, one);
		}
	}
	if (apart && fits)
		fits = add(path, &length, ".") && add(path, &length, pid.line);
	return fits;
}
