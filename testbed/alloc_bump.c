/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bump allocator: memory is handed out upwards and never taken back. It
 * bounds from below what any allocator can cost in instructions, and from
 * above what one can cost in memory.
 *
 * The size of a block stands in the 16 bytes before it, for realloc.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <uk/alloc_impl.h>

#define HEADER_BYTES 16UL

#define RANGES_MAX 16

struct range {
	__uptr at;
	__uptr end;
};

struct bump {
	struct range ranges[RANGES_MAX];
	unsigned int count;
	struct uk_alloc a;
};

static struct bump *bump_of(struct uk_alloc *a)
{
	return __containerof(a, struct bump, a);
}

/* A range too short for this request is kept for smaller ones. */
static void *bump_take(struct uk_alloc *a, __sz align, __sz size)
{
	struct bump *b = bump_of(a);

	for (unsigned int i = 0; i < b->count; i++) {
		struct range *r = &b->ranges[i];
		__uptr block = ALIGN_UP(r->at + HEADER_BYTES, align);

		if (block >= r->at && block <= r->end
		    && r->end - block >= size) {
			((__sz *)block)[-1] = size;
			r->at = block + size;
			return (void *)block;
		}
	}
	return NULL;
}

static void *bump_malloc(struct uk_alloc *a, __sz size)
{
	void *block = bump_take(a, HEADER_BYTES, size);

	uk_alloc_stats_count_alloc(a, block, size);
	return block;
}

static void bump_free(struct uk_alloc *a __unused, void *ptr __unused)
{
	uk_alloc_stats_count_free(a, ptr, ptr ? ((__sz *)ptr)[-1] : 0);
}

static void *bump_realloc(struct uk_alloc *a, void *ptr, __sz size)
{
	__sz old = ptr ? ((__sz *)ptr)[-1] : 0;
	void *block;

	if (ptr && !size) {
		bump_free(a, ptr);
		return NULL;
	}
	if (ptr && size <= old)
		return ptr;
	block = bump_malloc(a, size);
	if (block && ptr) {
		memcpy(block, ptr, old);
		bump_free(a, ptr);
	}
	return block;
}

static int bump_posix_memalign(struct uk_alloc *a, void **memptr, __sz align,
			       __sz size)
{
	if (!POWER_OF_2(align) || align % sizeof(void *))
		return EINVAL;
	*memptr = bump_take(a, MAX(align, HEADER_BYTES), size);
	uk_alloc_stats_count_alloc(a, *memptr, size);
	return *memptr ? 0 : ENOMEM;
}

static __ssz bump_availmem(struct uk_alloc *a)
{
	struct bump *b = bump_of(a);
	__sz sum = 0;

	for (unsigned int i = 0; i < b->count; i++)
		sum += b->ranges[i].end - b->ranges[i].at;
	return (__ssz)sum;
}

static __ssz bump_maxalloc(struct uk_alloc *a)
{
	struct bump *b = bump_of(a);
	__sz most = 0;

	for (unsigned int i = 0; i < b->count; i++) {
		__uptr block = ALIGN_UP(b->ranges[i].at + HEADER_BYTES,
					HEADER_BYTES);

		if (block < b->ranges[i].end)
			most = MAX(most, b->ranges[i].end - block);
	}
	return (__ssz)most;
}

/* Memory that follows the last range extends it. */
static int bump_addmem(struct uk_alloc *a, void *base, __sz size)
{
	struct bump *b = bump_of(a);
	struct range *last = &b->ranges[b->count - 1];

	if (b->count && last->end == (__uptr)base) {
		last->end += size;
		return 0;
	}
	if (b->count == RANGES_MAX)
		return -ENOMEM;
	b->ranges[b->count].at = (__uptr)base;
	b->ranges[b->count].end = (__uptr)base + size;
	b->count++;
	return 0;
}

struct uk_alloc *bump_init(void *base, size_t bytes);
struct uk_alloc *bump_init(void *base, size_t bytes)
{
	__uptr start = ALIGN_UP((__uptr)base, 16UL);
	struct bump *b = (struct bump *)start;
	__sz lost = start - (__uptr)base + sizeof(*b);

	if (bytes < lost)
		return NULL;
	memset(b, 0, sizeof(*b));
	bump_addmem(&b->a, b + 1, bytes - lost);
	uk_alloc_init_malloc(&b->a, bump_malloc, uk_calloc_compat,
			     bump_realloc, bump_free, bump_posix_memalign,
			     uk_memalign_compat, bump_maxalloc,
			     bump_availmem, bump_addmem);
	return &b->a;
}
