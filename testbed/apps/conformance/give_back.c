/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mode vmem: frames of freed blocks return to the frame allocator without
 * further calls, all but a budget of the larger of 4 MiB and 1/8 of what is
 * in use, and what was learned (not with mimalloc.learn_kib=0): that is no more
 * than the frames that are free then. And memory that went and came again
 * works.
 */
#include <stdio.h>
#include <string.h>
#include <testbed/testbed.h>
#include <uk/vmem.h>

#include "check.h"

#define BLOCK_BYTES (256 * KIB)
#define BLOCKS_MAX 4096
#define BUDGET_BYTES (4 * MIB)
#define SLACK_BYTES (512 * KIB)		/* tables, descriptors */

static void *blocks[BLOCKS_MAX];

/* Touches three quarters of the frames through the heap. */
static unsigned int take_most(struct uk_alloc *a)
{
	size_t least = testbed_free_frame_bytes() / 4;
	unsigned int count = 0;

	while (count < BLOCKS_MAX && testbed_free_frame_bytes() > least) {
		blocks[count] = uk_malloc(a, BLOCK_BYTES);
		CHECK(blocks[count]);
		pattern_write(blocks[count], BLOCK_BYTES, count + 1);
		count++;
	}
	return count;
}

/* `fresh`: what was free before the first round */
static void frames_return(struct uk_alloc *a, size_t fresh)
{
	size_t before = testbed_free_frame_bytes();
	unsigned int count = take_most(a);
	size_t low = testbed_free_frame_bytes(), left;

	for (unsigned int i = 0; i < count; i++) {
		CHECK(pattern_holds(blocks[i], BLOCK_BYTES, i + 1));
		uk_free(a, blocks[i]);
	}
	left = testbed_free_frame_bytes();
	printf("  %lu KiB of frames free, %lu when filled, %lu afterwards\n",
	       (unsigned long)(before / KIB), (unsigned long)(low / KIB),
	       (unsigned long)(left / KIB));
	CHECK(left + (suite_learns() ? left : 0) + BUDGET_BYTES + SLACK_BYTES
	      >= fresh);
}

/* Of the testbed itself: a page given back comes again, not as it was. */
static void advice_is_taken(struct uk_alloc *a)
{
	char *pages = uk_palloc(a, 4);
	size_t with, without;

	CHECK(pages);
	memset(pages, 0x11, 4 * PAGE);
	with = testbed_free_frame_bytes();
	CHECK(!uk_vma_advise(uk_vas_get_active(), (__vaddr_t)pages, 4 * PAGE,
			     UK_VMA_ADV_DONTNEED, 0));
	without = testbed_free_frame_bytes();
	CHECK(without == with + 4 * PAGE);
	CHECK(pages[0] != 0x11 && pages[3 * PAGE] != 0x11);
	CHECK(testbed_free_frame_bytes() == without - 2 * PAGE);
	uk_pfree(a, pages, 4);
}

void suite_give_back(struct uk_alloc *a)
{
	size_t fresh;

	if (strcmp(testbed_mode_name(), "vmem"))
		return;
	advice_is_taken(a);
	if (suite_lacks(LACKS_GIVE_BACK, "frames return"))
		return;
	fresh = testbed_free_frame_bytes();
	for (int round = 0; round < 3; round++)
		frames_return(a, fresh);
}
