/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * malloc, calloc, realloc, posix_memalign, memalign, free.
 */
#include <errno.h>
#include <string.h>
#include <uk/alloc_impl.h>
#include <uk/plat/lcpu.h>

#include "check.h"

#define SIZE_TOO_LARGE ((size_t)1 << 62)

static const size_t sizes[] = {
	1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 63, 64, 100, 127, 128, 200,
	255, 256, 500, 512, 1000, 1023, 1024, 1025, 2000, 4095, 4096, 4097,
	5000, 8192, 10000, 16384, 32768, 65535, 65536, 65537, 70000, 131072,
	200000, 262144
};

#define SIZES (sizeof(sizes) / sizeof(*sizes))

static void table_is_complete(struct uk_alloc *a)
{
	CHECK(a && a == uk_alloc_get_default());
	CHECK(a->malloc && a->calloc && a->realloc && a->posix_memalign);
	CHECK(a->memalign && a->free && a->palloc && a->pfree);
	CHECK(a->maxalloc && a->availmem && a->pmaxalloc && a->pavailmem);
	CHECK(a->addmem);
}

static void malloc_gives_own_blocks(struct uk_alloc *a)
{
	void *blocks[SIZES];

	for (size_t i = 0; i < SIZES; i++) {
		blocks[i] = uk_malloc(a, sizes[i]);
		CHECK(blocks[i]);
		CHECK((uintptr_t)blocks[i] % (sizes[i] <= 8 ? 8 : 16) == 0);
		pattern_write(blocks[i], sizes[i], i + 1);
	}
	for (size_t i = 0; i < SIZES; i++) {
		CHECK(pattern_holds(blocks[i], sizes[i], i + 1));
		uk_free(a, blocks[i]);
	}
}

static void malloc_of_nothing(struct uk_alloc *a)
{
	void *one = uk_malloc(a, 0);
	void *other = uk_malloc(a, 0);

	if (!suite_lacks(LACKS_EMPTY, "malloc(0) gives a unique block")) {
		CHECK(one && other);
		CHECK(one != other);
	}
	uk_free(a, one);
	uk_free(a, other);
	uk_free(a, NULL);
}

static void malloc_refuses_the_impossible(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	void *block = NULL;

	errno = 0;
	CHECK(!uk_malloc(a, SIZE_TOO_LARGE));
	if (!suite_lacks(LACKS_ERRNO, "errno is ENOMEM after malloc"))
		CHECK(errno == ENOMEM);
	CHECK(!uk_malloc(a, SIZE_MAX));
	CHECK(!uk_malloc(a, SIZE_MAX - 31));
	CHECK(!uk_malloc(a, (size_t)PTRDIFF_MAX + 1));
	CHECK(!uk_malloc(a, (size_t)uk_alloc_availmem(a) + 1));
	CHECK(!uk_calloc(a, SIZE_MAX / 2, 3));
	CHECK(!uk_calloc(a, 3, SIZE_MAX / 2));
	CHECK(!uk_calloc(a, 1UL << 32, 1UL << 32));
	CHECK(!uk_realloc(a, NULL, SIZE_MAX));
	CHECK(uk_posix_memalign(a, &block, 64, SIZE_MAX) == ENOMEM);
	CHECK(uk_posix_memalign(a, &block, 1UL << 62, 1) == ENOMEM);
	CHECK(!uk_memalign(a, 64, SIZE_MAX));
	CHECK(!uk_memalign(a, 1UL << 63, 1UL << 63));
	CHECK(suite_is_back(a, before));
}

static bool is_zero(const void *block, size_t bytes)
{
	const unsigned char *at = block;

	for (size_t i = 0; i < bytes; i++)
		if (at[i])
			return false;
	return true;
}

static void calloc_gives_zeros(struct uk_alloc *a)
{
	for (size_t i = 0; i < SIZES; i++) {
		void *dirty = uk_malloc(a, sizes[i]);
		void *clean;

		CHECK(dirty);
		memset(dirty, 0xff, sizes[i]);
		uk_free(a, dirty);
		clean = uk_calloc(a, sizes[i], 1);
		CHECK(clean && is_zero(clean, sizes[i]));
		uk_free(a, clean);
		clean = uk_calloc(a, 3, sizes[i]);
		CHECK(clean && is_zero(clean, 3 * sizes[i]));
		uk_free(a, clean);
	}
	uk_free(a, uk_calloc(a, 0, 16));	/* neither may trap */
	uk_free(a, uk_calloc(a, 16, 0));
}

static void realloc_keeps_content(struct uk_alloc *a)
{
	for (size_t i = 0; i < SIZES; i++) {
		for (size_t j = 0; j < SIZES; j++) {
			size_t kept = MIN(sizes[i], sizes[j]);
			void *block = uk_realloc(a, NULL, sizes[i]);

			CHECK(block);
			pattern_write(block, sizes[i], 7);
			block = uk_realloc(a, block, sizes[j]);
			CHECK(block);
			CHECK(pattern_holds(block, ALIGN_DOWN(kept, 8UL), 7));
			pattern_write(block, sizes[j], 8);
			CHECK(pattern_holds(block, sizes[j], 8));
			uk_free(a, block);
		}
		if (suite_lacks(LACKS_FREE, "every pair of sizes"))
			return;
	}
}

static void realloc_frees_and_refuses(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	void *block = uk_malloc(a, 1000);

	CHECK(block);
	pattern_write(block, 1000, 3);
	CHECK(!uk_realloc(a, block, SIZE_TOO_LARGE));
	CHECK(pattern_holds(block, 1000, 3));
	CHECK(!uk_realloc(a, block, 0));
	if (!suite_lacks(LACKS_FREE, "realloc(block, 0) frees"))
		CHECK(suite_is_back(a, before));
}

static void posix_memalign_aligns(struct uk_alloc *a)
{
	static const size_t wrong[] = { 0, 1, 2, 3, 4, 7, 12, 24, 48, 4097 };
	void *block;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		CHECK(uk_posix_memalign(a, &block, wrong[i], 64) == EINVAL);
	for (size_t align = 8; align <= MIB; align *= 2) {
		for (size_t i = 0; i < SIZES; i += 3) {
			block = NULL;
			CHECK(!uk_posix_memalign(a, &block, align, sizes[i]));
			CHECK(block && (uintptr_t)block % align == 0);
			pattern_write(block, sizes[i], align);
			CHECK(pattern_holds(block, sizes[i], align));
			uk_free(a, block);
		}
		if (suite_lacks(LACKS_FREE, "large alignments"))
			return;
	}
}

static void memalign_aligns(struct uk_alloc *a)
{
	for (size_t align = 1; align <= 64 * KIB; align *= 2) {
		void *block = uk_memalign(a, align, 100);
		void *grown;

		CHECK(block && (uintptr_t)block % align == 0);
		pattern_write(block, 100, align);
		grown = uk_realloc(a, block, 3000);
		CHECK(grown && pattern_holds(grown, 96, align));
		uk_free(a, grown);
	}
}

static void free_works_with_interrupts_off(struct uk_alloc *a)
{
	void *small = uk_malloc(a, 48);
	void *large = uk_malloc(a, 300000);
	unsigned long flags;
	int still_off;

	CHECK(small && large);
	flags = ukplat_lcpu_save_irqf();
	uk_free(a, small);
	uk_free(a, large);
	still_off = ukplat_lcpu_irqs_disabled();
	ukplat_lcpu_restore_irqf(flags);
	CHECK(still_off);
	CHECK(!ukplat_lcpu_irqs_disabled());
}

#if CONFIG_LIBUKALLOC_IFSTATS
static void statistics_count(struct uk_alloc *a)
{
	struct uk_alloc_stats before, during, after;
	void *block;

	uk_alloc_stats_get(a, &before);
	block = uk_malloc(a, 1000);
	uk_alloc_stats_get(a, &during);
	uk_free(a, block);
	CHECK(!uk_malloc(a, SIZE_TOO_LARGE));
	uk_alloc_stats_get(a, &after);
	CHECK(during.cur_nb_allocs == before.cur_nb_allocs + 1);
	CHECK(during.tot_nb_allocs == before.tot_nb_allocs + 1);
	CHECK(during.cur_mem_use >= before.cur_mem_use + 1000);
	CHECK(after.cur_nb_allocs == before.cur_nb_allocs);
	CHECK(after.tot_nb_frees == before.tot_nb_frees + 1);
	CHECK(after.cur_mem_use == before.cur_mem_use);
	CHECK(after.nb_enomem == before.nb_enomem + 1);
}
#else
static void statistics_count(struct uk_alloc *a __unused)
{
}
#endif

void suite_verbs(struct uk_alloc *a)
{
	table_is_complete(a);
	malloc_gives_own_blocks(a);
	malloc_of_nothing(a);
	malloc_refuses_the_impossible(a);
	calloc_gives_zeros(a);
	realloc_keeps_content(a);
	realloc_frees_and_refuses(a);
	posix_memalign_aligns(a);
	memalign_aligns(a);
	free_works_with_interrupts_off(a);
	statistics_count(a);
}
