/* SPDX-License-Identifier: BSD-3-Clause */
#include "ground/track.h"

#if MI_TRACK_VALGRIND
#include <valgrind/memcheck.h>

void track_alloc(void *p, size_t usable, bool zero)
{
	VALGRIND_MALLOCLIKE_BLOCK(p, usable, 0, zero);
}

void track_free(void *p, size_t usable)
{
	(void)usable;
	VALGRIND_FREELIKE_BLOCK(p, 0);
	(void)VALGRIND_MAKE_MEM_DEFINED(p, BLOCK_ALIGN);
}

void track_touch(void *start, size_t bytes)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(start, bytes);
}

#elif MI_TRACK_ASAN
#include <sanitizer/asan_interface.h>

void track_alloc(void *p, size_t usable, bool zero)
{
	(void)zero;
	__asan_unpoison_memory_region(p, usable);
}

void track_free(void *p, size_t usable)
{
	if (usable <= BLOCK_ALIGN)
		return;
	__asan_poison_memory_region((char *)p + BLOCK_ALIGN,
				    usable - BLOCK_ALIGN);
}

void track_touch(void *start, size_t bytes)
{
	__asan_unpoison_memory_region(start, bytes);
}

#else

typedef int track_nothing;	/* a translation unit must hold something */

#endif
