/* SPDX-License-Identifier: BSD-3-Clause */
/* The mi_* functions on the first allocator, and before there is one. */
#include "test_pool.h"

#if CONFIG_LIBMIMALLOC_API

#include <mimalloc.h>
#include <uk/ctors.h>

#define POOL_BYTES	(64 * KIB)

/* Where the compiler does not see it */
static volatile size_t too_large = (size_t)1 << 63, no_alignment = 3;

static char memory[POOL_BYTES] __align(4096);
static char handed_over[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;
static mi_arena_id_t arena;

/* ---- before the first uk_mimalloc_init() ---- */

static unsigned int wrong_early;
static bool early_done;

static unsigned int wrong_early_blocks(void)
{
	void *p = (void *)&early_done;
	unsigned int wrong = 0;

	wrong += mi_malloc(10) != NULL;
	wrong += mi_malloc_small(10) != NULL;
	wrong += mi_malloc(50000) != NULL;
	wrong += mi_zalloc(10) != NULL;
	wrong += mi_zalloc_small(10) != NULL;
	wrong += mi_calloc(2, 3000) != NULL;
	wrong += mi_realloc(NULL, 10) != NULL;
	wrong += mi_rezalloc(NULL, 10) != NULL;
	wrong += mi_malloc_aligned(10, 64) != NULL;
	wrong += mi_zalloc_aligned_at(10, 64, 8) != NULL;
	wrong += mi_posix_memalign(&p, 64, 10) != ENOMEM;
	wrong += p != (void *)&early_done;
	wrong += mi_strdup("text") != NULL;
	wrong += mi_new_nothrow(10) != NULL;
	wrong += mi_expand(NULL, 10) != NULL;
	wrong += mi_usable_size(NULL) != 0;
	wrong += mi_is_in_heap_region(p);
	wrong += mi_any_heap_contains(p);
	mi_free(NULL);
	mi_cfree(p);
	return wrong;
}

static unsigned int wrong_early_rest(void)
{
	size_t msecs = 1;
	unsigned int wrong = 0;

	wrong += mi_heap_new() != NULL;
	wrong += mi_heap_get_default() != NULL;
	wrong += mi_heap_get_backing() != NULL;
	wrong += mi_heap_main() != NULL;
	wrong += mi_heap_set_default(NULL) != NULL;
	wrong += mi_check_owned(&msecs);
	wrong += mi_manage_os_memory(handed_over, POOL_BYTES, true, false,
				     true, -1);
	wrong += mi_arena_area(1, &msecs) != NULL || msecs != 0;
	wrong += mi_reserve_os_memory(POOL_BYTES, true, false) != ENOMEM;
	mi_option_set(mi_option_show_errors, 1);
	wrong += mi_option_get(mi_option_show_errors) != 0;
	mi_heap_delete(NULL);
	mi_heap_collect(NULL, true);
	mi_collect(true);
	mi_stats_reset();
	mi_thread_init();
	mi_thread_done();
	mi_process_init();
	return wrong;
}

static void early(void)
{
	wrong_early = wrong_early_blocks() + wrong_early_rest();
	early_done = true;
}

UK_CTOR(early);

UK_TESTCASE(mimalloc_interface, test_before_init)
{
#if CONFIG_LIBUKBOOT_INITMIMALLOC
	UK_TEST_EXPECT(early_done);
	UK_TEST_EXPECT_ZERO(wrong_early);
	/* and the first allocator was made nevertheless */
	UK_TEST_EXPECT_NOT_NULL(mi_heap_main());
#else
	uk_test_printf("skipped: the first allocator is one of the tests'\n");
#endif
}

/* ---- afterwards ---- */

static int interface_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	if (!pool || !mi_manage_os_memory_ex(handed_over, POOL_BYTES, true,
					     false, true, -1, true, &arena))
		return -ENOMEM;
	/* a thread that has a heap has it before anything is compared */
	mi_thread_init();
	return 0;
}

static __ssz available(void)
{
	mi_collect(true);
#if CONFIG_LIBUKBOOT_INITMIMALLOC
	return uk_alloc_availmem(uk_alloc_get_default());
#else
	return 0;
#endif
}

/* What it holds, and whether it could be written to */
static bool is_block(void *p, size_t size)
{
	if (!p || mi_usable_size(p) < size || !is_aligned(p, BLOCK_ALIGN))
		return false;
	content_write(p, size, 5);
	return content_holds(p, size, 5) && mi_check_owned(p);
}

static unsigned int wrong_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 16, 17, 1000, 1024, 1025, 4096,
					32768, 32769, 100000 };
	unsigned int i, wrong = 0;
	void *p, *zeros;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = mi_malloc(sizes[i]);
		wrong += !is_block(p, sizes[i]);
		wrong += mi_good_size(sizes[i]) != mi_usable_size(p);
		mi_free(p);
		zeros = mi_zalloc(sizes[i]);
		wrong += !zeros || !is_zero(zeros, mi_usable_size(zeros));
		mi_free(zeros);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_interface, test_malloc_and_free)
{
	__ssz before = available();

	UK_TEST_EXPECT_ZERO(wrong_sizes());
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

UK_TESTCASE(mimalloc_interface, test_realloc)
{
	__ssz before = available();
	char *p = mi_malloc(100);

	content_write(p, 100, 1);
	p = mi_realloc(p, 5000);
	UK_TEST_EXPECT(p && content_holds(p, 100, 1));
	p = mi_realloc(p, 100000);
	UK_TEST_EXPECT(p && content_holds(p, 100, 1));
	UK_TEST_EXPECT(mi_expand(p, mi_usable_size(p)) == p);
	p = mi_reallocf(p, 50);
	UK_TEST_EXPECT(p && content_holds(p, 50, 1));
	p = mi_realloc(p, 0);
	UK_TEST_EXPECT_NOT_NULL(p);
	UK_TEST_EXPECT_NULL(mi_reallocf(p, too_large));
	p = mi_calloc(10, 10);
	UK_TEST_EXPECT(p && is_zero(p, 100));
	p = mi_recalloc(p, 10, 100);
	UK_TEST_EXPECT(p && is_zero(p, 1000));
	UK_TEST_EXPECT_ZERO(mi_reallocarr(&p, 20, 100));
	UK_TEST_EXPECT(mi_usable_size(p) >= 2000);
	mi_free_size(p, 2000);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

static unsigned int wrong_alignments(void)
{
	unsigned int wrong = 0;
	size_t align;
	char *p;

	for (align = 1; align <= 64 * KIB; align *= 2) {
		p = mi_malloc_aligned(100, align);
		wrong += !is_block(p, 100) || !is_aligned(p, align);
		p = mi_realloc_aligned(p, 3000, align);
		wrong += !is_block(p, 3000) || !is_aligned(p, align);
		mi_free_aligned(p, align);
		p = mi_zalloc_aligned_at(100, align, 24);
		wrong += !p || !is_zero(p, 100) || !is_aligned(p + 24, align);
		mi_free(p);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_interface, test_aligned)
{
	__ssz before = available();
	void *p = NULL;

	UK_TEST_EXPECT_ZERO(wrong_alignments());
	UK_TEST_EXPECT_SNUM_EQ(mi_posix_memalign(&p, no_alignment, 10), EINVAL);
	UK_TEST_EXPECT_NULL(p);
	UK_TEST_EXPECT_ZERO(mi_posix_memalign(&p, 256, 10));
	UK_TEST_EXPECT(is_aligned(p, 256));
	mi_free(p);
	p = mi_pvalloc(10);
	UK_TEST_EXPECT(is_aligned(p, PAGE_BYTES));
	mi_free(p);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

UK_TESTCASE(mimalloc_interface, test_refused)
{
	__ssz before = available();

	UK_TEST_EXPECT(IS_REFUSED(mi_malloc(too_large)));
	UK_TEST_EXPECT(IS_REFUSED(mi_malloc((size_t)1 << 50)));
	UK_TEST_EXPECT(IS_REFUSED(mi_calloc(too_large, 2)));
	UK_TEST_EXPECT(IS_REFUSED(mi_malloc_aligned(too_large, 64)));
	UK_TEST_EXPECT_NULL(mi_new_nothrow((size_t)1 << 50));
	errno = 0;
	UK_TEST_EXPECT_NULL(mi_malloc_aligned(10, no_alignment));
	UK_TEST_EXPECT_SNUM_EQ(errno, EINVAL);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

static bool is_text(char *copy, const char *text)
{
	bool same = copy && !strcmp(copy, text);

	mi_free(copy);
	return same;
}

UK_TESTCASE(mimalloc_interface, test_texts)
{
	static const unsigned short wide[] = { 'a', 'b', 0 };
	__ssz before = available();
	unsigned short *copy = mi_wcsdup(wide);
	size_t size = 1;
	char *value;

	UK_TEST_EXPECT(is_text(mi_strdup("mimalloc"), "mimalloc"));
	UK_TEST_EXPECT(is_text(mi_strndup("mimalloc", 2), "mi"));
	UK_TEST_EXPECT(copy && !memcmp(copy, wide, sizeof(wide)));
	mi_free(copy);
	/* no such variable, or no environment at all */
	UK_TEST_EXPECT_ZERO(mi_dupenv_s(&value, &size, "NO_SUCH_VARIABLE"));
	UK_TEST_EXPECT_NULL(value);
	UK_TEST_EXPECT_ZERO(size);
	UK_TEST_EXPECT_SNUM_EQ(mi_wdupenv_s(&copy, &size, wide), EINVAL);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

/* Blocks of the same allocator: it does not matter who takes and who frees */
UK_TESTCASE(mimalloc_interface, test_with_the_table)
{
#if CONFIG_LIBUKBOOT_INITMIMALLOC && !CONFIG_LIBUKALLOC_IFSTATS
	struct uk_alloc *a = uk_alloc_get_default();
	__ssz before = available();
	void *p = mi_malloc(100), *q = uk_malloc(a, 50000);

	UK_TEST_EXPECT(mi_usable_size(q) >= 50000);
	mi_free(q);
	uk_free(a, p);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
#elif CONFIG_LIBUKALLOC_IFSTATS && CONFIG_LIBUKBOOT_INITMIMALLOC
	struct uk_alloc *a = uk_alloc_get_default();
	struct uk_alloc_stats counted, now;

	/* what comes and goes by these names is not counted there */
	uk_alloc_stats_get(a, &counted);
	mi_free(mi_malloc(100));
	uk_alloc_stats_get(a, &now);
	UK_TEST_EXPECT_SNUM_EQ(now.tot_nb_allocs, counted.tot_nb_allocs);
	UK_TEST_EXPECT_SNUM_EQ(now.tot_nb_frees, counted.tot_nb_frees);
#else
	uk_test_printf("skipped: the default allocator is not this one\n");
#endif
}

/* Another allocator's blocks are foreign */
UK_TESTCASE(mimalloc_interface, test_other_allocators)
{
	__ssz before = uk_alloc_availmem(pool);
	void *p = uk_malloc(pool, 100);

	UK_TEST_EXPECT(!mi_is_in_heap_region(p));
	UK_TEST_EXPECT(!mi_any_heap_contains(p));
	UK_TEST_EXPECT_NULL(mi_heap_of(p));
	UK_TEST_EXPECT(!mi_check_owned(p));
	mi_cfree(p);	/* ignores it */
	UK_TEST_EXPECT(uk_alloc_availmem(pool) < before);
	uk_free(pool, p);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

UK_TESTCASE(mimalloc_interface, test_arena)
{
	mi_heap_t *heap = mi_heap_new_in_arena(arena);
	size_t bytes;
	void *p;

	UK_TEST_EXPECT(mi_arena_area(arena, &bytes) == handed_over);
	UK_TEST_EXPECT_SNUM_EQ(bytes, POOL_BYTES);
	UK_TEST_EXPECT_NOT_NULL(heap);
	if (!heap)
		return;
	p = mi_heap_malloc(heap, 1000);
	UK_TEST_EXPECT(is_within(p, 1000, handed_over, POOL_BYTES));
	UK_TEST_EXPECT(mi_arena_contains(arena, p));
	UK_TEST_EXPECT(IS_REFUSED(mi_heap_malloc(heap, POOL_BYTES)));
	mi_heap_destroy(heap);
	p = mi_malloc(1000);
	UK_TEST_EXPECT(!mi_arena_contains(arena, p));
	mi_free(p);
	/* there is no system to ask */
	UK_TEST_EXPECT_SNUM_EQ(mi_reserve_os_memory(POOL_BYTES, true, false),
			       ENOMEM);
	UK_TEST_EXPECT_SNUM_EQ(mi_reserve_huge_os_pages(1, 0, &bytes), ENOMEM);
	UK_TEST_EXPECT_ZERO(bytes);
}

UK_TESTCASE(mimalloc_interface, test_options)
{
	long delay = mi_option_get(mi_option_purge_delay);

	UK_TEST_EXPECT_SNUM_EQ(mi_option_get(mi_option_disallow_os_alloc), 1);
	UK_TEST_EXPECT_ZERO(mi_option_get_size(mi_option_arena_reserve));
	UK_TEST_EXPECT_ZERO(mi_option_get(mi_option_show_stats));
	UK_TEST_EXPECT_ZERO(mi_option_get(mi_option_reserve_os_memory));
	mi_option_set(mi_option_max_errors, 7);
	UK_TEST_EXPECT_SNUM_EQ(mi_option_get(mi_option_max_errors), 7);
	mi_option_set(mi_option_max_errors, 32);
	/* they have an allocator still that is as it was */
	mi_option_set(mi_option_purge_delay, 0);
	UK_TEST_EXPECT_ZERO(wrong_sizes());
	mi_option_set(mi_option_purge_delay, delay);
	UK_TEST_EXPECT_ZERO(wrong_sizes());
	UK_TEST_EXPECT_SNUM_EQ(mi_version(), MI_MALLOC_VERSION);
	UK_TEST_EXPECT(!mi_is_redirected());
}

static unsigned int lines;

static void count_line(const char *text, void *arg)
{
	*(unsigned int *)arg += strchr(text, '\n') != NULL;
}

UK_TESTCASE(mimalloc_interface, test_figures)
{
	size_t resident, peak, commit, faults = 1;

	lines = 0;
	mi_stats_print_out(count_line, &lines);
	UK_TEST_EXPECT(lines >= 9);
	lines = 0;
	mi_options_print_out(count_line, &lines);
	UK_TEST_EXPECT(lines >= 29);
	lines = 0;
	mi_thread_stats_print_out(count_line, &lines);
	UK_TEST_EXPECT(lines >= 1);
	mi_stats_reset();
	mi_process_info(NULL, NULL, NULL, &resident, &peak, &commit, NULL,
			&faults);
	UK_TEST_EXPECT(resident > 0 && resident == commit && peak >= resident);
	UK_TEST_EXPECT_ZERO(faults);
}

uk_testsuite_prio(mimalloc_interface, interface_init, SUITE_PRIO);

#else

UK_TESTCASE(mimalloc_interface, test_interface)
{
	uk_test_printf("skipped: CONFIG_LIBMIMALLOC_API is off\n");
}

uk_testsuite_prio(mimalloc_interface, NULL, SUITE_PRIO);

#endif /* CONFIG_LIBMIMALLOC_API */
