/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics as JSON, read back: a number is found by its part and its name. */
#ifndef TESTS_API_STATISTICS_H
#define TESTS_API_STATISTICS_H

#include "check.h"

#define THREADS_WATCHED	false
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef THREADS_WATCHED
#define THREADS_WATCHED	true
#endif
#endif

/* So many bytes are said to be enough for all block sizes */
#define STATISTICS_BYTES	(32 * KIB)

struct statistics {
	char json[STATISTICS_BYTES];
};

static inline void statistics_take(struct statistics *now)
{
	assert_ptr_equal(mi_stats_get_json(sizeof(now->json), now->json),
			 now->json);
}

/* The number `"name": n` behind the place where the part begins */
static inline size_t statistics_after(const char *part, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(part, key);
	check(at != NULL, "there is no %s in %.200s", name, part);
	return (size_t)strtoull(at + strlen(key), NULL, 10);
}

static inline size_t statistics_of(const struct statistics *now,
				   const char *part, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\": {", part);
	at = strstr(now->json, key);
	check(at != NULL, "there is no part %s", part);
	return statistics_after(at, name);
}

/* Of the class with blocks of this size; 0 where it has no row */
static inline size_t statistics_class(const struct statistics *now,
				      size_t block_bytes, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "{\"block_bytes\": %zu,", block_bytes);
	at = strstr(now->json, key);
	return at == NULL ? 0 : statistics_after(at, name);
}

/* No peak is below what is there */
static inline void statistics_peaks_hold(const struct statistics *now)
{
	const char *row = strstr(now->json, "\"large\": {");

	assert_true(statistics_of(now, "memory", "used_peak_bytes") >=
		    statistics_of(now, "memory", "used_bytes"));
	assert_true(statistics_of(now, "memory", "held_peak_bytes") >=
		    statistics_of(now, "memory", "held_bytes"));
	assert_true(statistics_of(now, "process", "resident_peak_bytes") >=
		    statistics_of(now, "process", "resident_bytes"));
	assert_true(statistics_of(now, "heaps", "peak") >=
		    statistics_of(now, "heaps", "now"));
	for (; row != NULL; row = strstr(row + 1, "{\"block_bytes\"")) {
		assert_true(statistics_after(row, "pages_peak") >=
			    statistics_after(row, "pages"));
		assert_true(statistics_after(row, "page_peak_bytes") >=
			    statistics_after(row, "page_bytes"));
		assert_true(statistics_after(row, "made") >=
			    statistics_after(row, "live"));
		assert_true(statistics_after(row, "made_total") >=
			    statistics_after(row, "made"));
	}
}

#endif /* TESTS_API_STATISTICS_H */
