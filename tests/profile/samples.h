/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the profiler's tables share: sums, and addresses of nobody */
#ifndef MI_TESTS_PROFILE_SAMPLES_H
#define MI_TESTS_PROFILE_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profile.h"
#include "report.h"

struct sum {
	double live, total, peak, live_bytes, peak_bytes, variance;
	unsigned int samples;
};

static inline struct sum sum_up(void)
{
	struct sum sum = { .live = 0 };
	struct snapshot snapshot;
	size_t i;

	assert_int_equal(snapshot_take(&snapshot), 0);
	for (i = 0; i < snapshot.entry_count; i++) {
		const struct entry *entry = &snapshot.entries[i];

		sum.live += (double)entry->live.objects;
		sum.total += (double)entry->total.objects;
		sum.peak += (double)entry->peak.objects;
		sum.live_bytes += (double)entry->live.bytes;
		sum.peak_bytes += (double)entry->peak.bytes;
		sum.variance += entry->variance;
		sum.samples += entry->samples;
	}
	snapshot_free(&snapshot);
	sum.live /= 1 << OBJECT_SHIFT;
	sum.total /= 1 << OBJECT_SHIFT;
	sum.peak /= 1 << OBJECT_SHIFT;
	return sum;
}

static inline void *address(size_t i)
{
	return (void *)(uintptr_t)(0x10000000 + 16 * i);
}

static inline void forget(void *p)
{
	if (filter_has(p))
		sample_free(p);
}

static inline void begin(size_t rate, uint64_t seed)
{
	sampler = (struct sampler) { .left = 0 };
	sampling_start(rate, &seed);
}

#endif /* MI_TESTS_PROFILE_SAMPLES_H */
