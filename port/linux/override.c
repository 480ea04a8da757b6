/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The standard names. In the shared library the hot ones are the mi_*
 * functions themselves under a second name (see MI_SECOND_NAMES in the
 * Makefile, which leaves them out here); in the archive this is one member,
 * linked into programs that call malloc or free.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "mimalloc.h"
#ifdef MI_SECOND_NAMES
#include "api/api.h"
#include "early.h"
#endif

#define EXPORT	__attribute__((visibility("default")))

EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT void cfree(void *p);
EXPORT size_t malloc_usable_size(void *p);
EXPORT int malloc_trim(size_t pad);

#ifdef MI_SECOND_NAMES

static COLD NOINLINE void *malloc_early(size_t size)
{
	return early_is_over() ? mi_malloc(size) : early_alloc(size);
}

static COLD NOINLINE void free_early(void *p)
{
	if (early_is_over())
		free(p);
}

/* What was given so early moves to a block of ours, as soon as there are any */
static COLD NOINLINE void *realloc_early(void *p, size_t size)
{
	size_t usable = early_usable(p), i;
	void *moved;

	if (!usable && early_is_over())
		return mi_realloc(p, size);
	moved = malloc(size);
	/* memcpy is none of ours, and may be out of reach */
	for (i = 0; moved && i < usable && i < size; i++)
		((volatile char *)moved)[i] = ((const char *)p)[i];
	return moved;
}

/*
 * The paths of mi_malloc() and mi_free() behind a look at one flag, which
 * needs no relocation.
 */
EXPORT void *malloc(size_t size)
{
	if (unlikely(!early_over))
		return malloc_early(size);
	return tracked(malloc_here(size), false);
}

EXPORT void free(void *p)
{
	if (unlikely(!early_over)) {
		free_early(p);
		return;
	}
	if (MI_TRACK)
		track_unblock(&default_instance, p);
	instance_free(&default_instance, p);
}

EXPORT void *calloc(size_t count, size_t size)
{
	size_t total;

	if (unlikely(!early_over) && !early_is_over())
		return multiply_overflows(count, size, &total) ? NULL :
		       early_alloc(total);
	return mi_calloc(count, size);
}

EXPORT void *realloc(void *p, size_t size)
{
	if (unlikely(!early_over || early_holds(p)))
		return realloc_early(p, size);
	return mi_realloc(p, size);
}

#else

EXPORT void *malloc(size_t size)
{
	return mi_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
	return mi_calloc(count, size);
}

EXPORT void *realloc(void *p, size_t size)
{
	return mi_realloc(p, size);
}

EXPORT void free(void *p)
{
	mi_free(p);
}

#endif /* MI_SECOND_NAMES */

EXPORT void *reallocarray(void *p, size_t count, size_t size)
{
	return mi_reallocarray(p, count, size);
}

EXPORT void cfree(void *p)
{
	mi_free(p);
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	return mi_posix_memalign(p, alignment, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return mi_aligned_alloc(alignment, size);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
	return mi_memalign(alignment, size);
}

EXPORT void *valloc(size_t size)
{
	return mi_valloc(size);
}

EXPORT void *pvalloc(size_t size)
{
	return mi_pvalloc(size);
}

EXPORT size_t malloc_usable_size(void *p)
{
	return mi_malloc_usable_size(p);
}

/* As in glibc: 1 where memory may have been given back */
EXPORT int malloc_trim(size_t pad)
{
	(void)pad;
	mi_collect(true);
	return 1;
}

/*
 * glibc's second names. Other C libraries have these for themselves alone,
 * where they are to stay.
 */
#if defined(__GLIBC__) && !defined(MI_SECOND_NAMES)
#ifndef __clang__	/* the declarations of <stdlib.h> say more */
#pragma GCC diagnostic ignored "-Wmissing-attributes"
#endif
#define ALIAS(name)	__attribute__((alias(name), visibility("default")))

ALIAS("malloc") void *__libc_malloc(size_t size);
ALIAS("calloc") void *__libc_calloc(size_t count, size_t size);
ALIAS("realloc") void *__libc_realloc(void *p, size_t size);
ALIAS("free") void __libc_free(void *p);
ALIAS("cfree") void __libc_cfree(void *p);
ALIAS("memalign") void *__libc_memalign(size_t alignment, size_t size);
ALIAS("valloc") void *__libc_valloc(size_t size);
ALIAS("pvalloc") void *__libc_pvalloc(size_t size);
ALIAS("posix_memalign") int __posix_memalign(void **p, size_t alignment,
					     size_t size);
#endif

/*
 * The replaceable operators of C++, by their mangled names: new and delete of
 * single objects and arrays, nothrow, sized (C++14), aligned (C++17).
 */
#define NEW(name)							\
	EXPORT void *name(size_t size);					\
	EXPORT void *name(size_t size)					\
	{								\
		return mi_new(size);					\
	}
#define NEW_NOTHROW(name)						\
	EXPORT void *name(size_t size, const void *nothrow);		\
	EXPORT void *name(size_t size, const void *nothrow)		\
	{								\
		(void)nothrow;						\
		return mi_new_nothrow(size);				\
	}
#define NEW_ALIGNED(name)						\
	EXPORT void *name(size_t size, size_t alignment);		\
	EXPORT void *name(size_t size, size_t alignment)		\
	{								\
		return mi_new_aligned(size, alignment);			\
	}
#define NEW_ALIGNED_NOTHROW(name)					\
	EXPORT void *name(size_t size, size_t alignment,		\
			  const void *nothrow);				\
	EXPORT void *name(size_t size, size_t alignment,		\
			  const void *nothrow)				\
	{								\
		(void)nothrow;						\
		return mi_new_aligned_nothrow(size, alignment);		\
	}
#define DELETE(name)							\
	EXPORT void name(void *p);					\
	EXPORT void name(void *p)					\
	{								\
		mi_free(p);						\
	}
#define DELETE_2(name, type)						\
	EXPORT void name(void *p, type unused);				\
	EXPORT void name(void *p, type unused)				\
	{								\
		(void)unused;						\
		mi_free(p);						\
	}
#define DELETE_3(name, type1, type2)					\
	EXPORT void name(void *p, type1 unused1, type2 unused2);	\
	EXPORT void name(void *p, type1 unused1, type2 unused2)		\
	{								\
		(void)unused1;						\
		(void)unused2;						\
		mi_free(p);						\
	}

#ifndef MI_SECOND_NAMES
NEW(_Znwm)
NEW(_Znam)
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE_2(_ZdlPvm, size_t)
DELETE_2(_ZdaPvm, size_t)
#endif
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)
DELETE_2(_ZdlPvRKSt9nothrow_t, const void *)
DELETE_2(_ZdaPvRKSt9nothrow_t, const void *)
DELETE_2(_ZdlPvSt11align_val_t, size_t)
DELETE_2(_ZdaPvSt11align_val_t, size_t)
DELETE_3(_ZdlPvmSt11align_val_t, size_t, size_t)
DELETE_3(_ZdaPvmSt11align_val_t, size_t, size_t)
DELETE_3(_ZdlPvSt11align_val_tRKSt9nothrow_t, size_t, const void *)
DELETE_3(_ZdaPvSt11align_val_tRKSt9nothrow_t, size_t, const void *)
