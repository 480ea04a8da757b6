/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opens the shared objects named, all at once, lets each work, also in a
 * thread that ends when all are closed, and works on with its own malloc.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define PLUGINS_MAX 400

static void *plugins[PLUGINS_MAX];
static int count;
static sem_t worked, closed;

static int work_all(void)
{
	int (*work)(void);
	int i, bad = 0;

	for (i = 0; i < count; i++) {
		work = (int (*)(void))dlsym(plugins[i], "plugin_work");
		bad |= !work || work() != 0;
	}
	return bad;
}

static void *thread(void *unused)
{
	int bad = work_all();

	(void)unused;
	sem_post(&worked);
	while (sem_wait(&closed))
		;
	free(malloc(1000));
	return bad ? thread : NULL;
}

int main(int argc, char **argv)
{
	void *result = NULL;
	pthread_t id;
	int i, bad;

	sem_init(&worked, 0, 0);
	sem_init(&closed, 0, 0);
	for (i = 1; i < argc && count < PLUGINS_MAX; i++) {
		plugins[count] = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
		if (!plugins[count++]) {
			printf("number %d: %s\n", i, dlerror());
			return 1;
		}
	}
	bad = work_all();
	if (pthread_create(&id, NULL, thread, NULL))
		return 1;
	while (sem_wait(&worked))
		;
	for (i = 0; i < count; i++)
		bad |= dlclose(plugins[i]);
	sem_post(&closed);
	if (pthread_join(id, &result))
		return 1;
	free(malloc(1000));
	return bad || result;
}
