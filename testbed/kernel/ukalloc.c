/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of allocators, and what they share.
 */
#include <string.h>
#include <uk/alloc_impl.h>

struct uk_alloc *_uk_alloc_head;

/* The first stays the first: it is the default. */
int uk_alloc_register(struct uk_alloc *a)
{
	struct uk_alloc **at = &_uk_alloc_head;

	while (*at)
		at = &(*at)->next;
	a->next = NULL;
	*at = a;
	return 0;
}

void *uk_calloc_compat(struct uk_alloc *a, __sz num, __sz len)
{
	__sz bytes;
	void *block;

	if (__builtin_mul_overflow(num, len, &bytes))
		return NULL;
	block = uk_malloc(a, bytes);
	if (block)
		memset(block, 0, bytes);
	return block;
}

void *uk_memalign_compat(struct uk_alloc *a, __sz align, __sz len)
{
	void *block;

	if (align < sizeof(void *))
		align = sizeof(void *);
	return uk_posix_memalign(a, &block, align, len) ? NULL : block;
}

void *uk_palloc_compat(struct uk_alloc *a, unsigned long num_pages)
{
	if (num_pages > __SZ_MAX >> __PAGE_SHIFT)
		return NULL;
	return uk_memalign(a, __PAGE_SIZE, num_pages << __PAGE_SHIFT);
}

void uk_pfree_compat(struct uk_alloc *a, void *ptr,
		     unsigned long num_pages __unused)
{
	uk_free(a, ptr);
}

long uk_alloc_pavailmem_compat(struct uk_alloc *a)
{
	__ssz bytes = uk_alloc_availmem(a);

	return bytes < 0 ? bytes : bytes >> __PAGE_SHIFT;
}

long uk_alloc_pmaxalloc_compat(struct uk_alloc *a)
{
	__ssz bytes = uk_alloc_maxalloc(a);

	return bytes < 0 ? bytes : bytes >> __PAGE_SHIFT;
}

__sz uk_alloc_availmem_total(void)
{
	struct uk_alloc *a;
	__sz sum = 0;

	uk_alloc_foreach(a)
		if (uk_alloc_availmem(a) > 0)
			sum += (__sz)uk_alloc_availmem(a);
	return sum;
}

unsigned long uk_alloc_pavailmem_total(void)
{
	return uk_alloc_availmem_total() >> __PAGE_SHIFT;
}

#if CONFIG_LIBUKALLOC_IFSTATS
void _uk_alloc_stats_count_alloc(struct uk_alloc_stats *stats, void *ptr,
				 __sz size)
{
	if (!ptr) {
		stats->nb_enomem++;
		return;
	}
	stats->tot_nb_allocs++;
	stats->cur_nb_allocs++;
	stats->cur_mem_use += (__ssz)size;
	stats->last_alloc_size = size;
	if (stats->max_nb_allocs < stats->cur_nb_allocs)
		stats->max_nb_allocs = stats->cur_nb_allocs;
	if (stats->max_mem_use < stats->cur_mem_use)
		stats->max_mem_use = stats->cur_mem_use;
	if (stats->max_alloc_size < size)
		stats->max_alloc_size = size;
	if (stats->tot_nb_allocs == 1 || stats->min_alloc_size > size)
		stats->min_alloc_size = size;
}

void _uk_alloc_stats_count_free(struct uk_alloc_stats *stats, void *ptr,
				__sz size)
{
	if (!ptr)
		return;
	stats->tot_nb_frees++;
	stats->cur_nb_allocs--;
	stats->cur_mem_use -= (__ssz)size;
}

void uk_alloc_stats_get(struct uk_alloc *a, struct uk_alloc_stats *dst)
{
	*dst = a->_stats;
}
#endif
