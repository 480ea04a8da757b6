/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See kernel.h. The true kernel has pages of TRUE_PAGE bytes; every call is
 * made to mean what it would mean where pages are larger, and passed on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"

#define TRUE_PAGE	((size_t)4096)
#define COUNT(member) \
	__atomic_add_fetch(&kernel()->member, 1, __ATOMIC_RELAXED)

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

static struct kernel settings;
static pthread_once_t settings_once = PTHREAD_ONCE_INIT;

__attribute__((noreturn))
static void refuse(const char *name, const char *value)
{
	fprintf(stderr, "tests/kernel: %s=%s is no setting\n", name, value);
	exit(2);
}

/* The number of `value` among the names, which a NULL ends; 0 if not set */
static int choice(const char *name, const char *const *names)
{
	const char *value = getenv(name);
	int i;

	if (!value || !*value)
		return 0;
	for (i = 0; names[i]; i++)
		if (strcmp(value, names[i]) == 0)
			return i + 1;
	refuse(name, value);
}

static void settings_read(void)
{
	static const char *const dontneed[] = { "lies", "fails", NULL };
	static const char *const mremaps[] = { "enosys", "unmaps", NULL };
	static const char *const noreplace[] = { "ignored", NULL };
	static const char *const pages[] = { "4096", "16384", "65536", NULL };
	static const size_t page_bytes[] = { 4096, 4096, 16384, 65536 };
	const char *limit = getenv("MI_TEST_MMAP_LIMIT");

	settings.page_bytes = page_bytes[choice("MI_TEST_KERNEL_PAGE", pages)];
	settings.dontneed = (enum kernel_dontneed)choice("MI_TEST_DONTNEED",
							 dontneed);
	settings.mremap = (enum kernel_mremap)choice("MI_TEST_MREMAP",
						     mremaps);
	settings.noreplace_ignored = choice("MI_TEST_NOREPLACE", noreplace);
	if (limit)
		settings.mmap_limit = strtoul(limit, NULL, 0);
}

struct kernel *kernel(void)
{
	(void)pthread_once(&settings_once, settings_read);
	return &settings;
}

static bool is_whole(const void *address)
{
	return ((uintptr_t)address & (kernel()->page_bytes - 1)) == 0;
}

static size_t whole(size_t bytes)
{
	size_t page = kernel()->page_bytes;

	return (bytes + page - 1) & ~(page - 1);
}

static void *failed(int error)
{
	errno = error;
	return MAP_FAILED;
}

static void *map_truly(void *address, size_t bytes, int protection, int flags,
		       int file, off_t offset)
{
	return (void *)syscall(SYS_mmap, address, bytes, protection, flags,
			       file, offset);
}

/*
 * Address space for `bytes` from a whole page on: more is taken, and what is
 * too much at either end is given back.
 */
static char *space_new(size_t bytes)
{
	size_t spare = kernel()->page_bytes - TRUE_PAGE, before;
	char *start = map_truly(NULL, bytes + spare, PROT_NONE, MAP_PRIVATE |
				MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (start == MAP_FAILED)
		return start;
	before = whole((uintptr_t)start) - (uintptr_t)start;
	if (before > 0)
		(void)syscall(SYS_munmap, start, before);
	if (spare > before)
		(void)syscall(SYS_munmap, start + before + bytes,
			      spare - before);
	return start + before;
}

/* A mapping wherever there is room, at the address hinted at if it is free */
static void *map_somewhere(void *hint, size_t bytes, int protection, int flags,
			   int file, off_t offset)
{
	void *start;

	if (flags & MAP_HUGETLB)
		return map_truly(hint, bytes, protection, flags, file, offset);
	if (hint) {
		start = map_truly((void *)whole((uintptr_t)hint), bytes,
				  protection, flags | MAP_FIXED_NOREPLACE,
				  file, offset);
		if (start != MAP_FAILED)
			return start;
	}
	start = space_new(bytes);
	if (start == MAP_FAILED)
		return start;
	return map_truly(start, bytes, protection, flags | MAP_FIXED, file,
			 offset);
}

void *mmap(void *address, size_t bytes, int protection, int flags, int file,
	   off_t offset)
{
	unsigned long count = COUNT(mmaps);
	int fixed = MAP_FIXED | MAP_FIXED_NOREPLACE;

	if (kernel()->noreplace_ignored)
		flags &= ~(MAP_FIXED_NOREPLACE);
	if (bytes == 0 || (flags & fixed && !is_whole(address)))
		return failed(EINVAL);
	if (offset & (off_t)(kernel()->page_bytes - 1))
		return failed(EINVAL);
	if (bytes > PTRDIFF_MAX ||
	    (kernel()->mmap_limit && count >= kernel()->mmap_limit))
		return failed(ENOMEM);
	bytes = whole(bytes);
	if (flags & fixed)
		return map_truly(address, bytes, protection, flags, file,
				 offset);
	return map_somewhere(address, bytes, protection, flags, file, offset);
}

void *mmap64(void *address, size_t bytes, int protection, int flags, int file,
	     off_t offset)
{
	return mmap(address, bytes, protection, flags, file, offset);
}

int munmap(void *start, size_t bytes)
{
	COUNT(munmaps);
	if (!is_whole(start)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_munmap, start, whole(bytes));
}

int mprotect(void *start, size_t bytes, int protection)
{
	COUNT(mprotects);
	if (!is_whole(start)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_mprotect, start, whole(bytes), protection);
}

int madvise(void *start, size_t bytes, int advice)
{
	enum kernel_dontneed dontneed = kernel()->dontneed;

	COUNT(madvises);
	if (!is_whole(start) || bytes != whole(bytes))
		COUNT(uneven);
	if (!is_whole(start) ||
	    (advice == MADV_DONTNEED && dontneed == DONTNEED_FAILS)) {
		errno = EINVAL;
		return -1;
	}
	if (advice == MADV_DONTNEED && dontneed == DONTNEED_LIES)
		return 0;
	return (int)syscall(SYS_madvise, start, whole(bytes), advice);
}

/* To wherever there is room, which has to begin with a whole page */
static void *move_somewhere(void *from, size_t old_bytes, size_t new_bytes,
			    int flags)
{
	void *to;

	if (!(flags & MREMAP_DONTUNMAP)) {
		to = (void *)syscall(SYS_mremap, from, old_bytes, new_bytes, 0);
		if (to != MAP_FAILED || !(flags & MREMAP_MAYMOVE))
			return to;
	}
	to = space_new(new_bytes);
	if (to == MAP_FAILED)
		return to;
	return (void *)syscall(SYS_mremap, from, old_bytes, new_bytes,
			       flags | MREMAP_FIXED, to);
}

void *mremap(void *from, size_t old_bytes, size_t new_bytes, int flags, ...)
{
	void *to = NULL;
	va_list list;

	va_start(list, flags);
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		to = va_arg(list, void *);
	va_end(list);
	COUNT(mremaps);
	if (kernel()->mremap == MREMAP_ENOSYS)
		return failed(ENOSYS);
	if (!(flags & MREMAP_FIXED))
		to = NULL;
	if (!is_whole(from) || !is_whole(to) || old_bytes != whole(old_bytes) ||
	    new_bytes != whole(new_bytes))
		COUNT(uneven);
	if (!is_whole(from) || !is_whole(to) || new_bytes == 0)
		return failed(EINVAL);
	if (kernel()->mremap == MREMAP_UNMAPS)
		flags &= ~MREMAP_DONTUNMAP;
	if (!(flags & MREMAP_FIXED))
		return move_somewhere(from, whole(old_bytes), whole(new_bytes),
				      flags);
	return (void *)syscall(SYS_mremap, from, whole(old_bytes),
			       whole(new_bytes), flags, to);
}

/* A page is there where any part of it is */
int mincore(void *start, size_t bytes, unsigned char *present)
{
	size_t parts = kernel()->page_bytes / TRUE_PAGE, i, k;
	unsigned char part[16];

	if (!is_whole(start)) {
		errno = EINVAL;
		return -1;
	}
	for (i = 0; i < whole(bytes) / kernel()->page_bytes; i++) {
		if (syscall(SYS_mincore, (char *)start +
			    i * kernel()->page_bytes, kernel()->page_bytes,
			    part) != 0)
			return -1;
		present[i] = 0;
		for (k = 0; k < parts; k++)
			present[i] |= part[k] & 1;
	}
	return 0;
}

/* What the kernel tells of this process's memory, in pages of its own */
static int statm(void)
{
	char text[256], *at = text, *end;
	int file = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/statm",
				O_RDONLY, 0);
	ssize_t length = read(file, text, sizeof(text) - 1);
	int told = memfd_create("statm", MFD_CLOEXEC);
	unsigned long number;

	(void)close(file);
	text[length > 0 ? length : 0] = 0;
	for (;;) {
		number = strtoul(at, &end, 10);
		if (end == at)
			break;
		number /= kernel()->page_bytes / TRUE_PAGE;
		(void)dprintf(told, at == text ? "%lu" : " %lu", number);
		at = end;
	}
	(void)dprintf(told, "\n");
	(void)lseek(told, 0, SEEK_SET);
	return told;
}

int open(const char *path, int flags, ...)
{
	unsigned int mode = 0;
	va_list list;

	va_start(list, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(list, unsigned int);
	va_end(list);
	if (strcmp(path, "/proc/self/statm") == 0)
		return statm();
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* libc's own function of that name */
static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function) {
		fprintf(stderr, "tests/kernel: libc has no %s\n", name);
		exit(2);
	}
	return function;
}

long sysconf(int name)
{
	static long (*truly)(int);

	if (name == _SC_PAGESIZE)
		return (long)kernel()->page_bytes;
	if (!truly)
		truly = (long (*)(int))next("sysconf");
	return truly(name);
}

int getpagesize(void)
{
	return (int)kernel()->page_bytes;
}

unsigned long getauxval(unsigned long type)
{
	static unsigned long (*truly)(unsigned long);

	if (type == AT_PAGESZ)
		return kernel()->page_bytes;
	if (!truly)
		truly = (unsigned long (*)(unsigned long))next("getauxval");
	return truly(type);
}
