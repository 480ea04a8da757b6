/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's port: memory that is watched, and locks that are steps. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "blocks/blocks.h"
#include "ground/error.h"
#include "cases.h"

struct instance *default_instance_pointer;

static size_t reserved;		/* bytes of the world, at its end */
static int error_number;

void port_open(void)
{
	void *world = (void *)WORLD_START;

	if (mmap(world, WORLD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		 0) != world)
		explore_failed("the address %p is taken", world);
}

void port_begin(void)
{
	if (madvise((void *)WORLD_START, WORLD_BYTES, MADV_DONTNEED))
		explore_failed("memory cannot be cleared");
	reserved = 0;
}

void port_lock(struct port_lock *lock)
{
	explore_lock((uintptr_t)lock);
}

void port_unlock(struct port_lock *lock)
{
	explore_unlock((uintptr_t)lock);
}

/* From the end of the world on down */
void *port_reserve(enum port_area area, size_t least, size_t *bytes,
		   bool *is_zero)
{
	size_t rounded = align_up(*bytes, UNIT_SIZE);

	(void)least;
	if (area != PORT_AREA_MAP && area != PORT_AREA_META)
		return NULL;
	if (reserved + rounded > WORLD_BYTES - WORLD_RESERVED)
		return NULL;
	reserved += rounded;
	*is_zero = true;
	return (void *)(WORLD_START + WORLD_BYTES - reserved);
}

size_t port_extend(enum port_area area, void *end, size_t least, size_t bytes)
{
	(void)area;
	(void)end;
	(void)least;
	(void)bytes;
	return 0;
}

size_t port_page_bytes(void)
{
	return UNIT_SIZE;
}

size_t port_request_max(void)
{
	return PTRDIFF_MAX;
}

bool port_purge(void *start, size_t bytes)
{
	memory_zero(start, bytes);
	return true;
}

bool port_copy_touched(void *to, const void *from, size_t bytes)
{
	(void)to;
	(void)from;
	(void)bytes;
	return false;
}

bool port_zero_touched(void *start, size_t bytes, bool purges)
{
	(void)start;
	(void)bytes;
	(void)purges;
	return false;
}

enum port_moved port_move(void *to, void *from, size_t bytes)
{
	(void)to;
	(void)from;
	(void)bytes;
	return PORT_NOT_MOVED;
}

enum port_moved port_renew(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
	return PORT_NOT_MOVED;
}

void port_init(void)
{
}

void port_thread_started(void)
{
}

/* The engine says something only where it finds a mistake */
void port_message(const char *text)
{
	explore_failed("%.*s", (int)strcspn(text, "\n"), text);
}

bool port_lock_is_interrupted(const struct port_lock *lock)
{
	(void)lock;
	return false;
}

void port_tell_caller(const void *caller)
{
	(void)caller;
}

int port_errno(void)
{
	return error_number;
}

void port_set_errno(int error)
{
	error_number = error;
}

void port_abort(void)
{
	explore_failed("the engine gives up");
}

void port_release(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}
