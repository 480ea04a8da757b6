/* SPDX-License-Identifier: BSD-3-Clause */
/* Freed runs, kept whole; see run_cache.c. The lock is held. */
#ifndef MI_RUN_CACHE_H
#define MI_RUN_CACHE_H

#include "types.h"

#if MI_RUN_CACHE

/* False: there is none to be had for this run */
bool cache_make_room(struct instance *instance, const struct page *run);
void cache_flush(struct instance *instance);
/* The run becomes an ordinary free run */
void cache_forget(struct instance *instance, struct page *run);
/* After the instance has got memory */
void cache_resize(struct instance *instance);

/* A run of exactly `units`, or NULL */
static ALWAYS_INLINE struct page *cache_take(struct instance *instance,
					     size_t units)
{
	struct page **slot = &instance->cache[units % CACHE_SLOTS];
	struct page *run = *slot;

	if (!run || run->units != units)
		return NULL;
	*slot = run->next;
	instance->units_cached -= units;
	instance->cached_count--;
	return run;
}

static ALWAYS_INLINE bool cache_put(struct instance *instance,
				    struct page *run)
{
	struct page **slot = &instance->cache[run->units % CACHE_SLOTS];

	if (unlikely(instance->cached_count >= CACHE_RUNS_MAX ||
		     instance->units_cached + run->units >
		     instance->cache_units_max) &&
	    !cache_make_room(instance, run))
		return false;
	run->kind = RUN_CACHED;
	run->flags = 0;
	run->next = *slot;
	*slot = run;
	instance->units_cached += run->units;
	instance->cached_count++;
	return true;
}

static inline size_t cache_units(const struct instance *instance)
{
	return instance->units_cached;
}

#else

static inline void cache_flush(struct instance *instance)
{
	(void)instance;
}

static inline void cache_forget(struct instance *instance, struct page *run)
{
	(void)instance;
	(void)run;
}

static inline void cache_resize(struct instance *instance)
{
	(void)instance;
}

static inline struct page *cache_take(struct instance *instance, size_t units)
{
	(void)instance;
	(void)units;
	return NULL;
}

static inline bool cache_put(struct instance *instance, struct page *run)
{
	(void)instance;
	(void)run;
	return false;
}

static inline size_t cache_units(const struct instance *instance)
{
	(void)instance;
	return 0;
}

#endif /* MI_RUN_CACHE */

#endif /* MI_RUN_CACHE_H */
