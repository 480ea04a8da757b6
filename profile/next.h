/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The allocator below this library: who defines a name next in the order of the
 * loader. Names of C++ may be unknown until a library is opened that has them.
 */
#ifndef MI_PROFILE_NEXT_H
#define MI_PROFILE_NEXT_H

#include "profile.h"

struct next {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *p, size_t size);
	void (*free)(void *p);
	int (*posix_memalign)(void **p, size_t alignment, size_t size);
	void *(*aligned_alloc)(size_t alignment, size_t size);
	void *(*memalign)(size_t alignment, size_t size);
	void *(*valloc)(size_t size);
	void *(*pvalloc)(size_t size);
	size_t (*malloc_usable_size)(void *p);
};

/* All NULL until next_ready() */
extern HIDDEN struct next next;

/* Whether the names are known now; they cannot be while the loader relocates */
bool next_ready(void);
/* An operator of C++ that `caller` is to have; NULL: nobody defines it */
void *next_operator(const char *name, const void *caller);

/* Static memory for calls before that; it is not used again */
void *early_alloc(size_t size);
size_t early_usable(const void *p);	/* 0: no such block */

#endif /* MI_PROFILE_NEXT_H */
