/* SPDX-License-Identifier: BSD-3-Clause */
/* What fits into a range of an exact size. */
#include <inttypes.h>
#include <stdio.h>
#include <testbed/testbed.h>

#include "bench.h"

static void bench_fill(struct uk_alloc *a, size_t size)
{
	__ssz before = uk_alloc_availmem(a);
	uint64_t count = 0, begin = testbed_instructions();
	void **list = NULL, **block;

	while ((block = uk_malloc(a, size))) {
		*block = list;
		list = block;
		count++;
	}
	while (list) {
		block = list;
		list = *block;
		uk_free(a, block);
	}
	begin = testbed_instructions() - begin;
	printf("fill_%zu %" PRIu64 "\nfill_%zu_instructions_each %" PRIu64
	       "\nfill_%zu_availmem_change %ld\nfill_%zu_maxalloc_permille "
	       "%ld\n", size, count, size, count ? begin / count : 0, size,
	       uk_alloc_availmem(a) - before, size, before > 0
	       ? uk_alloc_maxalloc(a) * 1000 / before : 0);
}

void bench_spare(void)
{
	static const size_t sizes[] = { 24, 32, 100, 1000, 5000, 70000 };
	struct uk_alloc *a;
	size_t bytes;
	void *base = testbed_spare(&bytes);
	uint64_t begin;

	if (!base)
		return;
	begin = testbed_instructions();
	a = testbed_alloc_init(base, bytes);
	printf("spare_bytes %zu\nspare_init %" PRIu64 "\n", bytes,
	       testbed_instructions() - begin - counter_cost);
	if (!a)
		fail("the spare range: no allocator");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		bench_fill(a, sizes[i]);
}
