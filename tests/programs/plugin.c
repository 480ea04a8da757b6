/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared object with an allocator of its own, from libmimalloc-pic.a. */
#include <mimalloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS 300

int plugin_work(void);

/* Of all sizes; some are freed by another thread */
static void *work(void *unused)
{
	void **blocks = mi_calloc(BLOCKS, sizeof(*blocks));
	size_t i, size;

	(void)unused;
	for (i = 0; i < BLOCKS; i++) {
		size = 1 + i * i % 3000 * (i % 50 ? 1 : 30);
		blocks[i] = mi_malloc(size);
		memset(blocks[i], (int)i, size);
	}
	for (i = 0; i < BLOCKS; i += 2) {
		if (((unsigned char *)blocks[i])[0] != (unsigned char)i)
			abort();
		mi_free(blocks[i]);
		blocks[i] = NULL;
	}
	return blocks;
}

/* 0: all is well, and malloc is somebody else's */
int plugin_work(void)
{
	void *other = calloc(10, 10), **blocks;
	int bad = mi_is_in_heap_region(other);
	pthread_t thread;
	void *result;
	size_t i;

	free(other);
	if (pthread_create(&thread, NULL, work, NULL) ||
	    pthread_join(thread, &result))
		return 2;
	blocks = result;
	for (i = 0; i < BLOCKS; i++)
		mi_free(blocks[i]);
	mi_free(blocks);
	blocks = work(NULL);
	bad |= !mi_is_in_heap_region(blocks);
	mi_free(blocks);
	return bad;
}
