/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "report.h"

static void take_entries(struct snapshot *snapshot, size_t room)
{
	const struct stack *stack;
	size_t count = 0;

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
		count++;
	}
	snapshot->entry_count = count;
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

/* A set of addresses: none is 0, and half of the slots or more are free */
struct set {
	uintptr_t *slots;
	size_t count;
	unsigned int bits;
};

static void set_put(struct set *set, uintptr_t address)
{
	size_t mask = ((size_t)1 << set->bits) - 1;
	size_t at = address * UINT64_C(0x9e3779b97f4a7c15) >> (64 - set->bits);

	while (set->slots[at] && set->slots[at] != address)
		at = (at + 1) & mask;
	set->count += !set->slots[at];
	set->slots[at] = address;
}

static bool set_grow(struct set *set)
{
	struct set more = { .bits = set->bits ? set->bits + 1 : 12 };
	size_t i;

	more.slots = memory_map(sizeof(*more.slots) << more.bits);
	if (!more.slots)
		return false;
	for (i = 0; set->slots && i < (size_t)1 << set->bits; i++)
		if (set->slots[i])
			set_put(&more, set->slots[i]);
	memory_unmap(set->slots, sizeof(*set->slots) << set->bits);
	*set = more;
	return true;
}

static bool fill_set(struct set *set, const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->entry_count; i++) {
		const struct stack *stack = snapshot->entries[i].stack;
		unsigned int call;

		for (call = 0; call < stack->depth; call++) {
			if ((!set->slots || set->count >> (set->bits - 1)) &&
			    !set_grow(set))
				return false;
			set_put(set, stack->calls[call]);
		}
	}
	return true;
}

static bool make_places(struct snapshot *snapshot)
{
	struct set set = { .count = 0 };
	bool filled = fill_set(&set, snapshot);
	size_t i, count = 0;

	snapshot->place_room = (set.count + 1) * sizeof(*snapshot->places);
	if (filled)
		snapshot->places = memory_map(snapshot->place_room);
	for (i = 0; snapshot->places && set.slots && i >> set.bits == 0; i++)
		if (set.slots[i])
			snapshot->places[count++].address = set.slots[i];
	snapshot->place_count = count;
	memory_unmap(set.slots, sizeof(*set.slots) << set.bits);
	if (snapshot->places)
		sort_places(snapshot->places, count);
	return snapshot->places;
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
	size_t bytes;

	memset(snapshot, 0, sizeof(*snapshot));
	if (!sampling_lock())
		return EAGAIN;
	take_entries(snapshot, 0);
	bytes = (snapshot->entry_count + 1) * sizeof(*snapshot->entries);
	snapshot->entries = memory_map(bytes);
	snapshot->entry_room = bytes;
	take_entries(snapshot, snapshot->entries ? snapshot->entry_count : 0);
	snapshot->lost = samples_lost();
	snapshot->dropped = samples_dropped();
	snapshot->are_cut = stacks_are_cut();
	sampling_unlock();
	if (!snapshot->entries || !make_places(snapshot)) {
		snapshot_free(snapshot);
		return ENOMEM;
	}
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
		{ snapshot->are_cut,
		  "after 32768 stacks, of others 8 calls are kept" },
	};
	unsigned int note;

	_Static_assert(MOST_STACKS == 32768 && CALLS_BEYOND == 8,
		       "a note above and docs/profiles.md have these numbers");
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
