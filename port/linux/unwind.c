/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How libgcc's unwinder, which is linked into the shared library, finds what
 * the compiler wrote of a function: by the sorted table that the linker made of
 * its file. This takes the place of libgcc's own search, which is ten times as
 * large, as it knows tables that no linker writes any more and locks for these.
 *
 * The formats are those of the Linux Standard Base, "Exception Frames". What is
 * not as all linkers write it is not found, and the stack ends there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "ground/types.h"

#define SIGNED_4	0x0b	/* how an address is written */
#define OF_TABLE	0x30	/* it counts from the table's first byte */
#define OF_PLACE	0x10	/* it counts from where it stands */
#define COUNT_4		0x03

struct table {
	uint8_t version, frames_format, count_format, entry_format;
	int32_t frames;
	uint32_t count;
	struct entry {
		int32_t function, record;
	} entry[];
};

struct bases {
	void *text, *data, *function;
};

/* Of libgcc: what it calls for each frame */
const void *_Unwind_Find_FDE(void *address, struct bases *bases);

static uint32_t word(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static const uint8_t *skip_number(const uint8_t *p)
{
	while (*p++ & 0x80)
		;
	return p;
}

/*
 * How the addresses of a function's record are written. A "P" is behind an "R"
 * in no compiler's output, but may be before it.
 */
static unsigned int address_format(const uint8_t *common)
{
	const uint8_t *letter = common + 9, *p;

	if (*letter++ != 'z')
		return 0;
	p = letter + strlen((const char *)letter) + 1;
	p = skip_number(skip_number(p));	/* alignments */
	p = common[8] == 1 ? p + 1 : skip_number(p);
	p = skip_number(p);			/* bytes that follow */
	for (; *letter; letter++) {
		if (*letter == 'R')
			return *p;
		if (*letter == 'P') {
			if ((*p & 7) != 3)
				return 0;
			p += 5;
		} else if (*letter == 'L') {
			p++;
		}
	}
	return 0;
}

/* The last function that begins at or below the address */
static const struct entry *find_entry(const struct table *table, intptr_t at)
{
	size_t from = 0, to = table->count, middle;

	while (to - from > 1) {
		middle = from + (to - from) / 2;
		if (table->entry[middle].function <= at)
			from = middle;
		else
			to = middle;
	}
	return to && table->entry[from].function <= at ? &table->entry[from] :
	       NULL;
}

__attribute__((used))
const void *_Unwind_Find_FDE(void *address, struct bases *bases)
{
	const struct table *table;
	const struct entry *entry;
	struct dl_find_object found;
	const uint8_t *record, *common;
	intptr_t at;

	if (_dl_find_object(address, &found) || !found.dlfo_eh_frame)
		return NULL;
	table = found.dlfo_eh_frame;
	if (table->version != 1 || table->count_format != COUNT_4 ||
	    table->frames_format != (OF_PLACE | SIGNED_4) ||
	    table->entry_format != (OF_TABLE | SIGNED_4))
		return NULL;
	at = (intptr_t)address - (intptr_t)table;
	entry = find_entry(table, at);
	if (!entry)
		return NULL;
	record = (const uint8_t *)table + entry->record;
	common = record + 4 - (int32_t)word(record + 4);
	if (address_format(common) != (OF_PLACE | SIGNED_4) ||
	    at - entry->function >= (intptr_t)word(record + 12))
		return NULL;
	bases->text = NULL;
#if DLFO_STRUCT_HAS_EH_DBASE
	bases->data = found.dlfo_eh_dbase;
#else
	bases->data = NULL;
#endif
	bases->function = (uint8_t *)(uintptr_t)table + entry->function;
	return record;
}
