/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The testbed's own parameters. A bad one ends the run: a test must not pass
 * in another mode than the one it asked for.
 */
#include <string.h>
#include <uk/assert.h>

#define UK_LIBPARAM_LIBPREFIX	/* none */
#include <uk/libparam.h>

#include "machine.h"
#include "options.h"

#define ARGUMENTS_MAX 64
#define TURN_MIN 1000			/* fewer leave a CPU no time */
#define COMMAND_LINE_BYTES 2048

struct options options = {
	.alloc = "buddy",
	.junk = JUNK_FIRST,
	.ranges = 1,
};

int boot_argc;
char **boot_argv;

static char text[COMMAND_LINE_BYTES];
static char *arguments[ARGUMENTS_MAX + 1];
static char *mode_name = "static";
static char *junk_name = "first";
static char *alloc_name = "buddy";
static int log_level = KLVL_WARN;

UK_LIBPARAM_PARAM_ALIAS(mode, &mode_name, charp, "static, paging or vmem");
UK_LIBPARAM_PARAM_ALIAS(alloc, &alloc_name, charp,
			"buddy, tlsf, bump or mimalloc");
UK_LIBPARAM_PARAM_ALIAS(junk, &junk_name, charp,
			"fill of fresh memory: none, first (MiB) or all");
UK_LIBPARAM_PARAM_ALIAS(first, &options.first_kib, __u64,
			"mode static: KiB in the first range (0: all low)");
UK_LIBPARAM_PARAM_ALIAS(ranges, &options.ranges, __u64,
			"mode static: ranges made of the other memory");
UK_LIBPARAM_PARAM_ALIAS(spare, &options.spare_kib, __u64,
			"KiB kept out of the heap, for a further instance");
UK_LIBPARAM_PARAM_ALIAS(loaded, &options.loaded_kib, __u64,
			"KiB behind the image, filled by a loader, kept as they are");
UK_LIBPARAM_PARAM_ALIAS(trace, &options.trace_kib, __u64,
			"KiB kept out of the heap, for a record of its calls");
UK_LIBPARAM_PARAM_ALIAS(stats, &options.stats, __u8,
			"print the heap's figures at the end");
#ifdef CONFIG_HAVE_SMP
UK_LIBPARAM_PARAM_ALIAS(turn, &options.turn, __u64,
			"instructions after which a CPU lets the next one run");
#endif
UK_LIBPARAM_PARAM_ALIAS(log, &log_level, int, "0 critical .. 3 info");

static unsigned int choose(const char *parameter, const char *value,
			   const char *const names[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(value, names[i]))
			return i;
	UK_CRASH("parameter %s=%s: unknown value\n", parameter, value);
}

static int split(void)
{
	int count = 0;
	char *at = text;

	while (*at && count < ARGUMENTS_MAX) {
		while (*at == ' ')
			*at++ = '\0';
		if (!*at)
			break;
		arguments[count++] = at;
		while (*at && *at != ' ')
			at++;
	}
	if (*at)
		UK_CRASH("command line: more than %d words\n", ARGUMENTS_MAX);
	return count;
}

void options_parse(const char *command_line)
{
	static const char *const modes[] = { "static", "paging", "vmem" };
	static const char *const junks[] = { "none", "first", "all" };
	static char program[] = "testbed";
	static char *none[] = { program, NULL };
	int count, used;

	if (strlen(command_line) >= sizeof(text))
		UK_CRASH("command line: longer than %d bytes\n",
			 COMMAND_LINE_BYTES - 1);
	strcpy(text, command_line);
	count = split();
	used = uk_libparam_parse(count, arguments, UK_LIBPARAM_F_STRICT
				 | UK_LIBPARAM_F_USAGE);
	if (used < 0)
		UK_CRASH("command line not understood\n");
	boot_argc = 1;
	boot_argv = none;
	if (used < count) {		/* "--" becomes the program's name */
		boot_argv = arguments + used;
		boot_argv[0] = program;
		boot_argc = count - used;
	}
	print_set_level(log_level);
	options.mode = (enum heap_mode)choose("mode", mode_name, modes, 3);
	options.junk = (enum junk_mode)choose("junk", junk_name, junks, 3);
	options.alloc = alloc_name;
	if (options.ranges < 1 || options.ranges > 8)
		UK_CRASH("parameter ranges: 1 to 8\n");
	if (options.turn && options.turn < TURN_MIN)
		UK_CRASH("parameter turn: at least %d\n", TURN_MIN);
}
