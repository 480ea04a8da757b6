/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the author of an allocator uses: registration, compatibility helpers
 * (none of which reads an old block past its end or divides by a size of 0,
 * unlike some of v0.17's), statistics.
 */
#ifndef __UK_ALLOC_IMPL_H__
#define __UK_ALLOC_IMPL_H__

#include <uk/alloc.h>
#include <uk/arch/limits.h>

int uk_alloc_register(struct uk_alloc *a);

void *uk_calloc_compat(struct uk_alloc *a, __sz num, __sz len);
void *uk_memalign_compat(struct uk_alloc *a, __sz align, __sz len);
void *uk_palloc_compat(struct uk_alloc *a, unsigned long num_pages);
void uk_pfree_compat(struct uk_alloc *a, void *ptr, unsigned long num_pages);
long uk_alloc_pavailmem_compat(struct uk_alloc *a);
long uk_alloc_pmaxalloc_compat(struct uk_alloc *a);

#if CONFIG_LIBUKALLOC_IFSTATS
#include <string.h>

void _uk_alloc_stats_count_alloc(struct uk_alloc_stats *stats, void *ptr,
				 __sz size);
void _uk_alloc_stats_count_free(struct uk_alloc_stats *stats, void *ptr,
				__sz size);

/* A NULL ptr counts as a request that failed. */
#define uk_alloc_stats_count_alloc(a, ptr, size)			\
	_uk_alloc_stats_count_alloc(&(a)->_stats, (ptr), (size))
#define uk_alloc_stats_count_free(a, ptr, freed_size)			\
	_uk_alloc_stats_count_free(&(a)->_stats, (ptr), (freed_size))
#define uk_alloc_stats_reset(a)						\
	memset(&(a)->_stats, 0, sizeof((a)->_stats))
#else
#define uk_alloc_stats_count_alloc(a, ptr, size) do { } while (0)
#define uk_alloc_stats_count_free(a, ptr, freed_size) do { } while (0)
#define uk_alloc_stats_reset(a) do { } while (0)
#endif

#define uk_alloc_stats_count_palloc(a, ptr, num_pages)			\
	uk_alloc_stats_count_alloc((a), (ptr),				\
				   (__sz)(num_pages) << __PAGE_SHIFT)
#define uk_alloc_stats_count_pfree(a, ptr, num_pages)			\
	uk_alloc_stats_count_free((a), (ptr),				\
				  (__sz)(num_pages) << __PAGE_SHIFT)
#define uk_alloc_stats_count_enomem(a, size)				\
	uk_alloc_stats_count_alloc((a), __NULL, (size))
#define uk_alloc_stats_count_penomem(a, num_pages)			\
	uk_alloc_stats_count_enomem((a), (__sz)(num_pages) << __PAGE_SHIFT)

#define uk_alloc_init_malloc(a, malloc_f, calloc_f, realloc_f, free_f,	\
			     posix_memalign_f, memalign_f, maxalloc_f,	\
			     availmem_f, addmem_f)			\
	do {								\
		(a)->malloc = (malloc_f);				\
		(a)->calloc = (calloc_f);				\
		(a)->realloc = (realloc_f);				\
		(a)->posix_memalign = (posix_memalign_f);		\
		(a)->memalign = (memalign_f);				\
		(a)->free = (free_f);					\
		(a)->palloc = uk_palloc_compat;				\
		(a)->pfree = uk_pfree_compat;				\
		(a)->maxalloc = (maxalloc_f);				\
		(a)->availmem = (availmem_f);				\
		(a)->pmaxalloc = (maxalloc_f) != __NULL			\
			? uk_alloc_pmaxalloc_compat : __NULL;		\
		(a)->pavailmem = (availmem_f) != __NULL			\
			? uk_alloc_pavailmem_compat : __NULL;		\
		(a)->addmem = (addmem_f);				\
		uk_alloc_stats_reset(a);				\
		uk_alloc_register(a);					\
	} while (0)

#endif /* __UK_ALLOC_IMPL_H__ */
