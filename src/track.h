/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What valgrind and AddressSanitizer are told about blocks. Nothing at all
 * in an ordinary build.
 *
 * The first 16 bytes of a free block stay accessible: the engine keeps its
 * list there.
 */
#ifndef MI_TRACK_H
#define MI_TRACK_H

#include "types.h"

#if MI_TRACK

size_t track_usable(const void *p);
void track_alloc(void *p, size_t size, bool zero);
void track_free(struct instance *instance, void *p);
void track_resize(struct page *page, void *p, size_t old, size_t size);
void track_run(struct page *page);

#else

static inline void track_alloc(void *p, size_t size, bool zero)
{
	(void)p;
	(void)size;
	(void)zero;
}

static inline void track_free(struct instance *instance, void *p)
{
	(void)instance;
	(void)p;
}

static inline void track_resize(struct page *page, void *p, size_t old,
				size_t size)
{
	(void)page;
	(void)p;
	(void)old;
	(void)size;
}

static inline void track_run(struct page *page)
{
	(void)page;
}

#endif /* MI_TRACK */

#endif /* MI_TRACK_H */
