/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs of 4 KiB units. Who calls a function of this header holds the lock of
 * the instance, unless it is said that the function takes the lock itself or
 * that none is needed.
 */
#ifndef MI_RUNS_H
#define MI_RUNS_H

#include "ground/track.h"
#include "ground/types.h"
#include "runs/frames.h"
#include "runs/free_run.h"
#include "runs/large_run.h"
#include "runs/slab.h"

/* What is asked of a run */
struct run_request {
	size_t units;
	size_t align_units;	/* a power of two */
	size_t phase_units;	/* (start + phase) is a multiple of align */
	enum run_kind kind;
	unsigned int class;	/* of a page */
	struct arena *arena;	/* only there; NULL: any not exclusive */
	size_t room_units;	/* of a large block: it may grow by these */
	struct large **listed;	/* of a large block: a list to put it on */
};

/*
 * The files stand in the order in which they call each other: none calls what
 * comes after it, which tests/layers.sh checks.
 */

/* stats.c: units of a run, and runs */
void stats_add(struct instance *instance, const struct run *run,
	       size_t units, unsigned int pages);
void stats_subtract(struct instance *instance, const struct run *run,
		    size_t units, unsigned int pages);


/* Units that have memory, as far as is known: in use, or free and touched */
static inline size_t instance_held(const struct instance *instance)
{
	return instance->units_used + instance->units_dirty +
	       instance->units_shelved;
}

/* The most that there ever were: where that is not counted, at this moment */
static inline size_t instance_held_peak(const struct instance *instance)
{
	size_t peak = instance_held(instance);

	if (instance->units_used_peak > peak)
		peak = instance->units_used_peak;
#if MI_CLASS_STATS
	if (instance->units_held_peak > peak)
		peak = instance->units_held_peak;
#endif
	return peak;
}

/*
 * slab.c. Descriptors come from chunks of one unit, the first slot of which
 * describes the chunk. The chunks are those of the arena's pool: the arena
 * itself, or the region for the engine's data. O(1).
 */
/* NULL: there is none, see descriptors_reserve() */
struct run *descriptor_take(struct arena *arena);
void descriptor_give(struct arena *arena, struct run *run);
/* For the descriptor of a free run: one in the first chunk, or NULL */
struct run *descriptor_take_first(struct arena *pool, struct run *than);
/* One of a chunk that has some */
struct run *chunk_take(struct arena *pool, struct chunk *chunk);
/* The first chunk, in the arena's header */
void descriptors_init(struct arena *pool, struct chunk *chunk, size_t slots,
		      size_t header_units);
/* A run of one unit, just cut, becomes a chunk, which describes itself */
void slab_add(struct arena *pool, struct run *run);
/*
 * An empty chunk becomes a run in use again. Its descriptor cannot stay where
 * it is, so another chunk lends one: there must be one.
 */
struct run *slab_remove(struct arena *pool, struct chunk *chunk);
/* An empty chunk without which enough descriptors are left, or NULL */
struct chunk *slab_spare(const struct arena *pool);
/* A chunk that only free runs keep, or NULL. O(chunks) */
struct chunk *slab_movable(const struct arena *pool);

/*
 * map.c, and run_of() below: from an address to what describes it.
 *
 *	look-up			answers			lock	for	reports
 *	run_of()		a descriptor, always	none	any	no
 *	arena_of()		its arena, or NULL	none	any	no
 *	arena_run_locked()	its run, or NULL	held	any	no
 *	arena_run_of()		its run, or NULL	takes	any	no
 *	block_run_quiet()	run of a block's start	takes	any	no
 *	block_run()		run of a live block	takes	any	no
 *	run_around()		run around an address	takes	any	no
 *	arena_run_around()	the same, of any kind	held	any	no
 *
 * Those on blocks and run_around() are in blocks/blocks.h; they take the lock
 * only where run_of() does not answer. What is refused is reported by
 * block_refuse().
 */
/* The arena that holds an address, or NULL. No lock. O(arenas) */
struct arena *arena_of(struct instance *instance, const void *p);
/* The descriptor mapped at an address, or NULL. Takes the lock */
struct run *arena_run_of(struct instance *instance, const void *p);
/* The same for who holds the lock */
struct run *arena_run_locked(struct instance *instance, const void *p);
/* The run of any kind that holds an address, or NULL. O(runs of the arena) */
struct run *arena_run_around(struct instance *instance, const void *p);
/* No lock. O(1) with a window, else O(arenas) */
struct arena *arena_by_number(struct instance *instance, unsigned int number);
/*
 * Maps the units from that of `first` to that of `last` to `run`, or to none.
 * Where the map is a window no lock is needed: the entries are the run's alone.
 */
void arena_map_set(struct arena *arena, struct run *run, uintptr_t first,
		   uintptr_t last);

/* Finds the map entry of a large block, and what it says while it lives */
void arena_map_large(struct arena *arena, struct large *large);

/* dirty.c: the parts of a free run that may have been touched. All are O(1) */
size_t run_dirty_units(const struct free_run *run);
/* None is */
void run_clear_dirty(struct arena *arena, struct free_run *run);
/* Those that lie in the run; its age stays */
void run_clip_dirty(struct arena *arena, struct free_run *run);
/* Beside those that there are; the run is the youngest of all then */
void run_add_dirty(struct arena *arena, struct free_run *run, uintptr_t start,
		   uintptr_t end);
/*
 * Moves them to `dirty`, and from there to another run as far as they lie in
 * it, which is the youngest then
 */
void run_take_dirty(struct arena *arena, struct free_run *run,
		    struct span *dirty);
void run_put_dirty(struct arena *arena, struct free_run *run,
		   const struct span *dirty);
/* Sets touched_start and touched_end of a run cut out of what had these */
void run_tell_touched(const struct arena *arena, struct run *cut,
		      const struct span *dirty);

/* run.c: split, join, search in one arena. O(1), searches BIN_SCAN_MAX. */
struct run *run_cut(struct arena *arena, const struct run_request *request);
/* The first unit of a free run, for the engine's data. NULL: no descriptor */
struct run *run_cut_front(struct arena *arena, struct free_run *run);
/* A run comes back; `dirty` tells whether it may have been touched */
void run_put(struct arena *arena, struct run *run, bool dirty);
/* Cuts `units` off the front: the rest gets the descriptor returned, or NULL */
struct run *run_split(struct arena *arena, struct run *run, size_t units);
/* Takes `units` more from the free run behind; false: there are not so many */
bool run_grow(struct arena *arena, struct run *run, size_t units);
static inline bool run_may_grow(const struct run *run, size_t units)
{
	const struct run *next = run->phys.next;

	return next && next->kind == RUN_FREE && next->units >= units;
}
/* Units of the largest run that run_cut() would find */
size_t run_largest(const struct arena *arena);
/* Moves the high-water mark up to `end`; the map up to there is written */
void run_reach(struct arena *arena, uintptr_t end);
void run_unbin(struct arena *arena, struct free_run *run);
/* Another descriptor for a free run: a slot that was taken for it */
void run_move(struct arena *arena, struct free_run *run, struct run *slot);

/* window.c: the map that all arenas of an instance share */
bool window_open(struct instance *instance);
/*
 * Whether the range may have entries in the map that no other arena has; the
 * window grows where that helps. `self`: the arena that the range is part of,
 * or NULL, which is why the instance is named, too: a parameter more than four
 */
bool window_claim(struct instance *instance, const struct arena *self,
		  uintptr_t start, uintptr_t end, bool grows);

/* grow.c: an arena that grows at its end */
/* So many units more at the end, with a descriptor. False: not to be had */
bool arena_grow(struct arena *arena, size_t units);
/* The arena reaches to `end`, which is mapped already */
bool arena_lengthen(struct arena *arena, uintptr_t end);

/* chunk.c: units for the slab, and back */
/* What the next two cuts may take. False: memory is full to the last unit */
bool descriptors_reserve(struct arena *arena);
/* As many chunks as are needed, and none for free runs only. O(chunks) */
void descriptors_settle(struct arena *arena);
/* A run of this arena, which grows where it must and may */
struct run *arena_cut(struct arena *arena, const struct run_request *request);
/* run_put(), and then gives chunks back that are empty now */
void run_give_back(struct arena *arena, struct run *run, bool dirty);

/* arena.c: ranges that are taken into use */
/*
 * Makes an instance without arenas and heaps of any memory, aligned as the
 * structure is. O(1), and the heap in it is not touched as a whole.
 */
void instance_init(struct instance *instance,
		   const struct instance_config *config);

/* What a static one begins with: as instance_init() by INSTANCE_CONFIG */
#define INSTANCE_STATIC							\
	{								\
		.map = (struct map *)&map_of_none,			\
		.config = INSTANCE_CONFIG,				\
	}

/*
 * Tells an instance its configuration anew. It counts from now on: arenas stay
 * as they are, and memory is given back when the next run is freed. No lock:
 * other threads may go on by what they have read before.
 */
static inline void instance_configure(struct instance *instance,
				      const struct instance_config *config)
{
	instance->config = *config;
}

enum arena_flags {
	ARENA_ZERO = 1,		/* it reads as zero */
	ARENA_EXCLUSIVE = 2,	/* serves only heaps made for it */
	ARENA_FIXED = 4,	/* memory of the user: never purged */
	ARENA_GROWS = 8,	/* by port_extend() */
};
/*
 * Takes a range into use, and the lock meanwhile. NULL: it is too small, meets
 * another arena, or there is no memory for what the engine has to know of it.
 */
struct arena *arena_add(struct instance *instance, void *start, size_t bytes,
			unsigned int flags);
/* The same; also less than ARENA_BYTES_MIN: the caller's data took the rest */
struct arena *arena_add_rest(struct instance *instance, void *start,
			     size_t bytes, unsigned int flags);
/* The same, by who holds the lock */
struct arena *arena_add_locked(struct instance *instance, void *start,
			       size_t bytes, unsigned int flags);
/* The map and the region for the engine's data. O(1) once they are there */
bool instance_open(struct instance *instance);

/* release.c: runs that come back. The lock is held, and may be dropped */
/* Counted no more, and off its list where it is large */
void run_leave(struct instance *instance, struct run *run);
/*
 * To its arena. Where its mappings were moved it gets new ones first, which
 * join those beside it, and the lock is dropped meanwhile: tells what came of
 * that.
 */
enum port_moved run_return(struct instance *instance, struct run *run,
			   bool moved);
/* Both */
void instance_run_release(struct instance *instance, struct run *run);
#if PORT_CEDES
/*
 * The units of a page that is PURGING go to whoever asks next, but not its
 * descriptor, which is given back when its owner comes for it. Both take the
 * lock. False: no descriptor is to be had, and nothing was done
 */
bool instance_run_cede(struct instance *instance, const struct run *run);
void instance_descriptor_free(struct instance *instance, struct run *run);
#endif

/*
 * shelf.c: large runs that were freed, as they are, for the same request. All
 * are O(1) but where it is said so.
 */
/* Puts a run there that nobody uses any more; false: it is as it was */
bool shelf_put(struct instance *instance, struct run *run);
/* One for the request, or NULL */
struct run *shelf_take(struct instance *instance,
		       const struct run_request *request);
/* To the bins: the first of the next shelf that has some. False: none has */
bool shelf_release_one(struct instance *instance);
/* All of them. O(SHELVED_MAX) */
void shelf_release_all(struct instance *instance);
/* Those that keep a run from growing by so many units. O(SHELVED_MAX) */
void shelf_release_behind(struct instance *instance, const struct run *run,
			  size_t units);

/*
 * purge.c: gives back what exceeds the budget, or all. The lock is dropped
 * while the port gives memory back, and held again at the end.
 */
void purge_to_budget(struct instance *instance, bool all);
/* All, by who does not hold the lock */
void purge_all(struct instance *instance);

/*
 * reserve.c: a new arena of so many units at least. The lock is held before and
 * afterwards, and dropped while the port is asked.
 */
bool arena_reserve(struct instance *instance, size_t units);

/* supply.c: these take the lock themselves */
/*
 * Around a move of mappings to the run `to`. False: as many runs as may have
 * mappings of their own have them. `not_there`: which of the two runs has none
 * of its own now
 */
bool instance_move_begin(struct instance *instance, struct run *to);
void instance_move_end(struct instance *instance, struct run *not_there);
/* A large block's run of which the memory is lost: never used again */
void instance_run_lose(struct instance *instance, struct run *run);
struct run *instance_run_alloc(struct instance *instance,
			       const struct run_request *request);
void instance_run_free(struct instance *instance, struct run *run);
/* Empties the cache of large blocks, and the shelves */
void large_cache_flush(struct instance *instance);
bool instance_run_grow(struct instance *instance, struct run *run,
		       size_t units);
void instance_run_shrink(struct instance *instance, struct run *run,
			 size_t units);
/*
 * Gives back a part of what was handed out as whole units. Others may give back
 * another part at the same time. INSIDE: `start` is in the midst of a unit.
 * KEPT: no descriptor is to be had for what is left, and all stays in use
 */
enum units_found { UNITS_FREED, UNITS_KEPT, UNITS_FOREIGN, UNITS_INSIDE };
enum units_found instance_units_free(struct instance *instance,
				     uintptr_t start, size_t units);
/*
 * What is free is joined and in the bins, and descriptors take no more of it
 * than they must: for the call below.
 */
void instance_settle(struct instance *instance);
/* Bytes of the largest single request */
size_t instance_largest(struct instance *instance);

/*
 * Any thread. Relaxed: an arena's end only moves up, and who asks for a block
 * behind the end before was given it after the end had moved.
 */
static inline bool arena_holds(const struct arena *arena, const void *p)
{
	return (uintptr_t)p - arena->start <
	       atomic_read(&arena->end) - arena->start;
}

/*
 * The descriptor of the run in which the block `p` starts, where the instance's
 * map leads to it: a window leads to all arenas in it, another map to one of
 * them. Of any other address some descriptor, which may be the map's null
 * descriptor; never NULL. No lock.
 */
static ALWAYS_INLINE struct run *run_of(struct instance *instance,
					const void *p)
{
	struct map *map;
	uintptr_t index;

	/*
	 * Plain reads of words that other threads may write: window.c says why
	 * an old value does. An atomic read costs an instruction more. The map
	 * is read before what it leads to, by the address.
	 */
#if PORT_MAP_WINDOW && MI_TSAN
	index = ((uintptr_t)p >> UNIT_SHIFT) & atomic_read(&instance->map_mask);
	map = instance->map;
#elif PORT_MAP_WINDOW
	index = ((uintptr_t)p >> UNIT_SHIFT) & instance->map_mask;
	map = instance->map;
#else
	map = instance->map;
	index = ((uintptr_t)p - map->base) >> UNIT_SHIFT;
	if (unlikely(index >= map->limit))
		return &map->null;
#endif
	return (struct run *)((uintptr_t)map + map->distance[index]);
}

#endif /* MI_RUNS_H */
