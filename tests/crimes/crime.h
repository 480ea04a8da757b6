/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the crimes share. A crime tells the address it is about to abuse on
 * standard output, commits the one abuse it is named after, and then checks
 * that the allocator still serves it. judge.c reads what it said and how it
 * ended.
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

/* The block sizes that crimes are tried with: argument 1, or as given. */
static inline size_t crime_size(int argc, char **argv, size_t otherwise)
{
	return argc > 1 ? (size_t)strtoull(argv[1], NULL, 0) : otherwise;
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

static inline struct witnesses witnesses_call(size_t size)
{
	struct witnesses w = { size, size < 20000 ? KEPT_BLOCKS : 2, { 0 } };

	for (size_t i = 0; i < w.count; i++) {
		w.block[i] = mi_malloc(size);
		demand(w.block[i] != NULL, "no memory for witnesses");
		memset(w.block[i], (int)i, size);
	}
	return w;
}

static inline void witnesses_dismiss(struct witnesses *w)
{
	for (size_t i = 0; i < w->count; i++) {
		for (size_t k = 0; k < w->size; k++)
			demand(w->block[i][k] == i, "a witness was hurt");
		mi_free(w->block[i]);
	}
}

/* Blocks come unique and whole after the crime: the last line of each. */
static inline int survive(void)
{
	static unsigned char *block[SURVIVAL_BLOCKS];
	static const size_t step = 2654435761u;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < SURVIVAL_BLOCKS; i++) {
			size_t n = i * step % (i % 100 == 0 ? 50000 : 1200);

			block[i] = mi_malloc(n + sizeof(i));
			demand(block[i] != NULL, "no memory to survive");
			memset(block[i], (int)(i % 251), n + sizeof(i));
			memcpy(block[i], &i, sizeof(i));
		}
		for (size_t i = 0; i < SURVIVAL_BLOCKS; i++) {
			size_t n = i * step % (i % 100 == 0 ? 50000 : 1200);
			size_t name;

			memcpy(&name, block[i], sizeof(name));
			demand(name == i, "a block was given twice");
			for (size_t k = 0; k < n; k++)
				demand(block[i][k + sizeof(i)] == i % 251,
				       "a block was overwritten");
			mi_free(block[i]);
		}
	}
	printf("SURVIVED\n");
	return 0;
}

/*
 * A byte of a free block is written to; it is found when the block is handed
 * out again. The witnesses' page has other free blocks, too.
 */
static inline int write_after_free(size_t size, size_t offset)
{
	struct witnesses w = witnesses_call(size);
	unsigned char *p = mi_malloc(size);
	void *again[SURVIVAL_BLOCKS];
	size_t count = 0;

	mi_free(p);
	p = accuse(p);
	p[offset] = (unsigned char)(p[offset] + 1);
	while (count < SURVIVAL_BLOCKS && size * count < 64 << 20) {
		again[count] = mi_malloc(size);
		demand(again[count] != NULL, "no memory");
		memset(again[count++], 1, size);
	}
	while (count > 0)
		mi_free(again[--count]);
	witnesses_dismiss(&w);
	return survive();
}

#endif /* TESTS_CRIMES_CRIME_H */
