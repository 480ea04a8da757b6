/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The result, as one JSON object on standard output. README.md in this folder
 * tells what each field is.
 */
#include "play.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char output[65536];

const char *allocator_path(void *function)
{
	Dl_info about;

	return dladdr(function, &about) && about.dli_fname ? about.dli_fname :
							      "";
}

void print_string(const char *text)
{
	(void)putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void print_number(const char *name, uint64_t value)
{
	printf(",\n\"%s\": %llu", name, (unsigned long long)value);
}

/* Above what the player has itself, in KiB */
static void print_memory(const char *name, bool known, uint64_t bytes)
{
	uint64_t above = bytes > play.baseline_bytes ?
			 bytes - play.baseline_bytes : 0;

	if (known)
		print_number(name, above >> 10);
	else
		printf(",\n\"%s\": null", name);
}

static void print_cost(const char *name, unsigned int kind)
{
	struct cost sum = { 0 };

	for (unsigned int i = 0; i < play.lane_count; i++) {
		const struct cost *cost = &play.lanes[i].costs[kind];

		sum.calls += cost->calls;
		sum.ticks += cost->ticks;
		for (unsigned int j = 0; j < COST_CLASSES; j++)
			sum.classes[j] += cost->classes[j];
	}
	printf("\n\"%s\": {\"calls\": %llu, \"seconds\": %.9f, "
	       "\"median_ns\": %.1f, \"p99_ns\": %.1f}", name,
	       (unsigned long long)sum.calls, ticks_seconds(sum.ticks),
	       ticks_seconds(cost_quantile(&sum, 50)) * 1e9,
	       ticks_seconds(cost_quantile(&sum, 99)) * 1e9);
}

static void print_kinds(void)
{
	static const char *const names[KINDS] = {
		"", "malloc", "calloc", "realloc", "aligned", "free"
	};

	if (!play.kinds) {
		printf(",\n\"kinds\": null");
		return;
	}
	printf(",\n\"kinds\": {");
	for (unsigned int kind = 1; kind < KINDS; kind++) {
		print_cost(names[kind], kind);
		if (kind < KINDS - 1)
			(void)putchar(',');
	}
	(void)putchar('}');
}

static void print_point(const struct point *point)
{
	uint64_t above = point->resident_bytes > play.baseline_bytes ?
			 point->resident_bytes - play.baseline_bytes : 0;

	printf("{\"operation\": %llu, \"live_bytes\": %llu, "
	       "\"rss_kib\": %llu}", (unsigned long long)point->operation,
	       (unsigned long long)point->live_bytes,
	       (unsigned long long)(above >> 10));
}

static void print_timeline(void)
{
	if (!play.point_count)
		printf(",\n\"at_peak\": null");
	else
		printf(",\n\"at_peak\": ");
	if (play.point_count)
		print_point(&play.points[play.peak_point]);
	printf(",\n\"timeline\": [");
	for (uint32_t i = 0; play.points_wanted && i < play.point_count; i++) {
		printf("%s\n", i ? "," : "");
		print_point(&play.points[i]);
	}
	(void)putchar(']');
}

static void print_instructions(void)
{
	if (play.has_instructions) {
		print_number("instructions", play.instructions);
		return;
	}
	printf(",\n\"instructions\": null,\n\"instructions_reason\": ");
	print_string(play.no_instructions);
}

static void print_head(void)
{
	void *(*allocate)(size_t) = malloc;
	uint64_t waits = 0;
	void *address;

	for (unsigned int i = 0; i < play.lane_count; i++)
		waits += play.lanes[i].waits;
	memcpy(&address, &allocate, sizeof(address));
	printf("{\"format\": \"mi-trace-play 1\",\n\"allocator\": ");
	print_string(allocator_path(address));
	print_number("operations", play.header.operations);
	print_number("threads", play.threads);
	print_number("played_threads", play.lane_count);
	print_number("threads_at_once", play.at_once);
	print_number("waits", waits);
	printf(",\n\"seconds\": %.9f,\n\"processor_seconds\": %.9f",
	       play.seconds, play.processor_seconds);
}

void result_print(void)
{
	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	print_head();
	print_instructions();
	print_number("baseline_kib", play.baseline_bytes >> 10);
	print_number("early_kib", play.early_bytes >> 10);
	print_memory("peak_rss_kib", play.has_peak, play.peak_bytes);
	print_memory("final_rss_kib", true, play.final_bytes);
	print_memory("drained_rss_kib", play.drain, play.drained_bytes);
	print_number("peak_bytes", play.header.peak_bytes);
	print_number("final_bytes", memory_live());
	print_kinds();
	print_timeline();
	if (play.map)
		map_print();
	printf("\n}\n");
	if (fflush(stdout) || ferror(stdout))
		die(STATUS_USE, "the result cannot be written");
}
