/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What valgrind and AddressSanitizer are told about blocks. Nothing at all
 * in an ordinary build. The first 16 bytes of any block stay accessible: the
 * engine keeps its list there, and looks for a free block's mark.
 */
#ifndef MI_TRACK_H
#define MI_TRACK_H

#include "ground/types.h"

#if MI_TRACK

/* A block is handed out: all that is usable may be used */
void track_alloc(void *p, size_t usable, bool zero);
/* A block comes back */
void track_free(void *p, size_t usable);
/* The engine itself is about to write here */
void track_touch(void *start, size_t bytes);

#else

static inline void track_alloc(void *p, size_t usable, bool zero)
{
	(void)p;
	(void)usable;
	(void)zero;
}

static inline void track_free(void *p, size_t usable)
{
	(void)p;
	(void)usable;
}

static inline void track_touch(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}

#endif /* MI_TRACK */

#endif /* MI_TRACK_H */
