/* SPDX-License-Identifier: BSD-3-Clause */
/* The default instance of a process, and how its threads end. */
#include <pthread.h>

#include "fork.h"
#include "blocks/blocks.h"
#include "api/options.h"

/* Is told its configuration by the options */
struct instance default_instance = INSTANCE_STATIC;

static pthread_key_t thread_key;
static bool thread_key_made;

static void thread_ended(void *unused)
{
	(void)unused;
	heaps_thread_done();
}

/* May run before libc is ready, so it asks for nothing but memory */
void port_init(void)
{
	/* acquire: pairs with the release below, for options and the key */
	if (__atomic_load_n(&initialised, __ATOMIC_ACQUIRE))
		return;
	fork_register();	/* perhaps before others' handlers */
	port_lock(&init_lock);
	if (!initialised) {
		options_init();
		thread_key_made = pthread_key_create(&thread_key,
						     thread_ended) == 0;
		__atomic_store_n(&initialised, true, __ATOMIC_RELEASE);
	}
	port_unlock(&init_lock);
}

void port_thread_started(void)
{
	if (thread_key_made)
		(void)pthread_setspecific(thread_key, &thread_key);
}

#ifdef PORT_TLS_DYNAMIC

void threads_forget(void)
{
	if (thread_key_made) {
		thread_key_made = false;
		(void)pthread_key_delete(thread_key);
	}
}

#endif
