/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mi-trace-compile TRACE SCRIPT	makes a script of a recorded trace
 * mi-trace-compile --stat TRACE	tells what is in it
 *
 * A script is taken in place of a trace, too.
 *
 * Both print a JSON object. Exit status: 0; 3 where the trace is damaged or
 * ends early, and all before that was used; 1 where nothing was; 2 for a wrong
 * command line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_script.h"
#include "stat.h"

enum status { DONE = 0, FAILED = 1, USAGE = 2, DAMAGED = 3 };

struct compilation {
	struct script *source;	/* in place of a trace, or NULL */
	FILE *script;		/* or NULL */
	struct stat_counts *counts; /* or NULL */
	uint64_t kinds[MI_SCRIPT_FREE + 1];
};

static bool operation(struct history *history, const struct trace_call *call,
		      const struct mi_script_op *op, const struct block *block,
		      const struct block *old)
{
	struct compilation *compilation = history->owner;

	compilation->kinds[op->kind]++;
	if (compilation->counts)
		stat_operation(compilation->counts, history, call, op, block,
			       old);
	return !compilation->script ||
	       fwrite(op, sizeof(*op), 1, compilation->script) == 1;
}

/* A text in JSON; a byte that is not ASCII becomes what surrogateescape of
 * Python makes of it */
static void print_text(const char *name, const char *text)
{
	printf(",\n \"%s\": \"", name);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x80 || byte == 0x7f)
			printf("\\udc%02x", byte);
		else if (byte < 0x20 || byte == '"' || byte == '\\')
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void print_number(const char *name, uint64_t number)
{
	printf(",\n \"%s\": %" PRIu64, name, number);
}

static void print_trace(const struct trace *trace)
{
	static const char *const states[] = {
		"running", "ended", "executed", "stopped"
	};
	const struct mi_trace_header *header = &trace->header;

	printf("{\"version\": %d", MI_TRACE_VERSION);
	print_text("program", trace->program);
	print_text("machine", trace->machine);
	print_number("pid", header->pid);
	print_number("parent_pid", header->parent_pid);
	print_number("page_bytes", header->page_bytes);
	print_number("start_seconds", header->start_seconds);
	print_text("state", header->state <= MI_TRACE_STOPPED ?
		   states[header->state] : "unknown");
	print_text("error", header->state == MI_TRACE_STOPPED ?
		   strerror((int)header->error) : "");
	print_number("lost", header->lost);
	print_text("fault", trace->fault ? trace->fault : "");
	print_number("fault_at", trace->fault ? trace->fault_at : 0);
}

static void print_history(const struct history *history,
			  const struct compilation *compilation)
{
	const struct history_counts *counts = &history->counts;
	const uint64_t *kinds = compilation->kinds;

	print_number("calls", history->calls);
	print_number("operations", history->operations);
	printf(",\n \"kinds\": {\"malloc\": %" PRIu64 ", \"calloc\": %" PRIu64
	       ", \"realloc\": %" PRIu64 ", \"aligned\": %" PRIu64
	       ", \"free\": %" PRIu64 "}", kinds[MI_SCRIPT_MALLOC],
	       kinds[MI_SCRIPT_CALLOC], kinds[MI_SCRIPT_REALLOC],
	       kinds[MI_SCRIPT_ALIGNED], kinds[MI_SCRIPT_FREE]);
	print_number("threads", history->threads);
	print_number("slots", history->slots);
	print_number("peak_bytes", history->peak_bytes);
	print_number("peak_blocks", history->peak_blocks);
	print_number("peak_operation", history->peak_operation);
	print_number("peak_call", history->peak_call);
	print_number("final_bytes", history->live_bytes);
	print_number("final_blocks", history->live_blocks);
	printf(",\n \"skipped\": {\"failed\": %" PRIu64 ", \"unknown_free\": %"
	       PRIu64 "}", counts->failed, counts->unknown_frees);
	printf(",\n \"mended\": {\"unknown_realloc\": %" PRIu64
	       ", \"missed_free\": %" PRIu64 ", \"unmatched_realloc\": %"
	       PRIu64 "}", counts->unknown_resizes, counts->missed_frees,
	       counts->unmatched);
}

/* All calls of a trace: NULL, or why that is impossible */
static const char *follow(struct trace *trace, struct history *history,
			  struct compilation *compilation)
{
	struct trace_call call;
	const char *fault = NULL;

	history->operation = operation;
	history->owner = compilation;
	while (!fault && (compilation->source ?
			  script_next(compilation->source, &call) :
			  trace_next(trace, &call))) {
		if (compilation->counts)
			stat_call(compilation->counts, &call);
		fault = history_add(history, &call);
	}
	return fault;
}

static bool write_header(FILE *script, const struct history *history)
{
	struct mi_script_header header = {
		.version = MI_SCRIPT_VERSION,
		.threads = history->threads,
		.operations = history->operations,
		.slots = history->slots,
		.peak_bytes = history->peak_bytes,
		.peak_operation = history->peak_operation,
		.final_bytes = history->live_bytes,
	};

	memcpy(header.magic, MI_SCRIPT_MAGIC, sizeof(header.magic));
	return fseek(script, 0, SEEK_SET) == 0 &&
	       fwrite(&header, sizeof(header), 1, script) == 1;
}

static int failed(const char *path, const char *why)
{
	fprintf(stderr, "mi-trace-compile: %s: %s\n", path, why);
	return FAILED;
}

/* Half a script is none; a device stays what it is */
static void discard(const char *script)
{
	struct stat status;

	if (lstat(script, &status) == 0 && S_ISREG(status.st_mode))
		unlink(script);
}

/* Whether a path names the file that is read */
static bool is_input(const struct trace *trace, const char *script)
{
	struct stat input, output;

	return fstat(trace->descriptor, &input) == 0 &&
	       stat(script, &output) == 0 && input.st_ino == output.st_ino &&
	       input.st_dev == output.st_dev;
}

static int compile(struct trace *trace, struct script *source,
		   const char *path, const char *script)
{
	static struct history history;
	static struct stat_counts counts;
	static struct compilation compilation;
	const char *fault;

	compilation.source = source;
	if (!script) {
		compilation.counts = &counts;
	} else if (is_input(trace, script)) {
		return failed(script, "is the trace itself");
	} else {
		compilation.script = fopen(script, "wb");
		if (!compilation.script ||
		    !write_header(compilation.script, &history))
			return failed(script, strerror(errno));
	}
	fault = follow(trace, &history, &compilation);
	if (script && (!write_header(compilation.script, &history) ||
		       fclose(compilation.script) != 0))
		fault = strerror(errno);
	if (fault) {
		if (script)
			discard(script);
		return failed(script ? script : path, fault);
	}
	print_trace(trace);
	if (source)
		printf(",\n \"script\": true");
	print_history(&history, &compilation);
	if (!script)
		stat_print(&counts);
	printf("}\n");
	history_end(&history);
	if (fflush(stdout) != 0 || ferror(stdout))
		return failed("standard output", strerror(errno));
	return DONE;
}

/* The same for a script, which has no process that it tells of */
static int compile_script(const char *path, const char *script)
{
	static struct script source;
	static struct trace trace;
	const char *fault = script_open(&source, path);
	int status;

	if (fault)
		return failed(path, fault);
	trace.descriptor = source.descriptor;
	trace.header.state = MI_TRACE_ENDED;
	status = compile(&trace, &source, path, script);
	script_close(&source);
	return status;
}

int main(int argc, char **argv)
{
	static struct trace trace;
	bool stats = argc == 3 && strcmp(argv[1], "--stat") == 0;
	const char *path, *fault;
	int status;

	if (argc != 3 || (argv[1][0] == '-' && !stats)) {
		fprintf(stderr, "usage: mi-trace-compile TRACE SCRIPT\n"
			"       mi-trace-compile --stat TRACE\n");
		return USAGE;
	}
	path = argv[stats ? 2 : 1];
	if (script_is(path))
		return compile_script(path, stats ? NULL : argv[2]);
	fault = trace_open(&trace, path);
	if (fault)
		return failed(path, fault);
	status = compile(&trace, NULL, path, stats ? NULL : argv[2]);
	if (status == DONE && trace.fault) {
		fprintf(stderr, "mi-trace-compile: %s: byte %" PRIu64 ": %s; "
			"used the %" PRIu64 " events before that\n", path,
			trace.fault_at, trace.fault, trace.calls);
		status = DAMAGED;
	}
	trace_close(&trace);
	return status;
}
