/* SPDX-License-Identifier: BSD-3-Clause */
/* A census as JSON. docs/statistics.md has the schema. */
#include "blocks/census.h"

#if PORT_HAS_PROCESSES

/* A file's name may be no text at all: each of its bytes becomes a character */
static void print_string(struct text *text, const char *string)
{
	static const char digits[] = "0123456789abcdef";
	char escape[] = "\\u0000";
	char letter[2] = "";

	for (; *string; string++) {
		letter[0] = *string;
		if (letter[0] >= ' ' && letter[0] < 127 && letter[0] != '"' &&
		    letter[0] != '\\') {
			text_string(text, letter);
			continue;
		}
		escape[4] = digits[(unsigned char)letter[0] >> 4];
		escape[5] = digits[letter[0] & 15];
		text_string(text, escape);
	}
}

static void print_program(struct text *text)
{
	char name[TEXT_NAME_BYTES];
	size_t number = port_process_id();

	port_program(name, sizeof(name));
	text_string(text, "\"program\": \"");
	print_string(text, name);
	text_fill(text, "\", \"pid\": #,\n", &number);
}

#else

static void print_program(struct text *text)
{
	text_string(text, "\"program\": null, \"pid\": null,\n");
}

#endif /* PORT_HAS_PROCESSES */

static void print_process(struct text *text, const struct port_process *process)
{
	const size_t numbers[] = {
		process->elapsed_msecs, process->user_msecs,
		process->system_msecs, process->resident,
		process->resident_peak, process->page_faults,
	};

	text_fill(text, "\"process\": {\"elapsed_msecs\": #, "
		  "\"user_msecs\": #, \"system_msecs\": #, "
		  "\"resident_bytes\": #, \"resident_peak_bytes\": #, "
		  "\"page_faults\": #},\n", numbers);
}

static void print_memory(struct text *text, const struct census *census)
{
	const size_t numbers[] = {
		census->units_reserved << UNIT_SHIFT,
		census->units_used << UNIT_SHIFT,
		census->units_used_peak << UNIT_SHIFT,
		census->units_held << UNIT_SHIFT,
		census->units_held_peak << UNIT_SHIFT,
		census->bytes_purged, census->purges,
		census->free_units << UNIT_SHIFT, census->free_runs,
		census->largest_units << UNIT_SHIFT,
		census->heaps, census->heaps_peak, census->abandoned,
		census_waste(census), census_scatter(census),
	};

	text_fill(text, "\"memory\": {\"reserved_bytes\": #, "
		  "\"used_bytes\": #, \"used_peak_bytes\": #, "
		  "\"held_bytes\": #, \"held_peak_bytes\": #, "
		  "\"given_back_bytes\": #, \"given_back_times\": #, "
		  "\"free_bytes\": #, \"free_runs\": #, "
		  "\"largest_free_bytes\": #},\n"
		  "\"heaps\": {\"now\": #, \"peak\": #, "
		  "\"abandoned_pages\": #},\n"
		  "\"fragmentation\": {\"in_pages_per_mille\": #, "
		  "\"between_runs_per_mille\": #},\n", numbers);
}

/* What is the same of a class, of all and of large blocks */
static void print_use(struct text *text, const struct class_use *use,
		      size_t live_bytes)
{
	const size_t numbers[] = {
		use->live, live_bytes, use->made, use->pages,
		use->units << UNIT_SHIFT,
	};

	text_fill(text, "\"live\": #, \"live_bytes\": #, \"made\": #, "
		  "\"pages\": #, \"page_bytes\": #", numbers);
}

/* What there ever was, where that is counted */
static void print_ever(struct text *text, const struct census *census,
		       unsigned int class)
{
#if MI_CLASS_STATS
	const struct class_stats *stats = &census->stats[class];
	const size_t numbers[] = {
		stats->pages_peak, (size_t)stats->units_peak << UNIT_SHIFT,
		stats->pages_total,
		census->classes[class].made +
		census->classes[class].made_ended,
	};

	text_fill(text, ", \"pages_peak\": #, \"page_peak_bytes\": #, "
		  "\"pages_total\": #, \"made_total\": #", numbers);
#else
	(void)text;
	(void)census;
	(void)class;
#endif
}

static void print_class(struct text *text, const struct census *census,
			unsigned int class)
{
	const struct class_use *use = &census->classes[class];
	size_t bytes = class ? size_class_bytes(class) : 0;

	text_fill(text, "{\"block_bytes\": #, ", &bytes);
	print_use(text, use, use->live * size_class_bytes(class));
	print_ever(text, census, class);
	text_string(text, "}");
}

static void print_classes(struct text *text, const struct census *census)
{
	const char *before = "\n";
	unsigned int class;

	text_string(text, "\"classes\": [");
	for (class = 0; class < CLASS_COUNT; class++) {
		if (!census_has_class(census, class))
			continue;
		text_string(text, before);
		print_class(text, census, class);
		before = ",\n";
	}
	text_string(text, "]}\n");
}

void census_print_json(const struct census *census,
		       const struct port_process *process, struct text *text)
{
	const struct class_use *large = &census->classes[CLASS_NONE];
	const size_t whole[] = {
		census->whole_runs, census->whole_units << UNIT_SHIFT,
	};

	text_string(text, "{\"schema\": \"lib-mimalloc statistics\", "
		    "\"schema_version\": 1,\n");
	print_program(text);
	if (process)
		print_process(text, process);
	print_memory(text, census);
	text_string(text, "\"blocks\": {");
	print_use(text, &census->all, census->live_bytes);
	text_string(text, "},\n\"large\": {");
	print_use(text, large, large->units << UNIT_SHIFT);
	print_ever(text, census, CLASS_NONE);
	text_fill(text, "},\n\"whole_units\": {\"runs\": #, \"bytes\": #},\n",
		  whole);
	print_classes(text, census);
	text_print(text);
}
