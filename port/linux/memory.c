/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space from Linux: where it is, mapped as it is needed, given back.
 *
 * Ranges that are to grow are mapped at addresses of our own choice, where
 * nothing else is: in the middle of the address space, between the program,
 * which lies below or above, and the libraries and stacks at the top.
 *
 *	base                                base + room/2     + room/4
 *	| blocks ->         | further ->    | map ->          | engine's data ->
 *
 * Nothing is ever mapped over something that is there: the address is a hint
 * to the kernel, and what it gives elsewhere is given back. (Not with
 * MAP_FIXED_NOREPLACE, which ThreadSanitizer turns into a mapping at 0.)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "ground/bits.h"
#include "mapping.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT		26
#endif

/* Where base lies: at half of the highest address, aligned to `room` */
#define ROOM_BYTES_MIN		((size_t)1 << 30)
#define ROOM_BYTES_MAX		((size_t)1 << 44)
#define ROOM_BYTES_USUAL	((size_t)1 << 40)

/* Further arenas begin there: what grows has so much before it meets them */
#define FURTHER_OFFSET		((size_t)1 << 34)

/* Something may stand where an area goes on; how often we step over it */
#define HINT_TRIES		8
#define HINT_STEP		((size_t)1 << 30)

static enum port_huge huge;

void port_set_huge(enum port_huge wanted)
{
	huge = wanted;
}

void advise_huge(void *start, size_t bytes)
{
#if defined(MADV_HUGEPAGE) && defined(MADV_NOHUGEPAGE)
	int error = errno;

	if (huge == PORT_HUGE_WANTED)
		(void)madvise(start, bytes, MADV_HUGEPAGE);
	else if (huge == PORT_HUGE_NEVER)
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
 * What could never be touched as a whole is refused, as the kernel does.
 * Relaxed, in this file throughout: what is known is one word that leads to
 * nothing, and threads that find it out at once find the same or one of them
 * wins; a hint that is lost is looked for again.
 */
size_t port_request_max(void)
{
	static size_t most;
	size_t known = __atomic_load_n(&most, __ATOMIC_RELAXED);

	if (unlikely(!known)) {
		known = memory_total();
		__atomic_store_n(&most, known, __ATOMIC_RELAXED);
	}
	return known;
}

size_t port_page_bytes(void)
{
	static size_t bytes;
	size_t known = __atomic_load_n(&bytes, __ATOMIC_RELAXED);
	long told;

	if (likely(known))
		return known;
	told = sysconf(_SC_PAGESIZE);
	known = told > (long)UNIT_SIZE ? (size_t)told : UNIT_SIZE;
	__atomic_store_n(&bytes, known, __ATOMIC_RELAXED);
	return known;
}

void *map_anywhere(void *at, size_t bytes, int flags)
{
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

void *map_there(uintptr_t at, size_t bytes)
{
	void *start = map_anywhere((void *)at, bytes, 0);

	if (start == (void *)at)
		return start;
	if (start != MAP_FAILED) {
		(void)munmap(start, bytes);
		errno = EEXIST;
	}
	return NULL;
}

/*
 * Where the next range of each area is looked for; 0: not known yet. Several
 * threads may be the first: one value of `high` is that of the process, and
 * all else follows from it.
 */
static uintptr_t hints[PORT_AREA_COUNT];
static uintptr_t high;

/* So that addresses are not the same in each process; 0 where unknown */
static size_t some_bits(void)
{
	const unsigned char *bytes =
		(const unsigned char *)getauxval(AT_RANDOM);
	size_t bits = 0, i;

	for (i = 0; bytes && i < sizeof(bits); i++)
		bits = bits << 8 | bytes[i + 8];
	return bits;
}

/* An address near the highest that the system gives; NO_ADDRESS: unknown */
#define NO_ADDRESS	1

static uintptr_t high_address(void)
{
	uintptr_t known = __atomic_load_n(&high, __ATOMIC_RELAXED), first = 0;
	void *page;

	if (likely(known))
		return known;
	page = mmap(NULL, port_page_bytes(), PROT_NONE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	known = NO_ADDRESS;
	if (page != MAP_FAILED) {
		known = (uintptr_t)page;
		(void)munmap(page, port_page_bytes());
	}
	if (!__atomic_compare_exchange_n(&high, &first, known, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		known = first;
	return known;
}

/* Where an area begins, or 0: there is no room for places of our choice */
static uintptr_t area_start(enum port_area area)
{
	size_t whole = port_page_bytes() - 1, room = ROOM_BYTES_USUAL;
	size_t top = high_address(), bits = some_bits();
	uintptr_t base;

	while (room < 8 * port_request_max() && room < ROOM_BYTES_MAX)
		room *= 2;
	while (room > top / 32)
		room /= 2;
	if (room < ROOM_BYTES_MIN)
		return 0;
	/* one of eight places, and there a page of 128 MiB */
	base = align_down(top / 2, room) - (bits & 7) * room;
	bits >>= 3;
	switch (area) {
	case PORT_AREA_BLOCKS:
		return base + (bits & (ROOM_BYTES_MIN / 8 - 1) & ~whole);
	case PORT_AREA_FURTHER:
		return FURTHER_OFFSET < room / 2 ? base + FURTHER_OFFSET : 0;
	case PORT_AREA_MAP:
		return base + room / 2 +
		       (bits >> 12 & (room / 16 - 1) & ~whole);
	default:
		return base + room / 2 + room / 4 +
		       (bits >> 20 & (room / 16 - 1) & ~whole);
	}
}

/* What can hardly grow, for want of a place of our choice, begins larger */
static size_t area_bytes_fixed(enum port_area area, size_t bytes)
{
	static const size_t least[PORT_AREA_COUNT] = {
		[PORT_AREA_BLOCKS] = (size_t)256 << 20,
		[PORT_AREA_META] = (size_t)64 << 20,
		[PORT_AREA_MAP] = (size_t)65 << 20,
	};

	return bytes < least[area] ? least[area] : bytes;
}

/* What was mapped of each area is treated as the area wants it */
static void area_advise(enum port_area area, void *start, size_t bytes)
{
	if (area == PORT_AREA_MAP)	/* large, but little is touched */
		(void)madvise(start, bytes, MADV_DONTDUMP);
	else
		advise_huge(start, bytes);
}

/* Of `*bytes` or less at one of the area's addresses */
static void *map_in_area(enum port_area area, size_t least, size_t *bytes)
{
	uintptr_t hint = __atomic_load_n(&hints[area], __ATOMIC_RELAXED);
	size_t size = *bytes, whole = port_page_bytes();
	unsigned int tries = HINT_TRIES;
	void *start;

	if (!hint)
		hint = area_start(area);
	while (hint && tries) {
		start = map_there(hint, size);
		if (start) {
			/* a page is left free, so that no two ranges touch */
			__atomic_store_n(&hints[area], hint + size + whole,
					 __ATOMIC_RELAXED);
			*bytes = size;
			return start;
		}
		if (errno == EEXIST) {
			hint += area == PORT_AREA_FURTHER ? size + whole :
				HINT_STEP;
			tries--;
		} else if (size > least) {
			size = size / 2 < least ? least :
			       align_up(size / 2, whole);
		} else {
			break;
		}
	}
	if (!hint || !tries)
		size = area_bytes_fixed(area, size);
	for (;;) {
		start = map_anywhere(NULL, size, 0);
		if (start != MAP_FAILED || size <= least)
			break;
		size = size / 2 < least ? least : align_up(size / 2, whole);
	}
	*bytes = size;
	return start == MAP_FAILED ? NULL : start;
}

void *port_reserve(enum port_area area, size_t least, size_t *bytes,
		   bool *is_zero)
{
	size_t whole = port_page_bytes();
	int error = errno;
	void *start;

	if (*bytes > PTRDIFF_MAX || least > *bytes)
		return NULL;
	*bytes = align_up(*bytes, whole);
	start = map_in_area(area, align_up(least, whole), bytes);
	if (start)
		area_advise(area, start, *bytes);
	errno = error;
	*is_zero = true;
	return start;
}

size_t port_extend(enum port_area area, void *end, size_t least, size_t bytes)
{
	size_t whole = port_page_bytes();
	int error = errno;
	void *start;

	if (least > bytes || bytes > PTRDIFF_MAX)
		return 0;
	least = align_up(least, whole);
	bytes = align_up(bytes, whole);
	for (;;) {
		start = map_there((uintptr_t)end, bytes);
		if (start || bytes == least)
			break;
		bytes = align_down(bytes / 2, whole);
		if (bytes < least)
			bytes = least;
	}
	if (start)
		area_advise(area, start, bytes);
	errno = error;
	return start ? bytes : 0;
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
