/* SPDX-License-Identifier: BSD-3-Clause */
#include "crime.h"

#include <pthread.h>

struct witnesses witnesses_call(size_t size)
{
	struct witnesses w = { size, size < 20000 ? KEPT_BLOCKS : 2, { 0 } };

	for (size_t i = 0; i < w.count; i++) {
		w.block[i] = mi_malloc(size);
		demand(w.block[i] != NULL, "no memory for witnesses");
		memset(w.block[i], (int)i, size);
	}
	return w;
}

void witnesses_dismiss(struct witnesses *w)
{
	for (size_t i = 0; i < w->count; i++) {
		for (size_t k = 0; k < w->size; k++)
			demand(w->block[i][k] == i, "a witness was hurt");
		mi_free(w->block[i]);
	}
}

/* Something comes behind the call, so that this is still the caller */
void *crime_in_thread(void *p)
{
	mi_free(p);
	return launder(NULL);
}

void free_in_thread(void *p)
{
	pthread_t thread;

	demand(pthread_create(&thread, NULL, crime_in_thread, p) == 0,
	       "no thread");
	pthread_join(thread, NULL);
}

int survive(void)
{
	static unsigned char *block[SURVIVAL_BLOCKS];
	static const size_t step = 2654435761u;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < SURVIVAL_BLOCKS; i++) {
			size_t n = i * step % (i % 100 == 0 ? 50000 : 1200);

			block[i] = mi_malloc(n + sizeof(i));
			demand(block[i] != NULL, "no memory to survive");
			memset(block[i], (int)(i % 251), n + sizeof(i));
			memcpy(block[i], &i, sizeof(i));
		}
		for (size_t i = 0; i < SURVIVAL_BLOCKS; i++) {
			size_t n = i * step % (i % 100 == 0 ? 50000 : 1200);
			size_t name;

			memcpy(&name, block[i], sizeof(name));
			demand(name == i, "a block was given twice");
			for (size_t k = 0; k < n; k++)
				demand(block[i][k + sizeof(i)] == i % 251,
				       "a block was overwritten");
			mi_free(block[i]);
		}
	}
	printf("SURVIVED\n");
	return 0;
}
