/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Units that were handed out, but not touched as far as we know: frames have to
 * be left for them, see frames.c. The lock is held.
 */
#ifndef MI_PROMISE_H
#define MI_PROMISE_H

#include "ground/types.h"

/* All of a run; what it gets later is added to `units_promised` */
static inline void promise_make(struct instance *instance, struct run *run)
{
	run->flags |= RUN_PROMISED;
	instance->units_promised += run->units;
}

/* So many units of a run need no frames any more, if they were promised */
static inline void promise_end(struct instance *instance,
			       const struct run *run, size_t units)
{
	if (PORT_FRAMES_RUN_OUT && (run->flags & RUN_PROMISED))
		instance->units_promised -= units;
}

#endif /* MI_PROMISE_H */
