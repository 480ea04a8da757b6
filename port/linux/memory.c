/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory from Linux: reserved at large, taken by touching, given back. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "bits.h"
#include "port.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT		26
#endif

static bool huge_allowed, huge_wanted;

void port_allow_huge(bool allowed, bool wanted)
{
	huge_allowed = allowed;
	huge_wanted = wanted;
}

/* Where it is not allowed, one small block must not cost 2 MiB */
static void advise_huge(void *start, size_t bytes)
{
#if defined(MADV_HUGEPAGE) && defined(MADV_NOHUGEPAGE)
	int error = errno;

	if (huge_wanted)
		(void)madvise(start, bytes, MADV_HUGEPAGE);
	else if (!huge_allowed)
		(void)madvise(start, bytes, MADV_NOHUGEPAGE);
	errno = error;
#else
	(void)start;
	(void)bytes;
#endif
}

static size_t memory_total(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0 || info.mem_unit == 0)
		return (size_t)4 << 30;
	return ((size_t)info.totalram + info.totalswap) * info.mem_unit;
}

/*
 * Address space for four times what the machine has: a program that is
 * served from one arena all its life frees on the fast path all its life.
 */
size_t port_primary_bytes(void)
{
	size_t bytes = (size_t)1 << 30, total = memory_total();
	struct rlimit limit;

	while (bytes < 4 * total && bytes < (size_t)1 << 44)
		bytes *= 2;
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur / 2 < bytes)
		bytes = limit.rlim_cur / 2;
	if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur / 2 < bytes)
		bytes = limit.rlim_cur / 2;
	return bytes & ~(UNIT_SIZE - 1);
}

/* What could never be touched as a whole is refused, as the kernel does */
size_t port_request_max(void)
{
	static size_t most;

	if (!most)
		most = memory_total();
	return most;
}

void *port_reserve(size_t least, size_t *bytes, bool *is_zero)
{
	size_t size = *bytes;
	int error = errno;
	void *start;

	for (;; size = size / 2 & ~(UNIT_SIZE - 1)) {
		if (size < least)
			size = align_up(least, UNIT_SIZE);
		start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			     MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (start != MAP_FAILED || size < least + UNIT_SIZE)
			break;
	}
	errno = error;
	if (start == MAP_FAILED)
		return NULL;
	advise_huge(start, size);
	*bytes = size;
	*is_zero = true;
	return start;
}

void port_release(void *start, size_t bytes)
{
	int error = errno;

	(void)munmap(start, bytes);
	errno = error;
}

void *port_reserve_huge(size_t bytes)
{
	int error = errno;
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_HUGETLB | 30 << MAP_HUGE_SHIFT,
			   -1, 0);

	errno = error;
	return start == MAP_FAILED ? NULL : start;
}

bool port_purge(void *start, size_t bytes)
{
	int error = errno;
	bool given = madvise(start, bytes, MADV_DONTNEED) == 0;

	errno = error;
	return given;
}

/*
 * Before Linux 6.17 a range of several mappings cannot be moved in one go,
 * and the target is gone when that turns out: it is mapped anew then.
 */
bool port_move(void *to, void *from, size_t bytes)
{
	int error = errno;
	bool moved = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED |
			    MREMAP_DONTUNMAP, to) == to;

	if (!moved) {
		if (mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) !=
		    to)
			port_abort();
		advise_huge(to, bytes);
	}
	errno = error;
	return moved;
}
