/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What mapped pages hold on Linux: given back, copied, and moved by exchanging
 * mappings. And what the system really does where it is asked for that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground/bits.h"
#include "mapping.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

enum answer { UNKNOWN, YES, NO };

/* Whether the range is mapped, or a part of it */
static bool is_mapped(void *start, size_t bytes)
{
	unsigned char pages[64];	/* as if pages were of one unit */
	size_t step = sizeof(pages) * UNIT_SIZE, at;

	for (at = 0; at < bytes; at += step)
		if (mincore((char *)start + at, bytes - at < step ?
			    bytes - at : step, pages) == 0 || errno != ENOMEM)
			return true;
	return false;
}

/*
 * What the system really does is tried once, when it is first needed, on a page
 * of our own. UNKNOWN: it could not be tried, and is another time. Relaxed: the
 * answer is all there is, and threads that try at once find the same.
 */
static bool tried(enum answer *known, enum answer (*attempt)(void))
{
	enum answer answer = __atomic_load_n(known, __ATOMIC_RELAXED);

	if (unlikely(answer == UNKNOWN)) {
		answer = attempt();
		__atomic_store_n(known, answer, __ATOMIC_RELAXED);
	}
	return answer == YES;
}

/* Some layers answer 0 to MADV_DONTNEED and do nothing */
static enum answer try_dontneed(void)
{
	size_t whole = port_page_bytes();
	volatile char *page = map_anywhere(NULL, whole, 0);
	enum answer answer;

	if (page == MAP_FAILED)
		return UNKNOWN;
	page[0] = 1;
	answer = madvise((void *)page, whole, MADV_DONTNEED) == 0 &&
		 page[0] == 0 ? YES : NO;
	(void)munmap((void *)page, whole);
	return answer;
}

/*
 * Whether MREMAP_DONTUNMAP is there and leaves the source mapped: Linux 5.7.
 * qemu-user 7.2 passes over it, and the source is gone.
 */
static enum answer try_move(void)
{
	size_t whole = port_page_bytes();
	char *from = map_anywhere(NULL, 2 * whole, 0), *to;
	enum answer answer;

	if (from == MAP_FAILED)
		return UNKNOWN;
	to = from + whole;
	*(volatile char *)from = 1;
	answer = mremap(from, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED |
			MREMAP_DONTUNMAP, to) == to &&
		 *(volatile char *)to == 1 && is_mapped(from, whole) &&
		 *(volatile char *)from == 0 ? YES : NO;
	if (is_mapped(from, whole))
		(void)munmap(from, whole);
	(void)munmap(to, whole);
	return answer;
}

/*
 * /proc/self/pagemap holds a word for each page: see proc_pid_pagemap(5). What
 * has one of these bits is in memory or swapped out, anything else is as it
 * was mapped, and these mappings are zero. (mincore(2) would be simpler, and
 * does not tell what was swapped out from what was never touched.)
 */
#define PAGEMAP_TOUCHED	((uint64_t)3 << 62)
#define PAGEMAP_WORDS	256

/* From so much on what little was touched is given back: see zero_touched() */
#define ZERO_PURGE_MIN	((size_t)4 << 20)

/*
 * A file, or -1 with errno. By the system calls themselves, here and below: a
 * thread may not be cancelled in malloc and its kin.
 */
static int pagemap_open(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/pagemap",
			    O_RDONLY | O_CLOEXEC);
}

static void pagemap_close(int pagemap)
{
	(void)syscall(SYS_close, pagemap);
}

/* The words of `count` pages; true: as many were there */
static bool pagemap_read(int pagemap, const void *start, size_t count,
			 uint64_t *words)
{
	size_t bytes = count * sizeof(*words);
	uintptr_t at = (uintptr_t)start / port_page_bytes() * sizeof(*words);

	return syscall(SYS_pread64, pagemap, words, bytes, at) == (long)bytes;
}

/* qemu-user shows the pages of other addresses: see what a new one does */
static enum answer try_pagemap(void)
{
	size_t whole = port_page_bytes();
	volatile char *page = map_anywhere(NULL, whole, 0);
	enum answer answer = NO;
	uint64_t before, after;
	int pagemap;

	if (page == MAP_FAILED)
		return UNKNOWN;
	pagemap = pagemap_open();
	if (pagemap_read(pagemap, (void *)page, 1, &before)) {
		page[0] = 1;
		if (pagemap_read(pagemap, (void *)page, 1, &after) &&
		    !(before & PAGEMAP_TOUCHED) && (after & PAGEMAP_TOUCHED))
			answer = YES;
	}
	if (pagemap >= 0)
		pagemap_close(pagemap);
	else	/* there may be too many open files now */
		answer = UNKNOWN;
	(void)munmap((void *)page, whole);
	return answer;
}

/* What is known of each */
static enum answer dontneed, moves, pagemaps;

/* New mappings, over ours. Where they are gone, `*lost` */
static bool map_anew(void *start, size_t bytes, bool *lost)
{
	*lost = false;
	if (map_anywhere(start, bytes, MAP_FIXED) == start) {
		advise_huge(start, bytes);
		return true;
	}
	/* most refusals come before anything has changed; or once more */
	*lost = !is_mapped(start, bytes) &&
		!map_there((uintptr_t)start, bytes);
	return false;
}

bool port_purge(void *start, size_t bytes)
{
	uintptr_t from = (uintptr_t)start, to = from + bytes;
	uintptr_t inner = align_up(from, port_page_bytes());
	uintptr_t outer = align_down(to, port_page_bytes());
	bool given, lost;
	int error = errno;

	if (inner >= outer)
		inner = outer = to;
	if (inner != outer) {
		given = tried(&dontneed, try_dontneed) ?
			madvise((void *)inner, outer - inner, MADV_DONTNEED)
			== 0 : map_anew((void *)inner, outer - inner, &lost);
		errno = error;
		if (!given)
			return false;
	}
	/* parts of the system's pages stay where they are, and are cleared */
	memory_zero(start, inner - from);
	memory_zero((void *)outer, to - outer);
	return true;
}

static void copy_touched(int pagemap, char *to, const char *from, size_t pages)
{
	uint64_t source[PAGEMAP_WORDS], target[PAGEMAP_WORDS];
	size_t whole = port_page_bytes(), count, i;
	bool known;

	for (; pages; pages -= count) {
		count = pages < PAGEMAP_WORDS ? pages : PAGEMAP_WORDS;
		known = pagemap_read(pagemap, from, count, source) &&
			pagemap_read(pagemap, to, count, target);
		for (i = 0; i < count; i++, to += whole, from += whole) {
			if (!known || (source[i] & PAGEMAP_TOUCHED))
				memory_copy(to, from, whole);
			else if (target[i] & PAGEMAP_TOUCHED)
				memory_zero(to, whole);
		}
	}
}

bool port_copy_touched(void *to, const void *from, size_t bytes)
{
	size_t whole = port_page_bytes();
	int error = errno, pagemap = -1;

	if ((((uintptr_t)to | (uintptr_t)from | bytes) & (whole - 1)) == 0 &&
	    tried(&pagemaps, try_pagemap))
		pagemap = pagemap_open();
	if (pagemap >= 0) {
		copy_touched(pagemap, to, from, bytes / whole);
		pagemap_close(pagemap);
	}
	errno = error;
	return pagemap >= 0;
}

/*
 * To read what the system knows of a long range takes longer than to give it
 * back. So where little was touched of what was read, some of what follows is
 * given back unread, and twice as much the next time.
 */
static void zero_touched(int pagemap, char *at, char *end, bool purges)
{
	size_t whole = port_page_bytes(), count, i, touched;
	size_t unread = ZERO_PURGE_MIN;
	uint64_t words[PAGEMAP_WORDS];
	bool known;

	while (at < end) {
		count = (size_t)(end - at) / whole;
		if (count > PAGEMAP_WORDS)
			count = PAGEMAP_WORDS;
		known = pagemap_read(pagemap, at, count, words);
		for (i = touched = 0; i < count; i++, at += whole)
			if (!known || (words[i] & PAGEMAP_TOUCHED)) {
				memory_zero(at, whole);
				touched++;
			}
		if (!purges || (size_t)(end - at) < ZERO_PURGE_MIN)
			continue;
		if (touched >= count / 4) {
			unread = ZERO_PURGE_MIN;
			continue;
		}
		if (unread > (size_t)(end - at))
			unread = (size_t)(end - at);
		if (port_purge(at, unread))
			at += unread;
		unread *= 2;
	}
}

bool port_zero_touched(void *start, size_t bytes, bool purges)
{
	char *from = (char *)align_up((uintptr_t)start, port_page_bytes());
	char *end = (char *)start + bytes;
	char *to = (char *)align_down((uintptr_t)end, port_page_bytes());
	int error = errno, pagemap = -1;

	if (from < to && tried(&pagemaps, try_pagemap))
		pagemap = pagemap_open();
	if (pagemap >= 0) {
		memory_zero(start, (size_t)(from - (char *)start));
		zero_touched(pagemap, from, to, purges);
		memory_zero(to, (size_t)(end - to));
		pagemap_close(pagemap);
	}
	errno = error;
	return pagemap >= 0;
}

/*
 * Before Linux 6.17 a range of several mappings cannot be moved in one go,
 * and the target may be gone when that turns out.
 */
enum port_moved port_move(void *to, void *from, size_t bytes)
{
	enum port_moved moved = PORT_NOT_MOVED;
	int error = errno;
	bool lost;

	if ((((uintptr_t)to | (uintptr_t)from | bytes) &
	     (port_page_bytes() - 1)) || !tried(&moves, try_move))
		return PORT_NOT_MOVED;
	if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED |
		   MREMAP_DONTUNMAP, to) == to) {
		/* what is left there gets mappings that join the others */
		(void)map_anew(from, bytes, &lost);
		moved = lost ? PORT_MOVED_AWAY : PORT_MOVED;
	} else if (!is_mapped(to, bytes) && !map_there((uintptr_t)to, bytes)) {
		moved = PORT_MOVE_LOST;
	}
	errno = error;
	return moved;
}

enum port_moved port_renew(void *start, size_t bytes)
{
	uintptr_t from = align_up((uintptr_t)start, port_page_bytes());
	uintptr_t to = align_down((uintptr_t)start + bytes, port_page_bytes());
	enum port_moved renewed = PORT_NOT_MOVED;
	int error = errno;
	bool lost = false;

	if (from < to && map_anew((void *)from, to - from, &lost)) {
		memory_zero(start, from - (uintptr_t)start);
		memory_zero((void *)to, (uintptr_t)start + bytes - to);
		renewed = PORT_MOVED;
	} else if (lost) {
		renewed = PORT_MOVE_LOST;
	}
	errno = error;
	return renewed;
}
