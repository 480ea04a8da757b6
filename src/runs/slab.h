/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors of the slab itself: of a chunk, and of a slot that is free. */
#ifndef MI_SLAB_H
#define MI_SLAB_H

#include "ground/types.h"

/* A descriptor that is not in use (RUN_NONE), on the list of its chunk */
struct slot {
	union {
		struct run run;
		struct slot *next;
	};
};

/*
 * A unit of descriptors, the first of which is its own. Invariants, checked by
 * chunk_is_valid():
 *	slots = used + |free|
 *	it is on the pool's list of chunks  <=>  free != NULL
 *	it describes the unit that it lies in; the pool's first_chunk describes
 *		the header of the arena, in which it lies
 */
struct chunk {
	union {
		struct run run;
		struct {
			struct slot *free;
			uintptr_t unused_8[2];
			uint16_t slots;		/* with the chunk's own */
			uint16_t used;		/* so never below 1 */
			uint8_t unused_28[2];
			RUN_MEMBERS
			LINK(struct chunk) list;
			uintptr_t unused_96[4];
		};
	};
};
RUN_VIEW_IS_VALID(chunk);

#define CHUNK_SLOTS	(UNIT_SIZE / sizeof(struct run))
_Static_assert(CHUNK_SLOTS == 32, "a chunk fills its unit");

/* The number'th slot, from 0: that is the chunk's own */
static inline struct run *chunk_slot(struct chunk *chunk, size_t number)
{
	return &chunk->run + number;
}

#endif /* MI_SLAB_H */
