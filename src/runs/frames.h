/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether what is handed out can be backed; see frames.c. */
#ifndef MI_FRAMES_H
#define MI_FRAMES_H

#include "ground/types.h"

struct run_request;

#if PORT_FRAMES_RUN_OUT

bool frames_are_left(struct instance *instance, size_t units);

/* Whether so many units more can be touched. Purges when they cannot */
static inline bool frames_suffice(struct instance *instance, size_t units)
{
	return likely(!instance->config.purge_enabled) ||
	       frames_are_left(instance, units);
}

/* The most, up to `units`, for which frames_suffice() */
size_t frames_limit(struct instance *instance, size_t units);
/* Before a run is cut, and then */
bool frames_for_request(struct instance *instance,
			const struct run_request *request);
void frames_for_run(struct instance *instance, struct run *run);
/* For a large block's run that is about to grow */
bool frames_for_more(struct instance *instance, struct run *run,
		     size_t units);
/* For new blocks of a page: backs their units */
bool frames_for_blocks(struct instance *instance, uintptr_t start,
		       size_t units);

#else

static inline size_t frames_limit(struct instance *instance, size_t units)
{
	(void)instance;
	return units;
}

static inline bool frames_for_request(struct instance *instance,
				      const struct run_request *request)
{
	(void)instance;
	(void)request;
	return true;
}

static inline void frames_for_run(struct instance *instance, struct run *run)
{
	(void)instance;
	(void)run;
}

static inline bool frames_for_more(struct instance *instance,
				   struct run *run, size_t units)
{
	(void)instance;
	(void)run;
	(void)units;
	return true;
}

static inline bool frames_for_blocks(struct instance *instance,
				     uintptr_t start, size_t units)
{
	(void)instance;
	(void)start;
	(void)units;
	return true;
}

#endif /* PORT_FRAMES_RUN_OUT */

#endif /* MI_FRAMES_H */
