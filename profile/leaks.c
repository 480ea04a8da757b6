/* SPDX-License-Identifier: BSD-3-Clause */
/* What is still held, by call sites, as text. */
#include <math.h>

#include "ground/text.h"
#include "report.h"

/* Calls of each site that are shown */
#define CALLS_SHOWN	8

static void sort_entries(struct entry *entries, size_t count)
{
	size_t gap, i, at;

	for (gap = count / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11) {
		for (i = gap; i < count; i++) {
			struct entry entry = entries[i];

			for (at = i; at >= gap && entries[at - gap].live.bytes <
				     entry.live.bytes; at -= gap)
				entries[at] = entries[at - gap];
			entries[at] = entry;
		}
	}
}

/* A sigma of the estimate, in hundredths of it */
static void error_text(struct out *out, const struct entry *entry)
{
	double sigma = entry->variance > 0 ? sqrt(entry->variance) : 0;

	out_string(out, " (");
	out_number(out, entry->samples);
	out_string(out, entry->samples == 1 ? " sample" : " samples");
	if (entry->live.bytes > 0) {
		out_string(out, ", give or take ");
		out_number(out, (size_t)(100 * sigma /
					 (double)entry->live.bytes + 0.5));
		out_string(out, " %");
	}
	out_string(out, ")");
}

static void held_text(struct out *out, const struct entry *entry, size_t rate,
		      unsigned int width)
{
	size_t objects = (size_t)objects_of(&entry->live);

	out_size(out, (size_t)entry->live.bytes, width);
	out_string(out, rate == 1 ? " in " : " in about ");
	out_number(out, objects);
	out_string(out, objects == 1 ? " block" : " blocks");
	if (rate != 1)
		error_text(out, entry);
	out_string(out, "\n");
}

static void call_text(struct out *out, const struct snapshot *snapshot,
		      uintptr_t address)
{
	const struct place *place = place_find(snapshot, address);
	const struct mapping *mapping = place ? place->mapping : NULL;
	const char *name = place ? place_name(snapshot, place) : NULL;

	out_string(out, "        ");
	if (name)
		out_string(out, name);
	else
		out_hex(out, address);
	if (mapping) {
		out_string(out, " (");
		out_string(out, mapping->path);
		out_string(out, "+");
		out_hex(out, address - mapping->start + mapping->offset);
		out_string(out, ")");
	}
	out_string(out, "\n");
}

static void head_text(struct out *out, const struct snapshot *snapshot,
		      size_t rate)
{
	struct entry all = { .samples = 0 };
	struct text text = { .length = 0 };
	const char *note;
	size_t i;

	for (i = 0; i < snapshot->entry_count; i++) {
		all.live.objects += snapshot->entries[i].live.objects;
		all.live.bytes += snapshot->entries[i].live.bytes;
		all.variance += snapshot->entries[i].variance;
		all.samples += snapshot->entries[i].samples;
	}
	text_begin(&text, "mimalloc: still held at exit: ");
	out_string(out, text.line);
	held_text(out, &all, rate, 1);
	if (rate == 1) {
		out_string(out, "  every block was counted");
	} else {
		out_string(out, "  estimated from one sample each ");
		out_size(out, rate, 1);
		out_string(out, " on average");
	}
	out_string(out, "; what is held at exit need not be a leak\n");
	for (i = 0; (note = snapshot_note(snapshot, (unsigned int)i)); i++) {
		out_string(out, "  ");
		out_string(out, note);
		out_string(out, "\n");
	}
}

void leaks_text(struct out *out, struct snapshot *snapshot, size_t rate,
		size_t sites)
{
	size_t i;
	unsigned int call;

	head_text(out, snapshot, rate);
	sort_entries(snapshot->entries, snapshot->entry_count);
	for (i = 0; i < snapshot->entry_count && i < sites; i++) {
		const struct entry *entry = &snapshot->entries[i];

		if (!entry->samples)
			return;
		out_string(out, "    ");
		held_text(out, entry, rate, 10);
		for (call = 0; call < entry->stack->depth; call++) {
			if (call == CALLS_SHOWN) {
				out_string(out, "        ...\n");
				break;
			}
			call_text(out, snapshot, entry->stack->calls[call]);
		}
	}
}
