/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are freed, and then freed again or reallocated. */
#include "crime.h"

#include <pthread.h>

typedef void free_function(void *p);

static int free_twice(size_t n, free_function *first, free_function *second)
{
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);

	first(p);
	second(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}

/* A block is freed twice in a row. */
CRIME(double_free)
{
	return free_twice(crime_size(argument, 32), mi_free, mi_free);
}

/* A block is freed twice, others in between. */
CRIME(double_free_between)
{
	size_t n = crime_size(argument, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);
	void *others[3] = { mi_malloc(n), mi_malloc(n), mi_malloc(n) };

	mi_free(others[0]);
	mi_free(p);
	mi_free(others[1]);
	mi_free(others[2]);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}

/* An aligned block is freed twice. */
CRIME(double_free_aligned)
{
	size_t n = crime_size(argument, 200);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc_aligned(n, 1024);

	mi_free(p);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}

/* A zeroed block is freed twice. */
CRIME(double_free_calloc)
{
	size_t n = crime_size(argument, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_calloc(1, n);

	mi_free(p);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}

/* The second free of a block comes when its page is empty. */
CRIME(double_free_alone)
{
	size_t n = crime_size(argument, 32);
	void *p = mi_malloc(n);

	mi_free(p);
	mi_free(accuse(p));
	return survive();
}

/* The second free of a block comes when its page was given back. */
CRIME(double_free_collected)
{
	size_t n = crime_size(argument, 32);
	void *p = mi_malloc(n);

	mi_free(p);
	mi_collect(true);
	mi_free(accuse(p));
	return survive();
}

#define BLOCKS	64	/* of these, every other one is freed */
#define TAKEN	16	/* blocks that are taken anew */

static bool is_among(const uintptr_t *taken, uintptr_t p)
{
	for (size_t i = 0; i < TAKEN; i++)
		if (taken[i] == p)
			return true;
	return false;
}

/* A block is freed again when the list it is on was used and refilled. */
CRIME(double_free_recycled)
{
	size_t n = crime_size(argument, 32);
	struct witnesses w = witnesses_call(n);
	uintptr_t block[BLOCKS];
	uintptr_t taken[TAKEN];
	size_t victim = 0;

	for (size_t i = 0; i < BLOCKS; i++)
		block[i] = (uintptr_t)mi_malloc(n);
	for (size_t i = 0; i < BLOCKS; i += 2)
		mi_free((void *)block[i]);
	for (size_t i = 0; i < TAKEN; i++)
		taken[i] = (uintptr_t)mi_malloc(n);
	while (is_among(taken, block[victim]))
		victim += 2;
	mi_free(accuse((void *)block[victim]));
	for (size_t i = 0; i < TAKEN; i++)
		mi_free((void *)taken[i]);
	for (size_t i = 1; i < BLOCKS; i += 2)
		mi_free((void *)block[i]);
	witnesses_dismiss(&w);
	return survive();
}

/* A thread frees a block, then its owner does. */
CRIME(double_free_remote)
{
	return free_twice(crime_size(argument, 32), free_in_thread, mi_free);
}

/* Two threads free the same block. */
CRIME(double_free_remote_twice)
{
	return free_twice(crime_size(argument, 32), free_in_thread,
			  free_in_thread);
}

/* The owner frees a block, then a thread does. */
CRIME(double_free_by_remote)
{
	return free_twice(crime_size(argument, 32), mi_free, free_in_thread);
}

#define TOTAL	((size_t)32 << 20)

static void **block;
static size_t count;

static void *release_all(void *victim)
{
	for (size_t i = 0; i < count; i++)
		mi_free(block[i]);
	if (victim)
		(void)crime_in_thread(accuse(victim));
	return NULL;
}

/*
 * A block is freed a second time after other threads freed all of its page,
 * and so much else that the page's memory was given back while its owner did
 * nothing. The criminal stands behind the size: "64 other", who freed it first;
 * "64 owner"; or "64 collected", the owner after mi_collect().
 */
CRIME(double_free_purged)
{
	size_t n = crime_size(argument, 64);
	const char *who = argument ? strchr(argument, ' ') : NULL;
	pthread_t thread;
	void *victim;

	who = who ? who + 1 : "other";
	count = TOTAL / n;
	block = mmap(NULL, count * sizeof(void *), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	demand(block != MAP_FAILED, "no memory for a table");
	for (size_t i = 0; i < count; i++) {
		block[i] = mi_malloc(n);
		demand(block[i] != NULL, "no memory for blocks");
		memset(block[i], 1, n);
	}
	victim = block[count / 2];
	demand(pthread_create(&thread, NULL, release_all,
			      strcmp(who, "other") ? NULL : victim) == 0,
	       "no thread");
	pthread_join(thread, NULL);
	if (strcmp(who, "collected") == 0)
		mi_collect(false);
	if (strcmp(who, "other") != 0)
		mi_free(accuse(victim));
	return survive();
}

/*
 * The second free comes when the block's memory was given back and its page
 * still has others; "8000 other": by another thread.
 */
CRIME(double_free_hole)
{
	size_t n = crime_size(argument, 8000);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);

	mi_free(p);
	mi_collect(true);
	if (argument && strchr(argument, ' '))
		free_in_thread(accuse(p));
	else
		mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}

/* A block is freed after its heap was destroyed. */
CRIME(free_after_destroy)
{
	size_t n = crime_size(argument, 32);
	mi_heap_t *heap = mi_heap_new();
	void *p = mi_heap_malloc(heap, n);

	mi_heap_destroy(heap);
	mi_free(accuse(p));
	return survive();
}

/* A freed block is reallocated. */
CRIME(realloc_freed)
{
	size_t n = crime_size(argument, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);

	mi_free(p);
	demand(mi_realloc(accuse(p), n * 2) == NULL, "a new block");
	witnesses_dismiss(&w);
	return survive();
}
