/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mi-trace-measure [--points N] SCRIPT
 *
 * What can be said of a script without playing it, as one JSON object: how many
 * bytes live over time, which sizes are asked for, how long blocks live, and
 * how often the live bytes fall by how much and rise again. README.md in this
 * folder describes each member. O(operations), and 24 bytes of memory for each
 * slot.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

/* A script that stays mapped to the end of the process */
static const struct mi_script_header *map_script(const char *path)
{
	const struct mi_script_header *script;
	unsigned char *full;
	const char *fault;
	struct stat about;
	uint64_t at;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || fstat(file, &about))
		fail(path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		fail(path, "not a plain file");
	if ((uint64_t)about.st_size < sizeof(*script))
		fail(path, "too short for a script");
	script = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE,
		      file, 0);
	if (script == MAP_FAILED)
		fail(path, strerror(errno));
	close(file);
	fault = mi_script_header_fault(script, (uint64_t)about.st_size);
	if (fault)
		fail(path, fault);
	full = calloc(1, mi_script_state_bytes(script->slots) + 1);
	if (!full)
		fail(path, "out of memory");
	fault = mi_script_ops_fault(script, full, &at);
	if (fault) {
		fprintf(stderr, "mi-trace-measure: %s: operation %" PRIu64
			": %s\n", path, at, fault);
		exit(1);
	}
	free(full);
	return script;
}

static void usage(FILE *to)
{
	fputs("usage: mi-trace-measure [--points N] SCRIPT\n"
	      "Prints what a script asks for, as JSON; N points of time, 1 to "
	      "100000 [500].\n", to);
}

/* The value of --points, or 0 where it is none */
static uint64_t points_of(const char *text)
{
	char *end;
	unsigned long long points;

	errno = 0;
	points = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || points > 100000)
		return 0;
	return points;
}

int main(int argc, char **argv)
{
	uint64_t points = 500;
	int at = 1;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "--points")) {
		points = points_of(argv[2]);
		at = 3;
	}
	if (argc != at + 1 || !points) {
		usage(stderr);
		return 2;
	}
	measure(map_script(argv[at]), points);
	if (fflush(stdout) || ferror(stdout))
		fail("standard output", strerror(errno));
	return 0;
}
