/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the crimes share. They are functions of one program, which commits the
 * one that it is told in a process of its own. A crime tells the address it is
 * about to abuse on standard output, commits the one abuse it is named after,
 * and then checks that the allocator still serves it. judge.c reads what it
 * said and how it ended.
 */
#ifndef TESTS_CRIMES_CRIME_H
#define TESTS_CRIMES_CRIME_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <mimalloc.h>

/* A crime returns survive(). Its argument may be NULL. */
typedef int crime_function(const char *argument);
#define CRIME(name)	int name(__attribute__((unused)) const char *argument)

#define SURVIVAL_BLOCKS	10000
#define KEPT_BLOCKS	100

/* Hide from the compiler where a pointer comes from. */
static inline void *launder(const volatile void *p)
{
	volatile uintptr_t hidden = (uintptr_t)p;

	return (void *)hidden;
}

static inline size_t launder_size(size_t n)
{
	volatile size_t hidden = n;

	return hidden;
}

/* Tell the judge the address that the report must name. */
static inline void *accuse(const volatile void *p)
{
	printf("ADDRESS 0x%" PRIxPTR "\n", (uintptr_t)p);
	fflush(stdout);
	return launder(p);
}

/* The crime did not get the answer it deserves. */
static inline void demand(bool condition, const char *what)
{
	if (condition)
		return;
	printf("WRONG %s\n", what);
	exit(3);
}

/* The block size that a crime is tried with: its argument, or as given. */
static inline size_t crime_size(const char *argument, size_t otherwise)
{
	return argument ? (size_t)strtoull(argument, NULL, 0) : otherwise;
}

/*
 * Live blocks of the victim's size, so that its page has more than the victim
 * in it; they must be whole at the end as well.
 */
struct witnesses {
	size_t size;
	size_t count;
	unsigned char *block[KEPT_BLOCKS];
};

struct witnesses witnesses_call(size_t size);
void witnesses_dismiss(struct witnesses *w);

/* Another thread frees it. */
void free_in_thread(void *p);
/* That thread. A report has names for what is exported */
__attribute__((visibility("default"))) void *crime_in_thread(void *p);

/* Blocks come unique and whole after the crime: the last line of each. */
int survive(void);

/* All crimes, by the files in which they stand; reports have names for them */
#pragma GCC visibility push(default)
crime_function double_free, double_free_between, double_free_aligned,
	double_free_calloc, double_free_alone, double_free_collected,
	double_free_recycled, double_free_remote, double_free_remote_twice,
	double_free_by_remote, double_free_purged, double_free_hole,
	free_after_destroy,
	realloc_freed;
crime_function interior_1, interior_8, interior_16, interior_middle,
	interior_aligned, interior_remote, interior_of_freed, realloc_interior,
	usable_size_interior;
crime_function foreign_stack, foreign_static, foreign_code, foreign_mapped,
	foreign_unmapped, foreign_low, foreign_high, foreign_non_canonical,
	foreign_sized, foreign_fifth, realloc_foreign, reallocf_foreign,
	usable_size_foreign, expand_foreign;
crime_function write_link, write_tag, write_hole, write_middle, write_last;
crime_function bad_alignment, huge_alignment, size_overflow;
#pragma GCC visibility pop

#endif /* TESTS_CRIMES_CRIME_H */
