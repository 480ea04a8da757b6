/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A block is freed a second time after other threads freed all of its page,
 * and so much else that the page's memory was given back while its owner did
 * nothing. The criminal stands behind the size: "64 other", who freed it first;
 * "64 owner"; or "64 collected", the owner after mi_collect().
 */
#include "crime.h"

#include <pthread.h>

#define TOTAL	((size_t)32 << 20)

static void **block;
static size_t count;

static void *release_all(void *victim)
{
	for (size_t i = 0; i < count; i++)
		mi_free(block[i]);
	if (victim)
		mi_free(accuse(victim));
	return NULL;
}

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 64);
	const char *who = argc > 1 ? strchr(argv[1], ' ') : NULL;
	pthread_t thread;
	void *victim;

	who = who ? who + 1 : "other";
	count = TOTAL / n;
	block = mmap(NULL, count * sizeof(void *), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	demand(block != MAP_FAILED, "no memory for a table");
	for (size_t i = 0; i < count; i++) {
		block[i] = mi_malloc(n);
		demand(block[i] != NULL, "no memory for blocks");
		memset(block[i], 1, n);
	}
	victim = block[count / 2];
	demand(pthread_create(&thread, NULL, release_all,
			      strcmp(who, "other") ? NULL : victim) == 0,
	       "no thread");
	pthread_join(thread, NULL);
	if (strcmp(who, "collected") == 0)
		mi_collect(false);
	if (strcmp(who, "other") != 0)
		mi_free(accuse(victim));
	return survive();
}
