/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz TRACE... : reads each trace as it is, then with bits turned, bytes left
 * out and fields made extreme, MI_TEST_ROUNDS times. With checksums made right
 * again after half of that, so that what lies behind them meets it as well.
 * Nothing may crash (it is compiled with sanitizers), and what comes out is a
 * script that a player takes.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "history.h"

#define LIMIT	(64u << 10)	/* of a trace; more is left out */

static uint64_t state;
static unsigned char bytes[LIMIT + 4096];
static size_t length;
static struct mi_script_header *script;
static size_t room;
static uint64_t outcomes[3];	/* not a trace, damaged, sound */

static uint64_t draw(uint64_t below)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (state >> 33) % below;
}

static bool add(struct history *history, const struct trace_call *call,
		const struct mi_script_op *op, const struct block *block,
		const struct block *old)
{
	struct mi_script_op *ops;
	void *larger;

	(void)call;
	(void)block;
	(void)old;
	if (mi_script_bytes(history->operations + 1) > room) {
		room = room ? room * 2 : 1 << 16;
		larger = realloc(script, room);
		if (!larger)
			return false;
		script = larger;
	}
	ops = (struct mi_script_op *)(script + 1);
	ops[history->operations] = *op;
	return true;
}

/* A player's checks of the script that was made */
static void play(const struct history *history)
{
	unsigned char *full;
	const char *fault;
	uint64_t at;

	if (history->operations == 0)
		return;
	memset(script, 0, sizeof(*script));
	memcpy(script->magic, MI_SCRIPT_MAGIC, sizeof(script->magic));
	script->version = MI_SCRIPT_VERSION;
	script->threads = history->threads;
	script->operations = history->operations;
	script->slots = history->slots;
	script->peak_operation = history->peak_operation;
	fault = mi_script_header_fault(script, mi_script_bytes(
					       history->operations));
	full = calloc(1, mi_script_state_bytes(script->slots) + 1);
	if (!fault)
		fault = mi_script_ops_fault(script, full, &at);
	free(full);
	if (fault) {
		fprintf(stderr, "fuzz: a script is wrong: %s\n", fault);
		abort();
	}
}

static void read_all(const char *path)
{
	static struct history history;
	static struct trace trace;
	struct trace_call call;
	uint64_t calls = 0;
	const char *fault = trace_open(&trace, path);

	if (fault) {
		outcomes[0]++;
		return;
	}
	memset(&history, 0, sizeof(history));
	history.operation = add;
	while (trace_next(&trace, &call)) {
		calls++;
		if (history_add(&history, &call))
			abort();
	}
	if (calls != trace.calls)
		abort();
	outcomes[trace.fault ? 1 : 2]++;
	play(&history);
	history_end(&history);
	trace_close(&trace);
}

static void damage(void)
{
	static const uint64_t extremes[] = {
		0, 1, 0x7f, 0x80, 0xff, UINT32_MAX, UINT64_MAX, INT64_MAX
	};
	size_t at = draw(length), count = 1 + draw(8);

	switch (draw(4)) {
	case 0:
		bytes[at] ^= (unsigned char)(1u << draw(8));
		break;
	case 1:
		memcpy(bytes + at, &extremes[draw(8)],
		       at + count < length ? count : length - at);
		break;
	case 2:
		if (at + count < length) {
			memmove(bytes + at, bytes + at + count,
				length - at - count);
			length -= count;
		}
		break;
	default:
		if (draw(4) == 0)
			length = at + 1;
		break;
	}
}

/* Checksums of the header and of all chunks that can be found are right */
static void mend(void)
{
	struct mi_trace_header header = { .version = 0 };
	struct mi_trace_chunk chunk = { .magic = 0 };
	uint64_t at;

	if (length < sizeof(header))
		return;
	memcpy(&header, bytes, sizeof(header));
	header.checksum = mi_trace_checksum(&header, offsetof(
					struct mi_trace_header, checksum));
	memcpy(bytes, &header, sizeof(header));
	for (at = header.header_bytes; at + sizeof(chunk) <= length;
	     at += sizeof(chunk) + chunk.stored_bytes) {
		memcpy(&chunk, bytes + at, sizeof(chunk));
		if (chunk.packing == MI_TRACE_PLAIN &&
		    at + sizeof(chunk) + chunk.plain_bytes <= length)
			chunk.plain_checksum = mi_trace_checksum(
				bytes + at + sizeof(chunk), chunk.plain_bytes);
		chunk.checksum = mi_trace_checksum(&chunk, offsetof(
					struct mi_trace_chunk, checksum));
		memcpy(bytes + at, &chunk, sizeof(chunk));
	}
}

static void try(const char *path, int rounds)
{
	static unsigned char whole[LIMIT];
	FILE *file = fopen(path, "rb");
	int memory = memfd_create("fuzz", 0);
	size_t whole_length;
	char name[64];

	if (!file || memory < 0)
		exit(2);
	whole_length = fread(whole, 1, sizeof(whole), file);
	fclose(file);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", memory);
	read_all(path);
	for (int i = 0; i < rounds; i++) {
		length = whole_length;
		memcpy(bytes, whole, length);
		for (uint64_t times = 1 + draw(3); times > 0; times--)
			damage();
		if (i % 2)
			mend();
		if (ftruncate(memory, 0) != 0 ||
		    pwrite(memory, bytes, length, 0) != (ssize_t)length)
			exit(2);
		read_all(name);
	}
	close(memory);
}

int main(int argc, char **argv)
{
	const char *rounds = getenv("MI_TEST_ROUNDS");
	const char *seed = getenv("MI_TEST_SEED");

	state = seed ? strtoul(seed, NULL, 10) : (unsigned long)getpid();
	printf("# MI_TEST_SEED=%" PRIu64 "\n", state);
	for (int i = 1; i < argc; i++)
		try(argv[i], rounds ? atoi(rounds) : 1000);
	printf("%" PRIu64 " no traces, %" PRIu64 " damaged, %" PRIu64
	       " sound\n", outcomes[0], outcomes[1], outcomes[2]);
	free(script);
	return !(rounds && atoi(rounds) == 0) &&
	       (outcomes[0] == 0 || outcomes[1] == 0 || outcomes[2] == 0);
}
