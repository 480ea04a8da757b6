/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A profile in pprof's format: one message of protocol buffers, not
 * compressed, which pprof reads as it reads compressed ones. The numbers of
 * fields are those of its profile.proto.
 */
#include <string.h>
#include <time.h>

#include "report.h"

enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4, PROFILE_FUNCTION = 5, PROFILE_STRING = 6,
	PROFILE_TIME = 9, PROFILE_DURATION = 10, PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12, PROFILE_COMMENT = 13, PROFILE_DEFAULT_TYPE = 14,
	TYPE_TYPE = 1, TYPE_UNIT = 2,
	SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2,
	MAPPING_ID = 1, MAPPING_START = 2, MAPPING_LIMIT = 3,
	MAPPING_OFFSET = 4, MAPPING_FILE = 5, MAPPING_BUILD_ID = 6,
	LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
	LINE_FUNCTION = 1,
	FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3,
};

enum { WIRE_NUMBER = 0, WIRE_BYTES = 2 };

struct encoder {
	struct out *out;
	struct out part, inner;		/* messages inside, as they are made */
	uint64_t strings;
};

static void varint(struct out *out, uint64_t value)
{
	uint8_t bytes[10];
	unsigned int n = 0;

	for (; value > 127; value >>= 7)
		bytes[n++] = (uint8_t)(value | 128);
	bytes[n++] = (uint8_t)value;
	out_bytes(out, bytes, n);
}

static void number(struct out *out, unsigned int field, uint64_t value)
{
	varint(out, field << 3 | WIRE_NUMBER);
	varint(out, value);
}

static void bytes(struct out *out, unsigned int field, const void *start,
		  size_t length)
{
	varint(out, field << 3 | WIRE_BYTES);
	varint(out, length);
	out_bytes(out, start, length);
}

/* What was made in `from` becomes a field of `to`, and `from` empty */
static void enclose(struct out *to, unsigned int field, struct out *from)
{
	bytes(to, field, from->bytes, from->length);
	to->failed |= from->failed;
	from->length = 0;
}

/* Gives the string's number */
static uint64_t string(struct encoder *encoder, const char *text)
{
	bytes(encoder->out, PROFILE_STRING, text, strlen(text));
	return encoder->strings++;
}

static void type(struct encoder *encoder, unsigned int field, uint64_t name,
		 const char *unit)
{
	number(&encoder->part, TYPE_TYPE, name);
	number(&encoder->part, TYPE_UNIT, string(encoder, unit));
	enclose(encoder->out, field, &encoder->part);
}

static void types(struct encoder *encoder, size_t rate)
{
	static const char *const names[] = {
		"alloc_objects", "alloc_space", "peak_objects", "peak_space",
		"inuse_objects", "inuse_space",
	};
	uint64_t name = 0;
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		name = string(encoder, names[i]);
		type(encoder, PROFILE_SAMPLE_TYPE, name, i & 1 ? "bytes" :
		     "count");
	}
	number(encoder->out, PROFILE_DEFAULT_TYPE, name);
	type(encoder, PROFILE_PERIOD_TYPE, string(encoder, "space"), "bytes");
	number(encoder->out, PROFILE_PERIOD, rate);
}

static void mapping(struct encoder *encoder, const struct mapping *mapping,
		    uint64_t id)
{
	static const char digits[] = "0123456789abcdef";
	char build_id[2 * sizeof(mapping->build_id) + 1];
	struct out *part = &encoder->part;
	unsigned int i;

	for (i = 0; i < mapping->build_id_bytes; i++) {
		build_id[2 * i] = digits[mapping->build_id[i] >> 4];
		build_id[2 * i + 1] = digits[mapping->build_id[i] & 15];
	}
	build_id[2 * i] = 0;
	number(part, MAPPING_ID, id);
	number(part, MAPPING_START, mapping->start);
	number(part, MAPPING_LIMIT, mapping->limit);
	number(part, MAPPING_OFFSET, mapping->offset);
	number(part, MAPPING_FILE, string(encoder, mapping->path));
	if (i)
		number(part, MAPPING_BUILD_ID, string(encoder, build_id));
	enclose(encoder->out, PROFILE_MAPPING, part);
}

static void function(struct encoder *encoder, const char *name, uint64_t id)
{
	uint64_t text = string(encoder, name);

	number(&encoder->part, FUNCTION_ID, id);
	number(&encoder->part, FUNCTION_NAME, text);
	number(&encoder->part, FUNCTION_SYSTEM_NAME, text);
	enclose(encoder->out, PROFILE_FUNCTION, &encoder->part);
}

static void location(struct encoder *encoder, const struct snapshot *snapshot,
		     const struct place *place, uint64_t function_id)
{
	struct out *part = &encoder->part;

	number(part, LOCATION_ID, (uint64_t)(place - snapshot->places) + 1);
	if (place->mapping)
		number(part, LOCATION_MAPPING,
		       (uint64_t)(place->mapping - snapshot->mappings) + 1);
	number(part, LOCATION_ADDRESS, place->address);
	if (place->name) {
		number(&encoder->inner, LINE_FUNCTION, function_id);
		enclose(part, LOCATION_LINE, &encoder->inner);
	}
	enclose(encoder->out, PROFILE_LOCATION, part);
}

/* Places of one function stand side by side, and have one name */
static void locations(struct encoder *encoder, const struct snapshot *snapshot)
{
	uint64_t functions = 0;
	size_t i, last = 0;

	for (i = 0; i < snapshot->place_count; i++) {
		const struct place *place = &snapshot->places[i];

		if (place->name && place->name != last) {
			last = place->name;
			function(encoder, place_name(snapshot, place),
				 ++functions);
		}
		location(encoder, snapshot, place, functions);
	}
}

static void sample(struct encoder *encoder, const struct snapshot *snapshot,
		   const struct entry *entry)
{
	const struct amount *const amounts[] = {
		&entry->total, &entry->peak, &entry->live,
	};
	unsigned int i;

	for (i = 0; i < entry->stack->depth; i++)
		varint(&encoder->inner, (uint64_t)(place_find(snapshot,
			entry->stack->calls[i]) - snapshot->places) + 1);
	enclose(&encoder->part, SAMPLE_LOCATIONS, &encoder->inner);
	for (i = 0; i < 3; i++) {
		varint(&encoder->inner, (uint64_t)objects_of(amounts[i]));
		varint(&encoder->inner, (uint64_t)amounts[i]->bytes);
	}
	enclose(&encoder->part, SAMPLE_VALUES, &encoder->inner);
	enclose(encoder->out, PROFILE_SAMPLE, &encoder->part);
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void encode(struct out *out, const struct snapshot *snapshot, size_t rate,
	    uint64_t started_ns)
{
	struct encoder encoder = { .out = out };
	uint64_t now = wall_ns();
	const char *note;
	size_t i;

	string(&encoder, "");
	types(&encoder, rate);
	number(out, PROFILE_TIME, started_ns);
	number(out, PROFILE_DURATION, now > started_ns ? now - started_ns : 0);
	for (i = 0; i < snapshot->mapping_count; i++)
		mapping(&encoder, &snapshot->mappings[i], i + 1);
	locations(&encoder, snapshot);
	for (i = 0; i < snapshot->entry_count; i++)
		sample(&encoder, snapshot, &snapshot->entries[i]);
	for (i = 0; (note = snapshot_note(snapshot, (unsigned int)i)); i++)
		number(out, PROFILE_COMMENT, string(&encoder, note));
	out->failed |= encoder.part.failed | encoder.inner.failed;
	out_free(&encoder.part);
	out_free(&encoder.inner);
}
