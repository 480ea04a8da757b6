/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the functions are that the recorder stands in front of. The dynamic
 * loader finds them at their first call; what it asks of malloc meanwhile comes
 * from a small area here, and is never freed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>

#include "record.h"

#define EARLY_BYTES	(64u << 10)
#define GRAIN		16u

next_function *next_functions[NEXT_NAMES];

static const char *const names[NEXT_NAMES] = {
	[NEXT_MALLOC] = "malloc",
	[NEXT_CALLOC] = "calloc",
	[NEXT_REALLOC] = "realloc",
	[NEXT_REALLOCARRAY] = "reallocarray",
	[NEXT_FREE] = "free",
	[NEXT_CFREE] = "cfree",
	[NEXT_POSIX_MEMALIGN] = "posix_memalign",
	[NEXT_ALIGNED_ALLOC] = "aligned_alloc",
	[NEXT_MEMALIGN] = "memalign",
	[NEXT_VALLOC] = "valloc",
	[NEXT_PVALLOC] = "pvalloc",
	[NEXT_EXECVP] = "execvp",
	[NEXT_EXECVPE] = "execvpe",
	[NEXT_FEXECVE] = "fexecve",
	[NEXT_DAEMON] = "daemon",
	[NEXT_NEW] = "_Znwm",
	[NEXT_NEW_ARRAY] = "_Znam",
	[NEXT_NEW_NOTHROW] = "_ZnwmRKSt9nothrow_t",
	[NEXT_NEW_ARRAY_NOTHROW] = "_ZnamRKSt9nothrow_t",
	[NEXT_NEW_ALIGNED] = "_ZnwmSt11align_val_t",
	[NEXT_NEW_ARRAY_ALIGNED] = "_ZnamSt11align_val_t",
	[NEXT_NEW_ALIGNED_NOTHROW] = "_ZnwmSt11align_val_tRKSt9nothrow_t",
	[NEXT_NEW_ARRAY_ALIGNED_NOTHROW] =
		"_ZnamSt11align_val_tRKSt9nothrow_t",
	[NEXT_DELETE] = "_ZdlPv",
	[NEXT_DELETE_ARRAY] = "_ZdaPv",
	[NEXT_DELETE_SIZED] = "_ZdlPvm",
	[NEXT_DELETE_ARRAY_SIZED] = "_ZdaPvm",
	[NEXT_DELETE_ALIGNED] = "_ZdlPvSt11align_val_t",
	[NEXT_DELETE_ARRAY_ALIGNED] = "_ZdaPvSt11align_val_t",
	[NEXT_DELETE_SIZED_ALIGNED] = "_ZdlPvmSt11align_val_t",
	[NEXT_DELETE_ARRAY_SIZED_ALIGNED] = "_ZdaPvmSt11align_val_t",
	[NEXT_DELETE_NOTHROW] = "_ZdlPvRKSt9nothrow_t",
	[NEXT_DELETE_ARRAY_NOTHROW] = "_ZdaPvRKSt9nothrow_t",
	[NEXT_DELETE_ALIGNED_NOTHROW] =
		"_ZdlPvSt11align_val_tRKSt9nothrow_t",
	[NEXT_DELETE_ARRAY_ALIGNED_NOTHROW] =
		"_ZdaPvSt11align_val_tRKSt9nothrow_t",
};

static unsigned char early[EARLY_BYTES] __attribute__((aligned(GRAIN)));
static size_t early_used;

static __thread int searching __attribute__((tls_model("initial-exec")));

/* In the object that calls, and what that was linked with: libraries of C++
 * that came with a plugin are seen by nobody else. */
static void *find_of_caller(const char *name, const void *caller)
{
	void *object, *found = NULL;
	Dl_info info;

	if (!caller || !dladdr(caller, &info))
		return NULL;
	object = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (object) {
		found = dlsym(object, name);
		dlclose(object);
	}
	return found;
}

/* NULL while the search itself asks for it */
next_function *next_find(enum next which, const void *caller)
{
	int error = errno;
	void *found;

	if (searching)
		return NULL;
	searching = 1;
	found = dlsym(RTLD_NEXT, names[which]);
	if (!found)
		found = find_of_caller(names[which], caller);
	searching = 0;
	if (found)
		next_functions[which] = (next_function *)(uintptr_t)found;
	errno = error;
	return (next_function *)(uintptr_t)found;
}

/* Zeroed memory while the allocator is not known, or NULL */
void *next_early(size_t alignment, size_t bytes)
{
	uintptr_t from, at;
	size_t used;

	if (alignment < GRAIN)
		alignment = GRAIN;
	if (alignment > EARLY_BYTES || bytes > EARLY_BYTES)
		return NULL;
	used = alignment + GRAIN + (bytes + GRAIN - 1) / GRAIN * GRAIN;
	from = __atomic_fetch_add(&early_used, used, __ATOMIC_RELAXED);
	if (from + used > EARLY_BYTES)
		return NULL;
	at = ((uintptr_t)early + from + GRAIN + alignment - 1) &
	     ~(uintptr_t)(alignment - 1);
	/* Its size stands before it */
	((size_t *)at)[-1] = bytes;
	return (void *)at;
}

bool next_is_early(const void *address)
{
	return (uintptr_t)address - (uintptr_t)early < EARLY_BYTES;
}

size_t next_early_bytes(const void *address)
{
	return ((const size_t *)address)[-1];
}
