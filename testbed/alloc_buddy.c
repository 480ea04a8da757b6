/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A binary buddy, as a mark to compare with. It behaves as the default
 * allocator of Unikraft does: every request takes whole 4 KiB pages, a power
 * of two of them, 16 MiB at most, and the 32 bytes before a block tell where
 * its pages begin and how many they are.
 *
 * One bit for each page of a region tells whether the page is taken; the bits
 * lie at the region's start. They reach beyond it to multiples of 16 MiB, with
 * "taken" for what is outside, so that any buddy can be looked up, and a chunk
 * lies within one word of bits or fills whole words. A free
 * chunk of 2^order pages is aligned to its size and lies on the list of its
 * order. Its buddy is free as a whole when the buddy's first page is free and
 * heads a chunk of the same order.
 *
 *   region                    chunk handed out
 *   +------+--------------+   +--------+-----------+----------
 *   | bits | pages ...    |   | header | block ... |  unused
 *   +------+--------------+   +--------+-----------+----------
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <uk/alloc_impl.h>

#define ORDERS 13		/* 2^12 pages are 16 MiB */
#define ORDER_MAX (ORDERS - 1)
#define HEADER_BYTES 32UL

struct chunk {				/* in the first page of a free chunk */
	struct chunk *next;
	struct chunk **link;		/* what points to this chunk */
	unsigned int order;
};

struct region {				/* at the region's start */
	struct region *next;
	__uptr origin;			/* what the first bit stands for */
	__uptr first_page;
	__uptr end;
	unsigned long taken[];
};

struct buddy {
	struct chunk *lists[ORDERS];
	struct region *regions;
	unsigned long free_pages;
	struct uk_alloc a;
};

struct header {
	void *pages;
	unsigned long page_count;
};

UK_CTASSERT(sizeof(struct header) <= HEADER_BYTES);

static struct buddy *buddy_of(struct uk_alloc *a)
{
	return __containerof(a, struct buddy, a);
}

static unsigned int order_for(unsigned long pages)
{
	return pages <= 1 ? 0
		: 64U - (unsigned int)__builtin_clzl(pages - 1);
}

static __sz chunk_bytes(unsigned int order)
{
	return __PAGE_SIZE << order;
}

static bool page_is_taken(const struct region *r, __uptr page)
{
	unsigned long index = (page - r->origin) >> __PAGE_SHIFT;

	return r->taken[index / 64] >> index % 64 & 1;
}

/* A chunk lies in one word of bits, or fills whole words. */
static void pages_mark(struct region *r, __uptr page, unsigned int order,
		       bool taken)
{
	unsigned long index = (page - r->origin) >> __PAGE_SHIFT;
	unsigned long *word = &r->taken[index / 64];
	unsigned long mask;

	if (order < 6) {
		mask = ((1UL << (1UL << order)) - 1) << index % 64;
		*word = taken ? *word | mask : *word & ~mask;
		return;
	}
	for (unsigned long i = 0; i < 1UL << (order - 6); i++)
		word[i] = taken ? ~0UL : 0;
}

static struct region *region_of(struct buddy *b, __uptr page)
{
	struct region *r = b->regions;

	while (r && (page < r->first_page || page >= r->end))
		r = r->next;
	return r;
}

static void chunk_push(struct buddy *b, __uptr page, unsigned int order)
{
	struct chunk *c = (struct chunk *)page;

	c->order = order;
	c->next = b->lists[order];
	c->link = &b->lists[order];
	if (c->next)
		c->next->link = &c->next;
	b->lists[order] = c;
}

/* For an order whose list is known to be empty. */
static void chunk_set(struct buddy *b, __uptr page, unsigned int order)
{
	struct chunk *c = (struct chunk *)page;

	c->order = order;
	c->next = NULL;
	c->link = &b->lists[order];
	b->lists[order] = c;
}

static void chunk_remove(struct chunk *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

static void *buddy_palloc(struct uk_alloc *a, unsigned long count)
{
	struct buddy *b = buddy_of(a);
	unsigned int wanted, order;
	__uptr page;

	if (!count || count > 1UL << ORDER_MAX)
		return NULL;
	wanted = order_for(count);
	for (order = wanted; order < ORDERS && !b->lists[order]; order++)
		;
	if (order == ORDERS)
		return NULL;
	page = (__uptr)b->lists[order];
	chunk_remove(b->lists[order]);
	while (order > wanted) {	/* no list below "order" had a chunk */
		order--;
		chunk_set(b, page + chunk_bytes(order), order);
	}
	pages_mark(region_of(b, page), page, wanted, true);
	b->free_pages -= 1UL << wanted;
	return (void *)page;
}

static bool buddy_is_free(const struct region *r, __uptr page,
			  unsigned int order)
{
	return !page_is_taken(r, page)
		&& ((struct chunk *)page)->order == order;
}

static void chunk_free(struct buddy *b, struct region *r, __uptr page,
		       unsigned int order)
{
	pages_mark(r, page, order, false);
	b->free_pages += 1UL << order;
	while (order < ORDER_MAX) {
		__uptr other = page ^ chunk_bytes(order);

		if (!buddy_is_free(r, other, order))
			break;
		chunk_remove((struct chunk *)other);
		page &= ~chunk_bytes(order);
		order++;
	}
	chunk_push(b, page, order);
}

/* Frees the largest aligned chunks that make up the range. */
static void range_free(struct buddy *b, struct region *r, __uptr page,
		       unsigned long count)
{
	while (count) {
		unsigned int order = ORDER_MAX;

		while (page % chunk_bytes(order) || 1UL << order > count)
			order--;
		chunk_free(b, r, page, order);
		page += chunk_bytes(order);
		count -= 1UL << order;
	}
}

static void buddy_pfree(struct uk_alloc *a, void *ptr, unsigned long count)
{
	struct buddy *b = buddy_of(a);

	if (!ptr || !count)
		return;
	chunk_free(b, region_of(b, (__uptr)ptr), (__uptr)ptr,
		   order_for(count));
}

static struct header *header_of(void *ptr)
{
	return (struct header *)((__uptr)ptr - HEADER_BYTES);
}

static __sz block_bytes(void *ptr)
{
	struct header *h = header_of(ptr);

	return (__uptr)h->pages + (h->page_count << __PAGE_SHIFT)
		- (__uptr)ptr;
}

/* align: a power of two of at least 32 */
static void *block_take(struct uk_alloc *a, __sz align, __sz size)
{
	unsigned long count;
	struct header *h;
	void *pages;
	__uptr block;

	if (size > __SSZ_MAX - align)
		return NULL;
	count = (size + align + __PAGE_SIZE - 1) >> __PAGE_SHIFT;
	pages = buddy_palloc(a, count);
	if (!pages)
		return NULL;
	block = ALIGN_UP((__uptr)pages + HEADER_BYTES, align);
	h = header_of((void *)block);
	h->pages = pages;
	h->page_count = count;
	return (void *)block;
}

static void *buddy_malloc(struct uk_alloc *a, __sz size)
{
	void *block = size ? block_take(a, HEADER_BYTES, size) : NULL;

	uk_alloc_stats_count_alloc(a, block, block ? block_bytes(block) : 0);
	return block;
}

static void buddy_free(struct uk_alloc *a, void *ptr)
{
	if (!ptr)
		return;
	uk_alloc_stats_count_free(a, ptr, block_bytes(ptr));
	buddy_pfree(a, header_of(ptr)->pages, header_of(ptr)->page_count);
}

static void *buddy_realloc(struct uk_alloc *a, void *ptr, __sz size)
{
	__sz old;
	void *block;

	if (!ptr)
		return buddy_malloc(a, size);
	if (!size) {
		buddy_free(a, ptr);
		return NULL;
	}
	old = block_bytes(ptr);
	if (size <= old && size + __PAGE_SIZE > old)
		return ptr;
	block = buddy_malloc(a, size);
	if (!block)
		return NULL;
	memcpy(block, ptr, MIN(size, old));
	buddy_free(a, ptr);
	return block;
}

static int buddy_posix_memalign(struct uk_alloc *a, void **memptr, __sz align,
				__sz size)
{
	if (!POWER_OF_2(align) || align % sizeof(void *))
		return EINVAL;
	*memptr = size ? block_take(a, MAX(align, HEADER_BYTES), size) : NULL;
	uk_alloc_stats_count_alloc(a, *memptr,
				   *memptr ? block_bytes(*memptr) : 0);
	return *memptr || !size ? 0 : ENOMEM;
}

static long buddy_pavailmem(struct uk_alloc *a)
{
	return (long)buddy_of(a)->free_pages;
}

static long buddy_pmaxalloc(struct uk_alloc *a)
{
	for (unsigned int order = ORDERS; order-- > 0;)
		if (buddy_of(a)->lists[order])
			return 1L << order;
	return 0;
}

static __ssz buddy_availmem(struct uk_alloc *a)
{
	return buddy_pavailmem(a) << __PAGE_SHIFT;
}

static __ssz buddy_maxalloc(struct uk_alloc *a)
{
	__ssz pages = buddy_pmaxalloc(a);

	return pages ? (pages << __PAGE_SHIFT) - (__ssz)HEADER_BYTES : 0;
}

static int buddy_addmem(struct uk_alloc *a, void *base, __sz size)
{
	struct buddy *b = buddy_of(a);
	__uptr start = ALIGN_UP((__uptr)base, sizeof(long));
	__uptr end = ALIGN_DOWN((__uptr)base + size, __PAGE_SIZE);
	struct region *r = (struct region *)start;
	unsigned long words;

	if (start + 2 * __PAGE_SIZE > end)
		return -ENOMEM;
	r->origin = ALIGN_DOWN(start, chunk_bytes(ORDER_MAX));
	r->end = end;
	words = (ALIGN_UP(end, chunk_bytes(ORDER_MAX)) - r->origin)
		>> __PAGE_SHIFT >> 6;
	r->first_page = ALIGN_UP((__uptr)&r->taken[words], __PAGE_SIZE);
	if (r->first_page >= end)
		return -ENOMEM;
	memset(r->taken, 0xff, words * sizeof(long));
	r->next = b->regions;
	b->regions = r;
	range_free(b, r, r->first_page,
		   (end - r->first_page) >> __PAGE_SHIFT);
	return 0;
}

struct uk_alloc *buddy_init(void *base, size_t bytes);
struct uk_alloc *buddy_init(void *base, size_t bytes)
{
	__uptr start = ALIGN_UP((__uptr)base, 16UL);
	struct buddy *b = (struct buddy *)start;
	__sz lost = start - (__uptr)base + sizeof(*b);

	if (bytes < lost + 2 * __PAGE_SIZE)
		return NULL;
	memset(b, 0, sizeof(*b));
	if (buddy_addmem(&b->a, b + 1, bytes - lost))
		return NULL;
	uk_alloc_init_malloc(&b->a, buddy_malloc, uk_calloc_compat,
			     buddy_realloc, buddy_free, buddy_posix_memalign,
			     uk_memalign_compat, buddy_maxalloc,
			     buddy_availmem, buddy_addmem);
	b->a.palloc = buddy_palloc;
	b->a.pfree = buddy_pfree;
	b->a.pavailmem = buddy_pavailmem;
	b->a.pmaxalloc = buddy_pmaxalloc;
	return &b->a;
}
