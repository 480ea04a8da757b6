/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that do the same, each with an argument of its own. */
#ifndef TESTS_API_RUN_THREADS_H
#define TESTS_API_RUN_THREADS_H

#include "check.h"

#include <pthread.h>

#define THREADS		4

/* The arguments are an array of elements of `size` bytes. Waits for all */
static inline void run_threads(void *(*body)(void *), void *arguments,
			       size_t size, size_t count)
{
	pthread_t threads[THREADS];

	assert_in_range(count, 1, THREADS);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body,
						(char *)arguments + i * size),
				 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#endif /* TESTS_API_RUN_THREADS_H */
