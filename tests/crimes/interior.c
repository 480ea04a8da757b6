/* SPDX-License-Identifier: BSD-3-Clause */
/* Pointers into a block. */
#include "crime.h"

static int free_inside(size_t n, size_t offset)
{
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	mi_free(accuse(p + offset));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}

/* A pointer 1 byte into a block is freed. */
CRIME(interior_1)
{
	return free_inside(crime_size(argument, 32), 1);
}

/* A pointer 8 bytes into a block is freed. */
CRIME(interior_8)
{
	return free_inside(crime_size(argument, 32), 8);
}

/* A pointer 16 bytes into a block is freed. */
CRIME(interior_16)
{
	return free_inside(crime_size(argument, 32), 16);
}

/* A pointer to the middle of a block is freed. */
CRIME(interior_middle)
{
	size_t n = crime_size(argument, 100000);

	return free_inside(n, n / 2);
}

/* A pointer into an aligned block is freed. */
CRIME(interior_aligned)
{
	size_t n = crime_size(argument, 300);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc_aligned(n, 4096);

	mi_free(accuse(p + 16));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}

/* A thread frees a pointer into a block of another. */
CRIME(interior_remote)
{
	size_t n = crime_size(argument, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	free_in_thread(accuse(p + 16));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}

/* A pointer into a freed block is freed. */
CRIME(interior_of_freed)
{
	size_t n = crime_size(argument, 100000);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	mi_free(p);
	mi_free(accuse(p + n / 2));
	witnesses_dismiss(&w);
	return survive();
}

/* A pointer into a block is reallocated. */
CRIME(realloc_interior)
{
	size_t n = crime_size(argument, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	demand(mi_realloc(accuse(p + 16), n * 2) == NULL, "a new block");
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}

/* The usable size of an inner pointer is asked. */
CRIME(usable_size_interior)
{
	size_t n = crime_size(argument, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	demand(mi_usable_size(accuse(p + 16)) == 0, "a size");
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
