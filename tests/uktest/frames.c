/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Demand paging, played on Linux, and tests with few frames. A range without
 * access stands for the heap: a fault takes a frame off a counter, advice
 * gives it back, and a fault without a frame is the end, as in Unikraft. A
 * frame comes back with what it held last.
 */
/* On arm64 <signal.h> brings the kernel's own types of these names */
#define __s64	host_s64
#define __u64	host_u64
#include <signal.h>
#undef __s64
#undef __u64
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uk/vmem.h>

#include "../test_pool.h"
#include "port_internal.h"

#define UNITS_MAX	1300
#define STEPS		1500
#define SEEDS		60

/* What the port leaves to others of so little memory (system.c) */
#define RESERVE_BYTES	(256 * KIB)

static char *area;		/* NULL: all memory is there */
static bool backed[UNITS_MAX];
static struct uk_falloc frames;
static struct uk_pagetable table = { .fa = &frames };
static struct uk_vas vas;
static struct uk_alloc *pool;

struct uk_vas *uk_vas_get_active(void)
{
	return area ? &vas : NULL;
}

struct uk_pagetable *ukplat_pt_get_active(void)
{
	return &table;
}

int uk_vma_advise(struct uk_vas *vas __unused, __vaddr_t vaddr, __sz len,
		  unsigned long advice __unused, unsigned long flags __unused)
{
	size_t first = (vaddr - (uintptr_t)area) / PAGE_BYTES, i;

	for (i = first; i < first + len / PAGE_BYTES; i++) {
		frames.free_memory += backed[i] ? PAGE_BYTES : 0;
		backed[i] = false;
	}
	return mprotect((void *)vaddr, len, PROT_NONE);
}

static void fault(int number, siginfo_t *info, void *context __unused)
{
	static const char no_frame[] = "no frame is left for a fault\n";
	size_t at = (uintptr_t)info->si_addr - (uintptr_t)area;
	size_t unit = at / PAGE_BYTES;

	if (!area || unit >= UNITS_MAX || backed[unit]) {
		signal(number, SIG_DFL);	/* an ordinary wild access */
		return;
	}
	if (frames.free_memory < PAGE_BYTES) {
		(void)!write(STDOUT_FILENO, no_frame, sizeof(no_frame) - 1);
		_exit(1);
	}
	frames.free_memory -= PAGE_BYTES;
	backed[unit] = true;
	mprotect(area + unit * PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

/* A heap of so many units, for which there are so many frames */
static void paging_start(size_t units, size_t frame_count)
{
	const struct sigaction action = {
		.sa_sigaction = fault, .sa_flags = SA_SIGINFO,
	};

	sigaction(SIGSEGV, &action, NULL);
	area = mmap(NULL, UNITS_MAX * PAGE_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(backed, 0, sizeof(backed));
	frames.total_memory = RESERVE_BYTES + frame_count * PAGE_BYTES;
	frames.free_memory = frames.total_memory;
	pool = uk_mimalloc_init(area, units * PAGE_BYTES);
}

/* The pool was registered last */
static void paging_end(void)
{
	struct uk_alloc **link = &_uk_alloc_head;

	while (*link != pool)
		link = &(*link)->next;
	*link = NULL;
	munmap(area, UNITS_MAX * PAGE_BYTES);
	area = NULL;
	signal(SIGSEGV, SIG_DFL);
}

/* ---- blocks that are written to, some of them on every page ---- */

static struct held {
	char *block;
	size_t size;
	char seed;
} held[4000];
static unsigned int held_count, state;

static unsigned int below(size_t limit)
{
	return random_next(&state) % (unsigned int)limit;
}

static size_t random_size(void)
{
	static const size_t limits[] = { 200, 1000, 5000, 40000, 90000 };

	return below(6) ? 1 + below(limits[below(ARRAY_SIZE(limits))]) :
	       PAGE_BYTES * (1 + below(30));
}

static void held_write(struct held *entry)
{
	size_t i;

	entry->seed = (char)below(2);	/* 0: promised, and never touched */
	for (i = 0; entry->seed && i < entry->size; i += PAGE_BYTES)
		entry->block[i] = entry->seed;
}

static bool held_is_damaged(const struct held *entry)
{
	size_t i;

	for (i = 0; entry->seed && i < entry->size; i += PAGE_BYTES)
		if (entry->block[i] != entry->seed)
			return true;
	return false;
}

/* A request that is refused is larger than what maxalloc tells then */
static unsigned int wrong_malloc(void)
{
	struct held *entry = &held[held_count];

	if (held_count == ARRAY_SIZE(held))
		return 0;
	entry->size = random_size();
	entry->block = uk_malloc(pool, entry->size);
	if (!entry->block) {
		if (uk_alloc_maxalloc(pool) < (__ssz)entry->size)
			return 0;
		entry->block = uk_malloc(pool, entry->size);
		if (!entry->block)
			return 1;
	}
	held_write(entry);
	held_count++;
	return 0;
}

static unsigned int wrong_free(void)
{
	struct held *entry = &held[held_count ? below(held_count) : 0];
	bool damaged;

	if (!held_count)
		return 0;
	damaged = held_is_damaged(entry);
	uk_free(pool, entry->block);
	*entry = held[--held_count];
	return damaged;
}

static unsigned int wrong_realloc(void)
{
	struct held *entry = &held[held_count ? below(held_count) : 0];
	size_t size = random_size();
	bool damaged;
	char *block;

	if (!held_count)
		return 0;
	block = uk_realloc(pool, entry->block, size);
	if (!block)
		return size <= entry->size;
	entry->block = block;
	if (size < entry->size)
		entry->size = size;
	damaged = held_is_damaged(entry);
	entry->size = size;
	held_write(entry);
	return damaged;
}

/* What maxalloc tells can be had, and whatever is less */
static unsigned int wrong_maxalloc(void)
{
	__ssz largest = uk_alloc_maxalloc(pool);
	unsigned int wrong = uk_alloc_availmem(pool) < largest;
	char *block;

	if (largest <= 0)
		return wrong;
	block = uk_malloc(pool, (size_t)largest);
	wrong += !block;
	if (block && below(2))
		memset(block, 1, (size_t)largest);
	uk_free(pool, block);
	block = uk_malloc(pool, 1 + below((size_t)largest));
	wrong += !block;
	uk_free(pool, block);
	return wrong;
}

static bool pool_is_valid(void)
{
	return instance_is_valid(instance_of(pool)) &&
	       heap_is_valid(main_heap_of(pool));
}

static unsigned int wrong_step(bool filling)
{
	unsigned int dice = below(20);

	if (dice < (filling ? 11 : 6))
		return wrong_malloc();
	if (dice < 16)
		return wrong_free();
	if (dice < 18)
		return wrong_realloc();
	return dice == 18 ? wrong_maxalloc() : !pool_is_valid();
}

static unsigned int wrong_with_seed(unsigned int seed)
{
	size_t units, count;
	unsigned int wrong = 0, i;
	__ssz before;

	state = seed * 2654435761u;
	units = 8 + below(UNITS_MAX - 8);
	count = units / (1 + below(3)) + below(40);
	paging_start(units, count);
	before = uk_alloc_availmem(pool);
	for (i = 0; i < STEPS && !wrong; i++)
		wrong += wrong_step(i / 400 & 1);
	if (wrong)
		uk_test_printf("frames: seed %u, step %u\n", seed, i - 1);
	while (held_count)
		wrong += wrong_free();
	wrong += !pool_is_valid();
	wrong += uk_alloc_availmem(pool) != before;
	paging_end();
	return wrong;
}

UK_TESTCASE(mimalloc_frames, test_few_frames_at_random)
{
	const char *divide = getenv("MI_TEST_DIVIDE");
	unsigned int seeds = SEEDS, seed, wrong = 0;

	if (divide && atoi(divide) > 0)
		seeds = SEEDS / (unsigned int)atoi(divide) + 1;
	for (seed = TEST_SEED; seed < TEST_SEED + seeds; seed++)
		wrong += wrong_with_seed(seed);
	UK_TEST_EXPECT_ZERO(wrong);
}

/*
 * Frames are short, so the run behind is given back, and the descriptors for
 * that are cut from it: too little of it is left to grow.
 */
static unsigned int wrong_promise(unsigned int pages)
{
	size_t large = 40 * PAGE_BYTES;
	unsigned int wrong;
	char *block;

	paging_start(512, 512);
	while (pages--)
		*(char *)uk_palloc(pool, 1) = 1;
	block = uk_malloc(pool, 150 * PAGE_BYTES);
	memset(block, 1, 150 * PAGE_BYTES);
	uk_free(pool, block);
	large_cache_flush(instance_of(pool));
	block = uk_malloc(pool, large);
	frames.free_memory = RESERVE_BYTES + 4 * PAGE_BYTES;
	block = uk_realloc(pool, block, large + 20 * PAGE_BYTES);
	wrong = !pool_is_valid();
	uk_free(pool, block);
	wrong += !pool_is_valid();
	paging_end();
	return wrong;
}

UK_TESTCASE(mimalloc_frames, test_promises_are_kept_count_of)
{
	unsigned int pages, wrong = 0;

	for (pages = 0; pages < 60; pages++)
		wrong += wrong_promise(pages);
	UK_TEST_EXPECT_ZERO(wrong);
}

#define SPARSE	180

/*
 * Each page has a block that lives, and most frames lie between these: a
 * request that finds no others gets them, and they are there again afterwards
 */
UK_TESTCASE(mimalloc_frames, test_frames_between_live_blocks)
{
	unsigned int wrong = 0, i;
	char *block[SPARSE], *large;

	paging_start(1024, 2 * SPARSE + 60);
	for (i = 0; i < SPARSE; i++) {
		block[i] = uk_malloc(pool, 2 * PAGE_BYTES);
		memset(block[i], (int)i, 2 * PAGE_BYTES);
	}
	for (i = 0; i < SPARSE; i++)
		if (i % 8)
			uk_free(pool, block[i]);
	large = uk_malloc(pool, SPARSE * PAGE_BYTES);
	wrong += !large || !pool_is_valid();
	if (large)
		memset(large, 1, SPARSE * PAGE_BYTES);
	uk_free(pool, large);
	for (i = 0; i < SPARSE; i++) {
		if (i % 8) {
			block[i] = uk_malloc(pool, 2 * PAGE_BYTES);
			memset(block[i], (int)i, 2 * PAGE_BYTES);
		}
		wrong += !pool_is_valid();
	}
	for (i = 0; i < SPARSE; i++) {
		wrong += block[i][0] != (char)i;
		wrong += block[i][2 * PAGE_BYTES - 1] != (char)i;
		uk_free(pool, block[i]);
	}
	wrong += !pool_is_valid();
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

uk_testsuite_prio(mimalloc_frames, NULL, SUITE_PRIO);
