/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory handed over, and asked of the system ahead of need. */
#include "api/api.h"
#include "ground/text.h"

/* An arena's id is its number + 1; 0 is no arena */
static struct arena *arena_of_id(mi_arena_id_t id)
{
	port_init();
	if (id <= 0 || id > ARENA_NUMBER_META)	/* not the engine's own */
		return NULL;
	return arena_by_number(instance_here(), (unsigned int)id - 1);
}

bool mi_manage_os_memory_ex(void *start, size_t size, bool is_committed,
			    bool is_large, bool is_zero, int numa_node,
			    bool exclusive, mi_arena_id_t *arena_id)
{
	struct arena *arena;

	(void)is_committed;
	(void)is_large;
	(void)numa_node;
	if (arena_id)
		*arena_id = 0;
	port_init();
	if (!instance_is_made())
		return false;
	arena = arena_add(instance_here(), start, size, ARENA_FIXED |
			  (is_zero ? ARENA_ZERO : 0) |
			  (exclusive ? ARENA_EXCLUSIVE : 0));
	if (!arena)
		return false;
	if (arena_id)
		*arena_id = arena->number + 1;
	return true;
}

bool mi_manage_os_memory(void *start, size_t size, bool is_committed,
			 bool is_large, bool is_zero, int numa_node)
{
	return mi_manage_os_memory_ex(start, size, is_committed, is_large,
				      is_zero, numa_node, false, NULL);
}

int mi_reserve_os_memory_ex(size_t size, bool commit, bool allow_large,
			    bool exclusive, mi_arena_id_t *arena_id)
{
	struct arena *arena;
	bool is_zero = false;
	void *start;

	(void)commit;
	(void)allow_large;
	if (arena_id)
		*arena_id = 0;
	port_init();
	if (size == 0)
		return PORT_EINVAL;
	if (size > port_request_max())
		return PORT_ENOMEM;
	start = port_reserve(PORT_AREA_FURTHER, size, &size, &is_zero);
	if (!start)
		return PORT_ENOMEM;
	arena = arena_add(instance_here(), start, size,
			  (is_zero ? ARENA_ZERO : 0) |
			  (exclusive ? ARENA_EXCLUSIVE : 0));
	if (!arena) {
		port_release(start, size);
		return PORT_ENOMEM;
	}
	if (arena_id)
		*arena_id = arena->number + 1;
	return 0;
}

int mi_reserve_os_memory(size_t size, bool commit, bool allow_large)
{
	return mi_reserve_os_memory_ex(size, commit, allow_large, false, NULL);
}

int mi_reserve_huge_os_pages_at_ex(size_t pages, int numa_node,
				   size_t timeout_msecs, bool exclusive,
				   mi_arena_id_t *arena_id)
{
	size_t bytes;
	void *start;

	(void)numa_node;
	(void)timeout_msecs;
	if (arena_id)
		*arena_id = 0;
	if (pages == 0)
		return 0;
	if (multiply_overflows(pages, (size_t)1 << 30, &bytes))
		return PORT_ENOMEM;
	start = port_reserve_huge(bytes);
	if (!start)
		return PORT_ENOMEM;
	if (mi_manage_os_memory_ex(start, bytes, true, true, true, numa_node,
				   exclusive, arena_id))
		return 0;
	port_release(start, bytes);
	return PORT_ENOMEM;
}

int mi_reserve_huge_os_pages_at(size_t pages, int numa_node,
				size_t timeout_msecs)
{
	return mi_reserve_huge_os_pages_at_ex(pages, numa_node, timeout_msecs,
					      false, NULL);
}

int mi_reserve_huge_os_pages_interleave(size_t pages, size_t numa_nodes,
					size_t timeout_msecs)
{
	(void)numa_nodes;
	return mi_reserve_huge_os_pages_at(pages, -1, timeout_msecs);
}

int mi_reserve_huge_os_pages(size_t pages, double max_secs,
			     size_t *pages_reserved)
{
	int error;

	(void)max_secs;
	if (pages_reserved)
		*pages_reserved = 0;
	error = mi_reserve_huge_os_pages_at(pages, -1, 0);
	if (!error && pages_reserved)
		*pages_reserved = pages;
	return error;
}

void *mi_arena_area(mi_arena_id_t arena_id, size_t *size)
{
	struct arena *arena = arena_of_id(arena_id);

	if (size)
		*size = arena ? arena->end - arena->start : 0;
	return arena ? (void *)arena->start : NULL;
}

bool mi_arena_contains(mi_arena_id_t arena_id, const void *p)
{
	struct arena *arena = arena_of_id(arena_id);

	return arena && arena_holds(arena, p);
}

size_t mi_arena_min_alignment(void)
{
	return UNIT_SIZE;
}

size_t mi_arena_min_size(void)
{
	return ARENA_BYTES_MIN;
}

/* ---- showing ---- */

/* What is told apart beside the engine's data and what is free */
enum show_flags {
	SHOW_IN_USE = 1,
	SHOW_ABANDONED = 2,	/* pages without an owner */
	SHOW_DIRTY = 4,		/* free runs that were touched */
};

/* How a run is drawn: a character for each 1/64 of the arena */
static char run_sign(const struct run *run, unsigned int show)
{
	switch (run->kind) {
	case RUN_META:
		return 'm';
	case RUN_PAGE:
		if ((show & SHOW_ABANDONED) && !run->owner)
			return 'a';
		return show & SHOW_IN_USE ? 'x' : ' ';
	case RUN_LARGE:
	case RUN_PALLOC:
		return show & SHOW_IN_USE ? 'X' : ' ';
	case RUN_SHELVED:
		return show & SHOW_DIRTY ? 'd' : '.';
	default:
		return (show & SHOW_DIRTY) && (run->flags & RUN_DIRTY) ?
		       'd' : '.';
	}
}

void mi_debug_show_arenas(bool show_inuse, bool show_abandoned,
			  bool show_purge)
{
	const struct arena *arena;
	const struct run *run;
	unsigned int show = (show_inuse ? SHOW_IN_USE : 0) |
			    (show_abandoned ? SHOW_ABANDONED : 0) |
			    (show_purge ? SHOW_DIRTY : 0);
	struct text text = { .length = 0 };
	uintptr_t at;
	size_t step, units_free;
	int column;

	port_init();
	/* acquire, and the relaxed end: as in runs/map.c */
	for (arena = atomic_read_acquire(&instance_here()->arenas); arena;
	     arena = atomic_read_acquire(&arena->next)) {
		if (arena->number == ARENA_NUMBER_META)
			continue;
		port_lock(&instance_here()->lock);
		units_free = arena->units_free;
		port_unlock(&instance_here()->lock);
		text_string(&text, "arena ");
		text_number(&text, arena->number + 1u, 1);
		text_string(&text, " at ");
		text_hex(&text, arena->start);
		text_string(&text, ", ");
		text_bytes(&text, atomic_read(&arena->end) - arena->start, 1);
		text_string(&text, ", free ");
		text_bytes(&text, units_free << UNIT_SHIFT, 1);
		text_string(&text, "\n  ");
		text_print(&text);
		port_lock(&instance_here()->lock);
		/* one sign for each part, of the run at its start */
		run = arena->phys.first;
		step = (arena->high_water - arena->start) / 64;
		step = step < UNIT_SIZE ? UNIT_SIZE : step;
		at = arena->start;
		for (column = 0; column < 64; column++, at += step) {
			while (run && run_end(run) <= at)
				run = run->phys.next;
			if (!run || at >= arena->high_water)
				break;
			text.line[text.length++] = run_sign(run, show);
		}
		text.line[text.length] = 0;
		port_unlock(&instance_here()->lock);
		text_string(&text, "\n");
		text_print(&text);
	}
}
