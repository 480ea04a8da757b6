/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is made of the samples. All of it may run in a signal handler: no
 * malloc, no stdio, nothing that waits for a lock of the loader.
 */
#ifndef MI_PROFILE_REPORT_H
#define MI_PROFILE_REPORT_H

#include "profile.h"

/* out.c: bytes that become more. `failed`: there was no memory for some. */
struct out {
	char *bytes;
	size_t length, room;
	bool failed;
};

void out_bytes(struct out *out, const void *bytes, size_t length);
void out_string(struct out *out, const char *string);
void out_number(struct out *out, size_t value);
void out_hex(struct out *out, uintptr_t value);
void out_size(struct out *out, size_t bytes, unsigned int width);
void out_free(struct out *out);
/* All that a file has, and a 0 behind it. false: it cannot be read. */
bool out_file(struct out *out, const char *path);
/* 0 or an errno; NULL: standard error */
int out_write(const struct out *out, const char *path);
/* "PROGRAM[PID]: mimalloc: KIND: TEXTNAME: REASON"; `reason` may be NULL */
void message(const char *kind, const char *text, const char *name,
	     const char *reason);

/* places.c: each address that is in a stack, once, in order */
struct mapping {
	uintptr_t start, limit, offset;
	const char *path;
	uint8_t build_id[32];
	unsigned int build_id_bytes;
};

struct place {
	uintptr_t address;
	size_t name;			/* in `names`, and 1; 0: not known */
	uintptr_t function_start;
	const struct mapping *mapping;	/* NULL: in none now */
};

struct entry {				/* of a stack, at one moment */
	const struct stack *stack;
	struct amount live, total, peak;
	double variance;
	unsigned int samples;
};

struct snapshot {
	struct entry *entries;
	size_t entry_count, entry_room;
	size_t lost;
	unsigned int dropped;
	bool are_cut;
	struct place *places;
	size_t place_count, place_room;
	struct mapping *mappings;
	size_t mapping_count, mapping_room;
	struct out maps;		/* text of /proc/self/maps */
	struct out names;		/* symbol names that were read */
};

/* 0; EAGAIN: this thread holds the lock; ENOMEM */
int snapshot_take(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot);
/* What a reader of it has to know, from 0 on; NULL: there is no more */
const char *snapshot_note(const struct snapshot *snapshot, unsigned int i);
/* Of its function; NULL: not known */
const char *place_name(const struct snapshot *snapshot,
		       const struct place *place);
/* NULL: none */
struct place *place_find(const struct snapshot *snapshot, uintptr_t address);

/* maps.c */
void maps_read(struct snapshot *snapshot);
/* symbols.c: gives names to `count` places, which are all in the mapping */
void symbols_find(struct mapping *mapping, struct place *places, size_t count,
		  struct out *names);

/* encode.c: a profile as pprof's profile.proto has it */
void encode(struct out *out, const struct snapshot *snapshot, size_t rate,
	    uint64_t started_ns);
/* leaks.c: the call sites that hold most, as text. It sorts the entries. */
void leaks_text(struct out *out, struct snapshot *snapshot, size_t rate,
		size_t sites);
int64_t objects_of(const struct amount *amount);

#endif /* MI_PROFILE_REPORT_H */
