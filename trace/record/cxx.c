/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operators new and delete of C++. Most are made of malloc and free, and then
 * the inner call is the one that is written down, under the operator's name;
 * some allocators have their own, and then the operator's call is. An exception
 * of the next operator passes through here.
 */
#include <stdlib.h>

#include "record.h"

typedef void *new_function(size_t);
typedef void *new_nothrow_function(size_t, const void *);
typedef void *new_aligned_function(size_t, size_t);
typedef void *new_aligned_nothrow_function(size_t, size_t, const void *);
typedef void delete_function(void *);
typedef void delete_sized_function(void *, size_t);
typedef void delete_with_function(void *, const void *);
typedef void delete_sized_aligned_function(void *, size_t, size_t);
typedef void delete_aligned_with_function(void *, size_t, const void *);

/* The operator that is at work, which an exception may end */
struct operator {
	struct thread *thread;	/* NULL: an operator that another one calls */
	size_t size;
	bool returned;
};

static void operator_end(struct operator *operator)
{
	struct thread *thread = operator->thread;

	if (!thread)
		return;
	/* An exception has ended it, which is how it fails */
	if (!operator->returned && thread->news)
		record(MI_TRACE_NEW, thread->news - 1, NULL, operator->size);
	thread->news = 0;
}

/* A call of malloc from now on is that of an operator */
static struct operator operator_begin(size_t size, size_t alignment)
{
	struct thread *thread = recorder_thread;

	if (!thread)
		thread = recorder_thread_begin();
	if (!thread || (thread->news && thread->news_size == size))
		return (struct operator){ .thread = NULL };
	thread->news_size = size;
	thread->news = 1 + (alignment < 2 ? 0 :
			    63 - (uint32_t)__builtin_clzl(alignment));
	return (struct operator){ thread, size, false };
}

/* The operator has returned that, and may have called no malloc */
static void *operator_made(struct operator *operator, void *block)
{
	struct thread *thread = operator->thread;

	operator->returned = true;
	if (thread && thread->news)
		record(MI_TRACE_NEW, thread->news - 1, block, operator->size);
	return block;
}

/* Nobody has that operator: a program of another language, or a broken one */
static void *without_next(size_t size, size_t alignment)
{
	void *block = alignment > 16 ? aligned_alloc(alignment, size) :
				       malloc(size);

	if (!block)
		abort();
	return block;
}

/* name, which, its type, what it takes, and what it hands on */
#define NEW(name, which, type, taken, alignment, ...)			\
	RECORD_EXPORT void *name taken;					\
	RECORD_EXPORT void *name taken					\
	{								\
		struct operator operator				\
			__attribute__((cleanup(operator_end))) =	\
			operator_begin(size, alignment);		\
		type *next = NEXT(which, type);				\
									\
		return operator_made(&operator, next ?			\
			next(__VA_ARGS__) :				\
			without_next(size, alignment));			\
	}								\
	_Static_assert(1, "for the semicolon")

NEW(_Znwm, NEXT_NEW, new_function, (size_t size), 0, size);
NEW(_Znam, NEXT_NEW_ARRAY, new_function, (size_t size), 0, size);
NEW(_ZnwmRKSt9nothrow_t, NEXT_NEW_NOTHROW, new_nothrow_function,
    (size_t size, const void *nothrow), 0, size, nothrow);
NEW(_ZnamRKSt9nothrow_t, NEXT_NEW_ARRAY_NOTHROW, new_nothrow_function,
    (size_t size, const void *nothrow), 0, size, nothrow);
NEW(_ZnwmSt11align_val_t, NEXT_NEW_ALIGNED, new_aligned_function,
    (size_t size, size_t alignment), alignment, size, alignment);
NEW(_ZnamSt11align_val_t, NEXT_NEW_ARRAY_ALIGNED, new_aligned_function,
    (size_t size, size_t alignment), alignment, size, alignment);
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, NEXT_NEW_ALIGNED_NOTHROW,
    new_aligned_nothrow_function,
    (size_t size, size_t alignment, const void *nothrow), alignment,
    size, alignment, nothrow);
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, NEXT_NEW_ARRAY_ALIGNED_NOTHROW,
    new_aligned_nothrow_function,
    (size_t size, size_t alignment, const void *nothrow), alignment,
    size, alignment, nothrow);

/* A call of free with that block, from now on, is that of an operator, unless
 * it is so already. Whose it is. */
static struct thread *delete_begin(const void *block)
{
	struct thread *thread = recorder_thread;

	if (!block || (thread && thread->deletes == block))
		return NULL;
	record(MI_TRACE_DELETE, 0, block, 0);
	thread = recorder_thread;
	if (thread)
		thread->deletes = block;
	return thread;
}

#define DELETE(name, which, type, taken, ...)				\
	RECORD_EXPORT void name taken;					\
	RECORD_EXPORT void name taken					\
	{								\
		type *next = NEXT(which, type);				\
		struct thread *thread = delete_begin(block);		\
									\
		if (next)						\
			next(__VA_ARGS__);				\
		else							\
			free(block);					\
		if (thread)						\
			thread->deletes = NULL;				\
	}								\
	_Static_assert(1, "for the semicolon")

DELETE(_ZdlPv, NEXT_DELETE, delete_function, (void *block), block);
DELETE(_ZdaPv, NEXT_DELETE_ARRAY, delete_function, (void *block), block);
DELETE(_ZdlPvm, NEXT_DELETE_SIZED, delete_sized_function,
       (void *block, size_t size), block, size);
DELETE(_ZdaPvm, NEXT_DELETE_ARRAY_SIZED, delete_sized_function,
       (void *block, size_t size), block, size);
DELETE(_ZdlPvSt11align_val_t, NEXT_DELETE_ALIGNED, delete_sized_function,
       (void *block, size_t alignment), block, alignment);
DELETE(_ZdaPvSt11align_val_t, NEXT_DELETE_ARRAY_ALIGNED,
       delete_sized_function, (void *block, size_t alignment), block,
       alignment);
DELETE(_ZdlPvmSt11align_val_t, NEXT_DELETE_SIZED_ALIGNED,
       delete_sized_aligned_function,
       (void *block, size_t size, size_t alignment), block, size, alignment);
DELETE(_ZdaPvmSt11align_val_t, NEXT_DELETE_ARRAY_SIZED_ALIGNED,
       delete_sized_aligned_function,
       (void *block, size_t size, size_t alignment), block, size, alignment);
DELETE(_ZdlPvRKSt9nothrow_t, NEXT_DELETE_NOTHROW, delete_with_function,
       (void *block, const void *nothrow), block, nothrow);
DELETE(_ZdaPvRKSt9nothrow_t, NEXT_DELETE_ARRAY_NOTHROW, delete_with_function,
       (void *block, const void *nothrow), block, nothrow);
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, NEXT_DELETE_ALIGNED_NOTHROW,
       delete_aligned_with_function,
       (void *block, size_t alignment, const void *nothrow), block,
       alignment, nothrow);
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t,
       NEXT_DELETE_ARRAY_ALIGNED_NOTHROW, delete_aligned_with_function,
       (void *block, size_t alignment, const void *nothrow), block,
       alignment, nothrow);
