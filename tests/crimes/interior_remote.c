/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread frees a pointer into a block of another. */
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
	size_t n = crime_size(argc, argv, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	in_thread(accuse(p + 16));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
