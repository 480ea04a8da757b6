/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two-level segregated fit, as a mark to compare with: written from Masmano,
 * Ripoll, Crespo, Real, TLSF: a New Dynamic Memory Allocator for Real-Time
 * Systems (ECRTS 2004), and from no other implementation.
 *
 * Free blocks of similar sizes are on one list. The first level divides sizes
 * by powers of two, the second each of these into 32 equal parts; up to 512
 * bytes each multiple of 16 has a list of its own. A bit for each list tells
 * whether it holds a block, so two searches for a bit find the first list that
 * serves a request. The request is rounded up to the least size of a list, of
 * which then any block fits: no list is searched, and up to a 32nd part of the
 * largest block is out of reach.
 *
 * A header has the block before it in memory, so what is freed is joined with
 * both of its neighbours at once. A region ends with a taken block of 0 bytes.
 *
 *   +------+------+-----------+------+------+-----------------+------+------+
 *   | NULL | size | block ... | prev | size | next, back, ... | prev | 0    |
 *   +------+------+-----------+------+------+-----------------+------+------+
 *     taken                     free                            the end
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <uk/alloc_impl.h>

#define GRAIN 16UL			/* sizes and addresses are multiples */
#define GRAIN_LOG2 4
#define SECOND_LOG2 5
#define SECOND (1U << SECOND_LOG2)
#define SMALL (GRAIN * SECOND)		/* below: a list for each size */
#define FIRST 25			/* levels, up to 8 GiB */
#define LISTS (FIRST * SECOND)
#define SIZE_MAX_BYTES (SMALL << (FIRST - 2))
#define FREE 1UL			/* in a size */
#define HEADER_BYTES __builtin_offsetof(struct block, next)

struct block {
	struct block *before;		/* in memory; NULL: the first */
	__sz size;			/* without the header, and the flag */
	struct block *next, *back;	/* of a free block, on its list */
};

struct tlsf {
	__u32 first;			/* levels that have a block */
	__u32 second[FIRST];		/* lists of each that have one */
	struct block *lists[LISTS];
	struct block *end;		/* of the region added last */
	__sz total_bytes, used_bytes;	/* with headers */
	struct uk_alloc a;
};

static struct tlsf *tlsf_of(struct uk_alloc *a)
{
	return __containerof(a, struct tlsf, a);
}

static struct block *block_of(void *ptr)
{
	return (struct block *)((__uptr)ptr - HEADER_BYTES);
}

static void *memory_of(struct block *b)
{
	return (void *)((__uptr)b + HEADER_BYTES);
}

static __sz size_of(const struct block *b)
{
	return b->size & ~FREE;
}

static struct block *after(struct block *b)
{
	return (struct block *)((__uptr)b + HEADER_BYTES + size_of(b));
}

/* How wide the list is on which a free block of that size is */
static unsigned int width_log2(__sz size)
{
	return 63U - (unsigned int)__builtin_clzl(size | SMALL) - SECOND_LOG2;
}

static unsigned int list_of(__sz size)
{
	unsigned int width = width_log2(size);

	return (width - GRAIN_LOG2) * SECOND + (unsigned int)(size >> width);
}

/* Up to the least size of a list */
static __sz round_to_list(__sz size)
{
	return ALIGN_UP(size, 1UL << width_log2(size));
}

static void block_insert(struct tlsf *t, struct block *b, __sz size)
{
	unsigned int list = list_of(size);

	b->size = size | FREE;
	b->next = t->lists[list];
	b->back = NULL;
	if (b->next)
		b->next->back = b;
	t->lists[list] = b;
	t->first |= 1U << list / SECOND;
	t->second[list / SECOND] |= 1U << list % SECOND;
}

/* Takes the first block off a list, and gives it. */
static struct block *list_pop(struct tlsf *t, unsigned int list)
{
	struct block *b = t->lists[list];

	t->lists[list] = b->next;
	if (b->next) {
		b->next->back = NULL;
		return b;
	}
	t->second[list / SECOND] &= ~(1U << list % SECOND);
	if (!t->second[list / SECOND])
		t->first &= ~(1U << list / SECOND);
	return b;
}

static void block_remove(struct tlsf *t, struct block *b)
{
	if (!b->back) {
		list_pop(t, list_of(size_of(b)));
		return;
	}
	b->back->next = b->next;
	if (b->next)
		b->next->back = b->back;
}

/* The first list from there on that has a block; LISTS: all are empty */
static unsigned int list_find(const struct tlsf *t, unsigned int list)
{
	unsigned int level = list / SECOND;
	__u32 found = t->second[level] & ~0U << list % SECOND;
	__u32 levels;

	if (!found) {
		levels = t->first & ~1U << level;
		if (!levels)
			return LISTS;
		level = (unsigned int)__builtin_ctz(levels);
		found = t->second[level];
	}
	return level * SECOND + (unsigned int)__builtin_ctz(found);
}

/* Frees what a taken block has beyond that size. What follows is not free. */
static void block_cut(struct tlsf *t, struct block *b, __sz size)
{
	__sz rest = b->size - size;
	struct block *other = (void *)((__uptr)memory_of(b) + size);

	if (rest < sizeof(struct block))
		return;
	b->size = size;
	other->before = b;
	block_insert(t, other, rest - HEADER_BYTES);
	after(other)->before = other;
}

/* A taken block gets the free one behind it. */
static void block_join_next(struct tlsf *t, struct block *b)
{
	struct block *other = after(b);

	block_remove(t, other);
	b->size += HEADER_BYTES + size_of(other);
	after(b)->before = b;
}

/* 0: too large */
static __sz size_for(__sz request)
{
	if (request > SIZE_MAX_BYTES)
		return 0;
	return request ? ALIGN_UP(request, GRAIN) : GRAIN;
}

/* Takes a block of that size at least off its list. */
static struct block *block_take(struct tlsf *t, __sz size)
{
	unsigned int list = list_find(t, list_of(round_to_list(size)));
	struct block *b;

	if (list == LISTS)
		return NULL;
	b = list_pop(t, list);
	b->size = size_of(b);
	return b;
}

static void block_free(struct tlsf *t, struct block *b)
{
	struct block *before = b->before;

	if (after(b)->size & FREE)
		block_join_next(t, b);
	if (before && before->size & FREE) {
		block_remove(t, before);
		before->size = size_of(before) + HEADER_BYTES + b->size;
		after(before)->before = before;
		b = before;
	}
	block_insert(t, b, b->size);
}

static void *block_give(struct uk_alloc *a, struct block *b, __sz size)
{
	block_cut(tlsf_of(a), b, size);
	tlsf_of(a)->used_bytes += HEADER_BYTES + b->size;
	uk_alloc_stats_count_alloc(a, memory_of(b), b->size);
	return memory_of(b);
}

static void *tlsf_malloc(struct uk_alloc *a, __sz request)
{
	__sz size = size_for(request);
	struct block *b = size ? block_take(tlsf_of(a), size) : NULL;

	if (!b) {
		uk_alloc_stats_count_enomem(a, request);
		return NULL;
	}
	return block_give(a, b, size);
}

static void tlsf_free(struct uk_alloc *a, void *ptr)
{
	struct block *b = block_of(ptr);

	if (!ptr)
		return;
	uk_alloc_stats_count_free(a, ptr, b->size);
	tlsf_of(a)->used_bytes -= HEADER_BYTES + b->size;
	block_free(tlsf_of(a), b);
}

/* Where it stands; false: what is free behind it is not enough. */
static bool block_resize(struct tlsf *t, struct block *b, __sz size)
{
	struct block *next = after(b);
	__sz old = b->size, most = old;

	if (next->size & FREE)
		most += HEADER_BYTES + size_of(next);
	if (!size || size > most)
		return false;
	if (most > old)
		block_join_next(t, b);
	block_cut(t, b, size);
	t->used_bytes += b->size - old;
	return true;
}

static void *tlsf_realloc(struct uk_alloc *a, void *ptr, __sz request)
{
	__sz size = size_for(request), old;
	void *block;

	if (!ptr)
		return tlsf_malloc(a, request);
	if (!request) {
		tlsf_free(a, ptr);
		return NULL;
	}
	old = block_of(ptr)->size;
	if (block_resize(tlsf_of(a), block_of(ptr), size)) {
		uk_alloc_stats_count_free(a, ptr, old);
		uk_alloc_stats_count_alloc(a, ptr, block_of(ptr)->size);
		return ptr;
	}
	block = tlsf_malloc(a, request);
	if (!block)
		return NULL;
	memcpy(block, ptr, MIN(request, old));
	tlsf_free(a, ptr);
	return block;
}

/* What is in front of the aligned address becomes a free block. */
static struct block *block_align(struct tlsf *t, struct block *b, __sz align)
{
	__uptr memory = (__uptr)memory_of(b);
	__sz front = ALIGN_UP(memory, align) - memory;
	struct block *aligned;

	if (!front)
		return b;
	if (front < sizeof(struct block))
		front += align;
	aligned = block_of((void *)(memory + front));
	aligned->before = b;
	aligned->size = b->size - front;
	after(aligned)->before = aligned;
	block_insert(t, b, front - HEADER_BYTES);
	return aligned;
}

static int tlsf_posix_memalign(struct uk_alloc *a, void **memptr, __sz align,
			       __sz request)
{
	__sz size = size_for(request), extra;
	struct tlsf *t = tlsf_of(a);
	struct block *b = NULL;

	if (!POWER_OF_2(align) || align % sizeof(void *))
		return EINVAL;
	extra = align > GRAIN ? align + sizeof(struct block) : 0;
	if (size && extra <= SIZE_MAX_BYTES - size)
		b = block_take(t, size + extra);
	*memptr = NULL;
	if (!b) {
		uk_alloc_stats_count_enomem(a, request);
		return ENOMEM;
	}
	if (extra)
		b = block_align(t, b, align);
	*memptr = block_give(a, b, size);
	return 0;
}

static __ssz tlsf_availmem(struct uk_alloc *a)
{
	return (__ssz)(tlsf_of(a)->total_bytes - tlsf_of(a)->used_bytes);
}

/* The least size of the highest list that has a block */
static __ssz tlsf_maxalloc(struct uk_alloc *a)
{
	struct tlsf *t = tlsf_of(a);
	unsigned int level, list;

	if (!t->first)
		return 0;
	level = 31U - (unsigned int)__builtin_clz(t->first);
	list = 31U - (unsigned int)__builtin_clz(t->second[level]);
	return level ? (__ssz)(SECOND + list) << (level - 1 + GRAIN_LOG2)
		: (__ssz)list << GRAIN_LOG2;
}

/* As aligned blocks, which are looked for with room to align them */
static long tlsf_pmaxalloc(struct uk_alloc *a)
{
	__ssz rest = tlsf_maxalloc(a) - (__ssz)sizeof(struct block);

	return rest < (__ssz)__PAGE_SIZE ? 0 : (rest >> __PAGE_SHIFT) - 1;
}

/* Memory that follows the region added last makes that longer. */
static int tlsf_addmem(struct uk_alloc *a, void *base, __sz bytes)
{
	struct tlsf *t = tlsf_of(a);
	__uptr start = ALIGN_UP((__uptr)base, GRAIN);
	__uptr limit = ALIGN_DOWN((__uptr)base + bytes, GRAIN);
	struct block *b = (struct block *)start;

	if (t->end && (__uptr)t->end + HEADER_BYTES == start)
		b = t->end;
	if (limit < (__uptr)b + sizeof(struct block) + HEADER_BYTES
	    || limit - (__uptr)b > SIZE_MAX_BYTES)
		return -ENOMEM;
	if (b != t->end)
		b->before = NULL;
	b->size = limit - (__uptr)b - 2 * HEADER_BYTES;
	t->total_bytes += HEADER_BYTES + b->size;
	t->end = after(b);
	t->end->before = b;
	t->end->size = 0;
	block_free(t, b);
	return 0;
}

struct uk_alloc *tlsf_init(void *base, size_t bytes);
struct uk_alloc *tlsf_init(void *base, size_t bytes)
{
	__uptr start = ALIGN_UP((__uptr)base, GRAIN);
	struct tlsf *t = (struct tlsf *)start;
	__sz lost = start - (__uptr)base + sizeof(*t);

	if (bytes < lost)
		return NULL;
	memset(t, 0, sizeof(*t));
	if (tlsf_addmem(&t->a, t + 1, bytes - lost))
		return NULL;
	uk_alloc_init_malloc(&t->a, tlsf_malloc, uk_calloc_compat,
			     tlsf_realloc, tlsf_free, tlsf_posix_memalign,
			     uk_memalign_compat, tlsf_maxalloc,
			     tlsf_availmem, tlsf_addmem);
	t->a.pmaxalloc = tlsf_pmaxalloc;
	return &t->a;
}
