/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays a script of a program's allocations (trace/script.h) on the default
 * allocator. trace/command/unikernel.py boots it.
 *
 *   arguments: bytes, sum, points [threads]
 *
 * The script is what a loader has put behind the image (parameter loaded=), and
 * its 64-bit words have that sum. The table of slots follows it. Both are
 * kept out of the heap, and this takes no memory from it. The timeline gets so
 * many points. With "threads" each of the script's has one of its own here.
 *
 * Prints the figures between two lines, then SUCCESS, also where memory ran
 * out; or what is wrong with the script.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>

#include "replay/replay.h"

struct replay replay;

static void __noreturn fail(const char *what)
{
	printf("FAILED: %s\n", what);
	exit(1);
}

/* Whether the loader's bytes are those of the file; the last ones are 0. */
static void check_sum(const uint64_t *words, uint64_t bytes, uint64_t expected)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < bytes / sizeof(*words); i++)
		sum += words[i];
	if (sum != expected)
		fail("the script did not arrive as it is in its file");
}

static void check_script(const void *script, uint64_t bytes, size_t loaded)
{
	const struct mi_script_header *header = script;
	const char *fault = mi_script_header_fault(script, bytes);
	uint64_t at;

	if (fault)
		fail(fault);
	if (header->slots > (loaded - bytes) / sizeof(struct slot))
		fail("no room for the slots of the script");
	replay.script = header;
	replay.slots = (struct slot *)((uintptr_t)script + bytes);
	memset(replay.slots, 0, header->slots * sizeof(struct slot));
	fault = mi_script_ops_fault(header, (unsigned char *)replay.slots, &at);
	if (fault) {
		printf("FAILED: operation %" PRIu64 ": %s\n", at, fault);
		exit(1);
	}
	memset(replay.slots, 0, header->slots * sizeof(struct slot));
	if (replay.threads && header->threads > THREADS_MAX)
		fail("more than " STRINGIFY(THREADS_MAX) " threads: play the "
		     "script on one");
}

/* What has been played is what the script says of itself. */
static void check_played(void)
{
	if (replay.refused)
		return;
	if (replay.peak != replay.script->peak_bytes
	    || replay.peak_operation != replay.script->peak_operation
	    || replay.live != replay.script->final_bytes)
		fail("the script's header tells another peak or end");
}

int main(int argc, char **argv)
{
	uint64_t bytes, sum;
	size_t loaded;
	void *script = testbed_loaded(&loaded);

	if (argc < 4)
		fail("arguments: bytes and sum of the script, points");
	bytes = strtoull(argv[1], NULL, 10);
	sum = strtoull(argv[2], NULL, 10);
	replay.points = strtoull(argv[3], NULL, 10);
	replay.threads = argc > 4 && !strcmp(argv[4], "threads");
	replay.a = uk_alloc_get_default();
	if (!script || bytes > loaded)
		fail("no script is loaded");
	check_sum(script, bytes, sum);
	check_script(script, bytes, loaded);
	play();
	check_played();
	puts("SUCCESS");
	return 0;
}
