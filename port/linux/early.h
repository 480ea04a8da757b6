/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that come before the loader has relocated this library, or has set up
 * thread-local storage: resolvers of indirect functions in libraries that are
 * relocated before. They are served from a few static bytes.
 */
#ifndef MI_EARLY_H
#define MI_EARLY_H

#include "ground/bits.h"

#define EARLY_BYTES	((size_t)16384)

/* Each block has its size in the 16 bytes before it */
extern HIDDEN char early_bytes[EARLY_BYTES];

/* Set by the first call that finds all in place */
extern HIDDEN bool early_over;

/* Whether the address is among these, of a block or not */
static inline bool early_holds(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early_bytes < EARLY_BYTES;
}

/* Whether the loader is done with us. Sets early_over */
COLD NOINLINE bool early_is_over(void);
/* Zero, 16-byte aligned; NULL where the bytes are used up */
COLD NOINLINE void *early_alloc(size_t size);
/* What a block can hold; 0 where it is none of these */
size_t early_usable(const void *p);

#endif /* MI_EARLY_H */
