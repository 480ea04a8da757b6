/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "next.h"

#define EARLY_BYTES	(32 << 10)

struct next next;

static __attribute__((aligned(16))) char early[EARLY_BYTES];
static size_t early_used;

/*
 * A pointer in our data is another than the address in our code until it is
 * relocated, and the thread's word is 0 until its initial value is copied.
 */
static bool loader_is_done(void)
{
	static bool flag;
	static bool *volatile self = &flag;
	static __thread volatile char copied
		__attribute__((tls_model("initial-exec"))) = 1;

	return self == &flag && copied;
}

/* dlsym() may allocate: that is served as what came earlier */
bool next_ready(void)
{
	static bool looking;

	if (next.malloc)
		return true;
	if (looking || !loader_is_done())
		return false;
	looking = true;
#define FIND(name)	(*(void **)&next.name = dlsym(RTLD_NEXT, #name))
	FIND(calloc);
	FIND(realloc);
	FIND(free);
	FIND(posix_memalign);
	FIND(aligned_alloc);
	FIND(memalign);
	FIND(valloc);
	FIND(pvalloc);
	FIND(malloc_usable_size);
	FIND(malloc);
#undef FIND
	looking = false;
	return next.malloc != NULL;
}

/*
 * C++'s library may have come with a plugin: then the caller's object and what
 * that was linked with have the name, and RTLD_NEXT does not look there.
 */
void *next_operator(const char *name, const void *caller)
{
	void *found = dlsym(RTLD_NEXT, name), *object;
	Dl_info info;

	if (found || !dladdr(caller, &info))
		return found;
	object = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (object) {
		found = dlsym(object, name);
		dlclose(object);
	}
	return found;
}

void *early_alloc(size_t size)
{
	size_t at = early_used + 16;

	if (size > EARLY_BYTES)
		return NULL;
	size = size ? (size + 15) & ~(size_t)15 : 16;
	if (at + size > EARLY_BYTES)
		return NULL;
	*(size_t *)(void *)(early + early_used) = size;
	early_used = at + size;
	/* The filter sends a free of it to early_usable() */
	filter_add_for_ever((uintptr_t)early + at);
	return early + at;
}

size_t early_usable(const void *p)
{
	size_t at = (uintptr_t)p - (uintptr_t)early;

	return at >= 16 && at < EARLY_BYTES ?
	       *(const size_t *)(const void *)(early + at - 16) : 0;
}
