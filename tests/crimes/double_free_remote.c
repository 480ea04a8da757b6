/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread frees a block, then its owner does. */
#include "crime.h"

#include <pthread.h>

static void *release(void *p)
{
	mi_free(p);
	return NULL;
}

static void in_thread(void *p)
{
	pthread_t thread;

	demand(pthread_create(&thread, NULL, release, p) == 0, "no thread");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);

	in_thread(p);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}
