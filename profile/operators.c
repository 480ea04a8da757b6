/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The replaceable operators of C++, by the names that the Itanium ABI gives
 * them: an allocator below may define them by itself, and then calls no
 * malloc. Where nobody does, they are malloc and free.
 */
#include <malloc.h>
#include <stdlib.h>

#include "next.h"
#include "report.h"

typedef void *new_fun(size_t size, size_t a, size_t b);
typedef void delete_fun(void *p, size_t a, size_t b);

/* Nobody has a new handler then, and nobody can be thrown to */
static void *or_abort(void *p)
{
	if (!p) {
		message("error", "out of memory in operator new", "", NULL);
		abort();
	}
	return p;
}

static void *new_plain(size_t size, size_t a, size_t b)
{
	(void)a;
	(void)b;
	return or_abort(malloc(size));
}

static void *new_nothrow(size_t size, size_t a, size_t b)
{
	(void)a;
	(void)b;
	return malloc(size);
}

static void *new_aligned(size_t size, size_t alignment, size_t b)
{
	(void)b;
	return or_abort(memalign(alignment, size));
}

static void *new_aligned_nothrow(size_t size, size_t alignment, size_t b)
{
	(void)b;
	return memalign(alignment, size);
}

static void delete_plain(void *p, size_t a, size_t b)
{
	(void)a;
	(void)b;
	free(p);
}

/* Whatever more an operator takes is in two registers at most */
static inline void *new_noted(new_fun *call, size_t size, size_t a, size_t b)
{
	void *p;

	sampler.last = NULL;
	p = call(size, a, b);
	return p && sampler.last == p ? p : note(p, size);
}

static inline void delete_noted(delete_fun *call, void *p, size_t a, size_t b)
{
	if (unlikely(filter_has(p)))
		sample_free(p);
	call(p, a, b);
}

static COLD void *find(void *volatile *found, const char *name,
		       const void *caller, void *instead)
{
	void *call = next_operator(name, caller);

	if (!call)
		call = instead;
	*found = call;
	return call;
}

/* What is called below, found at the first call */
#define BELOW(name, instead)						\
	(likely(found) ? (void *)found :				\
	 find(&found, name, __builtin_return_address(0), (void *)(instead)))

#define NEW(name, instead)						\
	EXPORT void *name(size_t size, size_t a, size_t b);		\
	void *name(size_t size, size_t a, size_t b)			\
	{								\
		static void *volatile found;				\
									\
		return new_noted((new_fun *)BELOW(#name, instead),	\
				 size, a, b);				\
	}
#define DELETE(name)							\
	EXPORT void name(void *p, size_t a, size_t b);			\
	void name(void *p, size_t a, size_t b)				\
	{								\
		static void *volatile found;				\
									\
		delete_noted((delete_fun *)BELOW(#name, delete_plain),	\
			     p, a, b);					\
	}

NEW(_Znwm, new_plain)
NEW(_Znam, new_plain)
NEW(_ZnwmRKSt9nothrow_t, new_nothrow)
NEW(_ZnamRKSt9nothrow_t, new_nothrow)
NEW(_ZnwmSt11align_val_t, new_aligned)
NEW(_ZnamSt11align_val_t, new_aligned)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, new_aligned_nothrow)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, new_aligned_nothrow)
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE(_ZdlPvm)
DELETE(_ZdaPvm)
DELETE(_ZdlPvRKSt9nothrow_t)
DELETE(_ZdaPvRKSt9nothrow_t)
DELETE(_ZdlPvSt11align_val_t)
DELETE(_ZdaPvSt11align_val_t)
DELETE(_ZdlPvmSt11align_val_t)
DELETE(_ZdaPvmSt11align_val_t)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
