/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "report.h"

static size_t take_entries(struct snapshot *snapshot, size_t room)
{
	const struct stack *stack;
	size_t count = 0, calls = 0;

	for (stack = stacks_made; stack; stack = stack->next_made) {
		if (count < room) {
			struct entry *entry = &snapshot->entries[count];

			entry->stack = stack;
			entry->live = stack->live;
			entry->total = stack->total;
			entry->samples = stack->samples;
			entry->variance = stack->variance;
			stack_at_peak(stack, &entry->peak);
		}
		calls += stack->depth;
		count++;
	}
	snapshot->entry_count = count;
	return calls;
}

/* Shell's sort: no memory, no recursion, and addresses are few thousands */
static void sort_places(struct place *places, size_t count)
{
	size_t gap, i, at;

	for (gap = count / 2; gap; gap = gap == 2 ? 1 : gap * 5 / 11) {
		for (i = gap; i < count; i++) {
			struct place place = places[i];

			for (at = i; at >= gap && places[at - gap].address >
				     place.address; at -= gap)
				places[at] = places[at - gap];
			places[at] = place;
		}
	}
}

static void make_places(struct snapshot *snapshot)
{
	struct place *places = snapshot->places;
	size_t i, count = 0, kept = 0;

	for (i = 0; i < snapshot->entry_count; i++) {
		const struct stack *stack = snapshot->entries[i].stack;
		unsigned int call;

		for (call = 0; call < stack->depth; call++)
			places[count++].address = stack->calls[call];
	}
	sort_places(places, count);
	for (i = 0; i < count; i++)
		if (!kept || places[kept - 1].address != places[i].address)
			places[kept++] = places[i];
	snapshot->place_count = kept;
}

static void name_places(struct snapshot *snapshot)
{
	struct place *places = snapshot->places;
	size_t i, count, at = 0;

	for (i = 0; i < snapshot->mapping_count; i++) {
		struct mapping *mapping = &snapshot->mappings[i];

		while (at < snapshot->place_count &&
		       places[at].address < mapping->start)
			at++;
		for (count = 0; at + count < snapshot->place_count &&
				places[at + count].address < mapping->limit;
		     count++)
			places[at + count].mapping = mapping;
		if (count)
			symbols_find(mapping, places + at, count,
				     &snapshot->names);
		at += count;
	}
}

int snapshot_take(struct snapshot *snapshot)
{
	size_t calls, bytes;

	memset(snapshot, 0, sizeof(*snapshot));
	if (!sampling_lock())
		return EAGAIN;
	take_entries(snapshot, 0);
	bytes = (snapshot->entry_count + 1) * sizeof(*snapshot->entries);
	snapshot->entries = memory_map(bytes);
	snapshot->entry_room = bytes;
	calls = take_entries(snapshot, snapshot->entries ?
				       snapshot->entry_count : 0);
	snapshot->lost = samples_lost();
	snapshot->dropped = samples_dropped();
	sampling_unlock();
	snapshot->place_room = (calls + 1) * sizeof(*snapshot->places);
	snapshot->places = memory_map(snapshot->place_room);
	if (!snapshot->entries || !snapshot->places) {
		snapshot_free(snapshot);
		return ENOMEM;
	}
	make_places(snapshot);
	maps_read(snapshot);
	name_places(snapshot);
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	memory_unmap(snapshot->entries, snapshot->entry_room);
	memory_unmap(snapshot->places, snapshot->place_room);
	memory_unmap(snapshot->mappings, snapshot->mapping_room);
	out_free(&snapshot->maps);
	out_free(&snapshot->names);
}

const char *snapshot_note(const struct snapshot *snapshot, unsigned int i)
{
	const struct {
		bool holds;
		const char *text;
	} notes[] = {
		{ snapshot->lost > 0,
		  "samples are missing: there was no memory for them" },
		{ snapshot->dropped > 0,
		  "samples from before the fork are missing: another thread"
		  " was about to change them" },
	};
	unsigned int note;

	for (note = 0; note < sizeof(notes) / sizeof(*notes); note++)
		if (notes[note].holds && !i--)
			return notes[note].text;
	return NULL;
}

const char *place_name(const struct snapshot *snapshot,
		       const struct place *place)
{
	return place->name ? snapshot->names.bytes + place->name - 1 : NULL;
}

struct place *place_find(const struct snapshot *snapshot, uintptr_t address)
{
	size_t low = 0, high = snapshot->place_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snapshot->places[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < snapshot->place_count &&
	       snapshot->places[low].address == address ?
	       &snapshot->places[low] : NULL;
}

/* To the nearest one */
int64_t objects_of(const struct amount *amount)
{
	return (amount->objects + (1 << (OBJECT_SHIFT - 1))) >> OBJECT_SHIFT;
}
