/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mi-trace-play [options] SCRIPT: carries out a script on the malloc of this
 * process, and tells time and memory as JSON. README.md in this folder has the
 * output's fields; play.h has what is where.
 */
#include "play.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct play play = { .lane_limit = LANES_DEFAULT };

static const char usage[] =
"usage: mi-trace-play [options] SCRIPT\n"
"Plays a script of allocations on the malloc of this process (LD_PRELOAD\n"
"names another one), and prints what that took as JSON.\n"
"  --timeline N  up to N points of live bytes and resident memory\n"
"  --kinds       what each kind of call takes; slows the whole down\n"
"  --map         the heap's areas at the peak, from mimalloc or its like\n"
"  --verify      look at all that was written before it is freed\n"
"  --drain       free what is left, and tell what stays resident\n"
"  --threads N   at most N threads at once (256); 1: all in one, in order\n"
"  --help        this text\n"
"Status: 0, or 1 where the allocator fails, or 2 for a wrong use or script.\n";

_Noreturn void die(int status, const char *format, ...)
{
	char text[512];
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	/* Not by stdio: that may call the malloc which is at fault */
	if (length > (int)sizeof(text) - 1)
		length = (int)sizeof(text) - 1;
	text[length] = '\n';
	(void)!write(2, "mi-trace-play: ", 15);
	(void)!write(2, text, (size_t)length + 1);
	_exit(status);
}

void *map_bytes(uint64_t bytes)
{
	void *data = MAP_FAILED;

	if (bytes <= PTRDIFF_MAX)
		data = mmap(NULL, bytes ? (size_t)bytes : 1,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (data == MAP_FAILED)
		die(STATUS_USE, "no memory for the player's own tables of %llu "
		    "bytes", (unsigned long long)bytes);
	return data;
}

void unmap_bytes(void *data, uint64_t bytes)
{
	(void)munmap(data, bytes ? (size_t)bytes : 1);
}

/* A whole number from 1 to most */
static uint32_t number(const char *option, const char *text, uint32_t most)
{
	unsigned long value = 0;
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		value = strtoul(text, &end, 10);
	if (!end || *end || errno || value < 1 || value > most)
		die(STATUS_USE, "--%s %s: has to be a number from 1 to %u",
		    option, text, most);
	return (uint32_t)value;
}

static void arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "timeline", required_argument, NULL, 't' },
		{ "kinds", no_argument, NULL, 'k' },
		{ "map", no_argument, NULL, 'm' },
		{ "verify", no_argument, NULL, 'v' },
		{ "drain", no_argument, NULL, 'd' },
		{ "threads", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 't':
			play.points_wanted = number("timeline", optarg,
						    POINTS_MAX);
			break;
		case 'k':
			play.kinds = true;
			break;
		case 'm':
			play.map = true;
			break;
		case 'v':
			play.verify = true;
			break;
		case 'd':
			play.drain = true;
			break;
		case 'n':
			play.lane_limit = number("threads", optarg, LANES_MAX);
			break;
		case 'h':
			(void)!write(1, usage, sizeof(usage) - 1);
			_exit(0);
		default:
			die(STATUS_USE, "%s: no such option, or it lacks its "
			    "argument; --help tells all", argv[optind - 1]);
		}
	}
	if (argc - optind != 1)
		die(STATUS_USE, "has to be given one script; --help tells all");
	play.path = argv[optind];
}

int main(int argc, char **argv)
{
	double start, processor;

	arguments(argc, argv);
	play.early_bytes = memory_early();
	plan_make();
	crew_prepare();
	if (play.kinds)
		clock_prepare();
	if (play.map)
		map_prepare();
	memory_prepare();
	instructions_start();
	processor = clock_processor_seconds();
	start = clock_seconds();
	if (play.lane_count == 1)
		lane_play(&play.lanes[0]);
	else if (play.lane_count)
		crew_play();
	play.seconds = clock_seconds() - start;
	play.processor_seconds = clock_processor_seconds() - processor;
	instructions_stop();
	play.has_peak = memory_peak(&play.peak_bytes);
	play.final_bytes = memory_resident();
	if (play.drain) {
		slots_drain();
		play.drained_bytes = memory_resident();
	}
	result_print();
	return 0;
}
