/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which accesses happened before which, and what memory held before them. The
 * engine's memory (WORLD_START) and the program's static data are watched, not
 * the threads' stacks and words of their own.
 *
 * Vector clocks of accesses to one place are compared as in FastTrack (Flanagan
 * and Freund, PLDI 2009), but all of them are kept. A place is a word of 8
 * bytes, or for ever each of its bytes once less than all of them was accessed.
 */
#include <string.h>
#include <sys/mman.h>

#include "order.h"

enum { PLAIN_READ, PLAIN_WRITE, ATOMIC_READ, ATOMIC_WRITE, ACCESSES };

struct cell {
	uint32_t run;		/* what follows is empty in another one */
	uint16_t location;	/* in messages.c, or 0 */
	uint16_t last[ACCESSES][THREADS];
	uint32_t pc[ACCESSES][THREADS];
};

struct undo {
	uintptr_t address;
	uint64_t value;
};

#define UNDO_MAX	(1 << 16)

struct clock happened[THREADS];
static struct cell *cells;	/* one for each byte */
static uint32_t *saved;		/* of each word, in which run */
static bool *split;		/* of each word */
static struct undo undo[UNDO_MAX];
static unsigned int undo_count;
static uint32_t run;

extern char __data_start[], _end[], __start_order_tls[], __stop_order_tls[];

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		explore_failed("no address space for %zu bytes", bytes);
	return p;
}

/* A number for each byte that is watched; false: it is not */
static bool watched(uintptr_t address, size_t *number)
{
	uintptr_t data = (uintptr_t)__data_start & ~(uintptr_t)7;

	if (address - WORLD_START < WORLD_BYTES) {
		*number = address - WORLD_START;
		return true;
	}
	if (address - (uintptr_t)__start_order_tls <
	    (uintptr_t)(__stop_order_tls - __start_order_tls))
		return false;
	*number = WORLD_BYTES + (address - data);
	return address - data < (uintptr_t)_end - data;
}

void races_open(void)
{
	size_t bytes = WORLD_BYTES + 16 + (size_t)(_end - __data_start);

	cells = map(bytes * sizeof(*cells));
	saved = map(bytes / 8 * sizeof(*saved) + 8);
	split = map(bytes / 8 * sizeof(*split) + 8);
}

void races_begin(void)
{
	run++;
	undo_count = 0;
	memset(happened, 0, sizeof(happened));
}

void races_undo(void)
{
	while (undo_count) {
		undo_count--;
		*(uint64_t *)undo[undo_count].address = undo[undo_count].value;
	}
}

static void save_word(size_t number, uintptr_t address)
{
	if (!run || saved[number / 8] == run)
		return;
	saved[number / 8] = run;
	if (undo_count == UNDO_MAX)
		explore_failed("more words written than %d", UNDO_MAX);
	undo[undo_count].address = address & ~(uintptr_t)7;
	undo[undo_count].value = *(uint64_t *)undo[undo_count].address;
	undo_count++;
}

void races_save(uintptr_t address)
{
	size_t number;

	if (watched(address, &number))
		save_word(number, address);
}

static struct cell *cell_begin(size_t number)
{
	struct cell *cell = &cells[number];

	if (cell->run != run) {
		memset(cell, 0, sizeof(*cell));
		cell->run = run;
	}
	return cell;
}

static void split_word(size_t number)
{
	unsigned int i;

	number &= ~(size_t)7;
	if (split[number / 8])
		return;
	split[number / 8] = true;
	if (cells[number].run != run)
		return;
	for (i = 1; i < 8; i++) {
		cells[number + i] = cells[number];
		cells[number + i].location = 0;
	}
}

static const char *const names[] = {
	"read", "write", "atomic read", "atomic write"
};

/* An access `now` of the running thread, and those that are in its way */
static void cell_access(struct cell *cell, uintptr_t address, int now,
			uintptr_t pc)
{
	static const bool conflict[ACCESSES][ACCESSES] = {
		[PLAIN_READ] = { false, true, false, true },
		[PLAIN_WRITE] = { true, true, true, true },
		[ATOMIC_READ] = { false, true, false, false },
		[ATOMIC_WRITE] = { true, true, false, false },
	};
	char buffer[80];
	unsigned int t;
	int before;

	for (before = 0; before < ACCESSES; before++) {
		if (!conflict[now][before])
			continue;
		for (t = 1; t < THREADS; t++)
			if (cell->last[before][t] > happened[self].of[t])
				explore_failed("race on %s: %s by thread %u "
					       "at %#x, %s by thread %u at "
					       "%#zx",
					       order_name_of(address, buffer,
							     sizeof(buffer)),
					       names[before], t,
					       cell->pc[before][t],
					       names[now], self, (size_t)pc);
	}
	cell->last[now][self] = happened[self].of[self];
	cell->pc[now][self] = (uint32_t)pc;
	if (now == PLAIN_WRITE && cell->location)
		messages_plain_write(cell->location);
}

static void access_word(size_t number, uintptr_t address, size_t bytes,
			int now, uintptr_t pc)
{
	size_t i;

	if (bytes != 8)
		split_word(number);
	if (!split[number / 8])
		bytes = 1;
	for (i = 0; i < bytes; i++)
		cell_access(cell_begin(number + i), address + i, now, pc);
}

static void access_range(uintptr_t address, size_t bytes, int now, bool write,
			 uintptr_t pc)
{
	size_t number, part;

	for (; bytes; address += part, bytes -= part) {
		part = 8 - (address & 7);
		if (part > bytes)
			part = bytes;
		if (!watched(address, &number))
			continue;
		if (write)
			save_word(number, address);
		if (exploring)
			access_word(number, address, part, now, pc);
	}
}

void races_access(uintptr_t address, size_t bytes, bool write, uintptr_t pc)
{
	access_range(address, bytes, write ? PLAIN_WRITE : PLAIN_READ, write,
		     pc);
}

void races_atomic(uintptr_t address, size_t bytes, bool read, bool write,
		  uintptr_t pc)
{
	if (read)
		access_range(address, bytes, ATOMIC_READ, false, pc);
	if (write)
		access_range(address, bytes, ATOMIC_WRITE, true, pc);
}

void races_set_location(uintptr_t address, uint16_t location)
{
	size_t number;

	if (watched(address, &number))
		cell_begin(number)->location = location;
}
