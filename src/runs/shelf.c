/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shelves of large runs that were freed, as they are, for a program that asks
 * for the same sizes again. Each shelf is for the runs of one size at a time:
 *
 *	shelves[hash of the size] -> newest <-> run <-> oldest
 *
 * A run comes to a shelf only where its size was asked for last, of all those
 * with this hash, and was not there: so a program whose sizes are random has
 * nothing on them. What they hold counts as dirty memory, within the budget.
 * They go to the bins where a request finds nothing, or where they are in the
 * way of a block that grows; and the oldest of one shelf with each part that is
 * given back, so that what nobody asks for again does not stay.
 */
#include "runs/budget.h"
#include "runs/runs.h"

/* Fibonacci hashing (Knuth): sizes are often powers of two */
static struct shelf *shelf_of(struct instance *instance, size_t units)
{
	uint32_t hash = (uint32_t)units * UINT32_C(0x9e3779b9);

	return &instance->shelves[hash / (UINT32_MAX / SHELVES + 1)];
}

static void shelf_remove(struct instance *instance, struct large *large)
{
	struct shelf *shelf = shelf_of(instance, large->units);

	DEQUE_REMOVE(&shelf->runs, large, list);
	instance->units_shelved -= large->units;
	instance->runs_shelved--;
}

/* To the bins of its arena, as a free run that is dirty */
static void shelf_release(struct instance *instance, struct large *large)
{
	shelf_remove(instance, large);
	run_give_back(arena_by_number(instance, large->arena_number),
		      &large->run, true);
}

bool shelf_release_one(struct instance *instance)
{
	unsigned int left = SHELVES;
	struct large *large;

	for (; left && instance->runs_shelved; left--) {
		large = instance->shelves[instance->shelf_next].runs.last;
		instance->shelf_next = (instance->shelf_next + 1) % SHELVES;
		if (!large)
			continue;
		shelf_release(instance, large);
		return true;
	}
	return false;
}

void shelf_release_all(struct instance *instance)
{
	while (shelf_release_one(instance))
		;
}

void shelf_release_behind(struct instance *instance, const struct run *run,
			  size_t units)
{
	struct run *next;

	for (;;) {	/* bounded: each round a run less is shelved */
		next = run->phys.next;
		if (next && next->kind == RUN_FREE && next->units < units)
			next = next->phys.next;
		if (!next || next->kind != RUN_SHELVED)
			return;
		shelf_release(instance, (struct large *)next);
	}
}

bool shelf_put(struct instance *instance, struct run *run)
{
	const struct arena *arena;
	struct large *oldest;
	struct shelf *shelf;

	if (run->kind != RUN_LARGE || run->units > SHELF_UNITS_MAX ||
	    (run->flags & RUN_MOVED))
		return false;
	shelf = shelf_of(instance, run->units);
	if (shelf->wanted != run->units)
		return false;
	oldest = shelf->runs.last;
	if (oldest && oldest->units != run->units) {
		/* those of another size make way, one for each that comes */
		shelf_release(instance, oldest);
		return false;
	}
	arena = arena_by_number(instance, run->arena_number);
	if (arena->exclusive || arena->fixed ||
	    instance->runs_shelved == SHELVED_MAX ||
	    units_resting(instance) + run->units > budget_units(instance))
		return false;
	run_leave(instance, run);
	run->flags = 0;
	run->kind = RUN_SHELVED;
	DEQUE_PREPEND(&shelf->runs, (struct large *)run, list);
	instance->units_shelved += run->units;
	instance->runs_shelved++;
	return true;
}

struct run *shelf_take(struct instance *instance,
		       const struct run_request *request)
{
	const struct arena *arena;
	struct shelf *shelf;
	struct large *large;

	if (request->kind != RUN_LARGE || request->units > SHELF_UNITS_MAX ||
	    request->align_units != 1 || request->room_units || request->arena)
		return NULL;
	shelf = shelf_of(instance, request->units);
	large = shelf->runs.first;
	if (!large || large->units != request->units) {
		shelf->wanted = (uint32_t)request->units;
		return NULL;
	}
	arena = arena_by_number(instance, large->arena_number);
	if (unlikely(arena->grows && !instance->config.os_enabled))
		return NULL;
	shelf_remove(instance, large);
	budget_taken(instance, large->units);
	large->kind = RUN_LARGE;
	large->touched_start = run_start(&large->run);
	large->touched_end = run_end(&large->run);
	return &large->run;
}
