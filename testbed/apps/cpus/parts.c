/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts that are made of others, and what becomes of interrupts. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>
#include <uk/arch/limits.h>

#include "cpus.h"

#define ROUNDS		10000
#define CROWD_ROUNDS	100000
#define SPARE_PAGES	4096

/* Of each CPU may stay: a heap's own unit, and some for descriptors */
#define KEPT_BYTES	(8 * KIB)

static struct uk_alloc *heap;

void print_mean(const char *figure, uint64_t sum, uint64_t count)
{
	uint64_t tenths = (sum * 10 + count - 1) / count;

	printf("%s %" PRIu64 ".%" PRIu64 "\n", figure, tenths / 10,
	       tenths % 10);
}

static struct uk_alloc *settled;

/* What is empty in the heap of the caller is given back for this */
static void settle_job(unsigned int cpu __unused)
{
	CHECK(uk_alloc_maxalloc(settled) >= 0);
}

__ssz settled_availmem(struct uk_alloc *a)
{
	settled = a;
	crew_run(settle_job);
	return uk_alloc_availmem(a);
}

void check_left(const char *part, struct uk_alloc *a, __ssz before,
		size_t bound)
{
	__ssz waits = before - uk_alloc_availmem(a);
	__ssz left = before - settled_availmem(a);

	printf("%s_waits_bytes %ld\n%s_left_bytes %ld\n", part, (long)waits,
	       part, (long)left);
	CHECK(left <= (__ssz)bound);
}

/*
 * While the other CPUs have no thread local storage. What lies in the boxes in
 * the end was allocated so, and is freed or changed by threads later.
 */
void part_bare(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a);

	crowd(a, CROWD_ROUNDS);
	exchange(a, ROUNDS, false);
	exchange_drain(a);
	check_left("bare", a, before, crew_count * KEPT_BYTES);
	exchange(a, ROUNDS / 10, false);
}

void part_exchange(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a);

	exchange(a, ROUNDS, false);
	exchange_drain(a);
	check_left("exchange", a, before, crew_count * KEPT_BYTES);
}

void part_crowd(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a);

	crowd(a, CROWD_ROUNDS);
	check_left("crowd", a, before, crew_count * KEPT_BYTES);
}

/* A second allocator, in the range that the boot parameter spare= has kept */
void part_second(struct uk_alloc *a)
{
	__ssz before, others = settled_availmem(a);
	struct uk_alloc *second;
	size_t bytes;
	void *base = testbed_spare(&bytes);

	if (!base) {
		bytes = SPARE_PAGES * __PAGE_SIZE;
		base = uk_palloc(a, SPARE_PAGES);
		others = settled_availmem(a);
	}
	CHECK(base);
	second = testbed_alloc_init(base, bytes);
	CHECK(second && second != a);
	before = uk_alloc_availmem(second);
	crowd(second, CROWD_ROUNDS / 10);
	exchange(second, ROUNDS, false);
	exchange_drain(second);
	exhaust(second, 96);
	exhaust(second, 3000);
	check_left("second", second, before, crew_count * KEPT_BYTES);
	check_left("second_others", a, others, crew_count * KEPT_BYTES);
}

/* The state of interrupts is what it was before */
#define KEEPS(call)							\
	do {								\
		int disabled = ukplat_lcpu_irqs_disabled();		\
									\
		(call);							\
		CHECK(!ukplat_lcpu_irqs_disabled() == !disabled);	\
	} while (0)

static void all_verbs(void)
{
	static const size_t too_many = ~(size_t)0 / 4;
	struct uk_alloc *a = heap;
	void *small, *large, *pages, *aligned;

	KEEPS(small = uk_malloc(a, 100));
	KEEPS(large = uk_calloc(a, 100, 1000));
	KEEPS(pages = uk_palloc(a, 3));
	KEEPS(aligned = uk_memalign(a, 256, 1000));
	CHECK(small && large && pages && aligned);
	KEEPS(uk_pfree(a, pages, 3));
	KEEPS(small = uk_realloc(a, small, 20000));
	KEEPS(large = uk_realloc(a, large, 200000));
	CHECK(small && large);
	KEEPS(pages = uk_malloc(a, too_many));
	CHECK(!pages);
	KEEPS(pages = uk_palloc(a, too_many / __PAGE_SIZE));
	CHECK(!pages);
	KEEPS(pages = uk_malloc(a, (size_t)uk_alloc_availmem(a) + 4096));
	CHECK(!pages);
	KEEPS(uk_alloc_maxalloc(a));
	KEEPS(uk_alloc_pavailmem(a));
	KEEPS(uk_free(a, small));
	KEEPS(uk_free(a, large));
	KEEPS(uk_free(a, aligned));
	KEEPS(uk_free(a, NULL));
}

static void interrupts_job(unsigned int cpu __unused)
{
	unsigned long flags;

	for (unsigned int i = 0; i < 100; i++) {
		all_verbs();
		crew_turn();
		flags = ukplat_lcpu_save_irqf();
		all_verbs();
		CHECK(ukplat_lcpu_irqs_disabled());
		ukplat_lcpu_restore_irqf(flags);
		/* else nothing would be seen here */
		CHECK(!ukplat_lcpu_irqs_disabled());
	}
}

void part_interrupts(struct uk_alloc *a)
{
	__ssz before = settled_availmem(a);

	heap = a;
	crew_run(interrupts_job);
	exchange(a, ROUNDS, true);
	exchange_drain(a);
	check_left("interrupts", a, before, crew_count * KEPT_BYTES);
}
