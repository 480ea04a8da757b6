/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the conformance suite share.
 *
 * A part ends the run at its first failed check. What an allocator is known
 * not to offer is skipped for it, aloud.
 */
#ifndef CONFORMANCE_CHECK_H
#define CONFORMANCE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>

#define KIB 1024UL
#define MIB (1024 * KIB)
#define PAGE 4096UL

/* What may be missing. */
#define LACKS_ERRNO 0x01		/* ENOMEM is not set */
#define LACKS_EMPTY 0x02		/* malloc(0) gives NULL */
#define LACKS_PART_PFREE 0x04		/* pfree only as palloc gave */
#define LACKS_GIVE_BACK 0x08		/* frames stay with the heap */
#define LACKS_REFUSAL 0x10		/* vmem: full is a fault, not NULL */
#define LACKS_FREE 0x20			/* nothing comes back */

bool suite_lacks(unsigned int what, const char *skipped);
/* Whether frames may stay beyond the budget, see give_back.c */
bool suite_learns(void);

void check_failed(const char *file, int line, const char *text)
	__attribute__((noreturn));

#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			check_failed(__FILE__, __LINE__, #condition);	\
	} while (0)

/* Fills a block so that pattern_holds() tells it from any other. */
void pattern_write(void *block, size_t bytes, uint64_t seed);
bool pattern_holds(const void *block, size_t bytes, uint64_t seed);

uint64_t random_next(void);

void suite_verbs(struct uk_alloc *a);		/* malloc .. free */
void suite_pages(struct uk_alloc *a);		/* palloc, pfree, figures */
void suite_instances(struct uk_alloc *a);	/* init, addmem */
void suite_fill(struct uk_alloc *a);		/* until NULL, and drain */
void suite_threads(struct uk_alloc *a);
void suite_give_back(struct uk_alloc *a);	/* mode vmem */

/*
 * Whether as much is available as before. Where each thread and each CPU has a
 * heap, those that sleep may keep a little.
 */
#ifdef CONFIG_HAVE_SMP
#define SUITE_ASLEEP 65536
#else
#define SUITE_ASLEEP 0
#endif

static inline bool suite_is_back(struct uk_alloc *a, __ssz before)
{
	__ssz now = uk_alloc_availmem(a);

	return now + SUITE_ASLEEP >= before && now - SUITE_ASLEEP <= before;
}

#endif /* CONFORMANCE_CHECK_H */
