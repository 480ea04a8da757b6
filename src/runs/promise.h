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

#if PORT_FRAMES_RUN_OUT
/* Units that others can still have: frames are left, and were not promised */
static inline size_t units_for_others(const struct instance *instance)
{
	size_t left = port_touchable() >> UNIT_SHIFT;
	size_t promised = instance->units_promised;

	return left > promised ? left - promised : 0;
}
#endif

/* So many units of a run need no frames any more, if they were promised */
static inline void promise_end(struct instance *instance,
			       const struct run *run, size_t units)
{
	if (PORT_FRAMES_RUN_OUT && (run->flags & RUN_PROMISED))
		instance->units_promised -= units;
}

#endif /* MI_PROMISE_H */
