/* SPDX-License-Identifier: BSD-3-Clause */
/* What was counted, as JSON; trace/README.md has the meaning of each name. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>

#include "replay.h"

static const char *const names[KINDS] = {
	"", "malloc", "calloc", "realloc", "aligned", "free"
};

void print_point(const char *before)
{
	printf("{\"operation\": %" PRIu64 ", \"live_bytes\": %" PRIu64
	       ", \"heap_bytes\": %ld, \"frame_bytes\": %ld}%s\n", replay.next,
	       replay.live, heap_in_use(), (long)replay.frames_at_start
	       - (long)testbed_free_frame_bytes(), before);
}

void print_begin(void)
{
	puts("replay begins");
	printf("{\"allocator\": \"%s\", \"mode\": \"%s\", "
	       "\"heap_at_start_bytes\": %ld, \"timeline\": [\n",
	       testbed_alloc_name(), testbed_mode_name(),
	       replay.heap_at_start);
}

static void print_kind(unsigned int number)
{
	const struct kind *kind = &replay.kinds[number];

	printf("\"%s\": {\"calls\": %" PRIu64 ", \"instructions\": %" PRIu64
	       ", \"worst_instructions\": %" PRIu64 ", \"worst_operation\": %"
	       PRIu64 "}%s\n", names[number], kind->calls, kind->instructions,
	       kind->worst, kind->worst_operation,
	       number < KINDS - 1 ? "," : "},");
}

static void print_refusal(void)
{
	const struct mi_script_op *op = mi_script_ops(replay.script)
		+ replay.next;

	if (!replay.refused) {
		printf("\"out_of_memory\": null,\n");
		return;
	}
	printf("\"out_of_memory\": {\"operation\": %" PRIu64 ", \"kind\": "
	       "\"%s\", \"size\": %" PRIu64 ", \"live_bytes\": %" PRIu64
	       ", \"available_bytes\": %ld},\n", replay.next, names[op->kind],
	       op->size, replay.live, (long)uk_alloc_availmem(replay.a));
}

static void print_sums(void)
{
	uint64_t sum = 0, worst = 0;

	for (unsigned int kind = 1; kind < KINDS; kind++) {
		sum += replay.kinds[kind].instructions;
		if (replay.kinds[kind].worst > worst)
			worst = replay.kinds[kind].worst;
	}
	printf("\"operations\": %" PRIu64 ", \"threads\": %" PRIu32
	       ", \"instructions\": %" PRIu64 ", \"worst_instructions\": %"
	       PRIu64 ",\n\"heap_init_instructions\": %" PRIu64
	       ", \"page_faults\": %" PRIu64 ",\n", replay.next,
	       replay.threads ? replay.script->threads : 1, sum, worst,
	       testbed_init_instructions(), testbed_fault_count());
}

/* The last point is that of the end. */
void print_end(void)
{
	print_point("],");
	printf("\"kinds\": {\n");
	for (unsigned int kind = 1; kind < KINDS; kind++)
		print_kind(kind);
	print_refusal();
	print_sums();
	printf("\"peak_bytes\": %" PRIu64 ", \"peak_operation\": %" PRIu64
	       ", \"final_bytes\": %" PRIu64 ",\n\"at_peak\": {\"operation\": %"
	       PRIu64 ", \"live_bytes\": %" PRIu64 ", \"heap_bytes\": %ld},\n"
	       "\"peak_heap_bytes\": %ld, \"peak_heap_operation\": %" PRIu64
	       ", \"final_heap_bytes\": %ld}\n", replay.peak,
	       replay.peak_operation, replay.live, replay.peak_operation + 1,
	       replay.peak, replay.heap_at_peak, replay.heap_peak,
	       replay.heap_peak_operation, heap_in_use());
	puts("replay ends");
}
