/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stand-in for the system calls of memory, which behaves as a kernel with
 * larger pages, or as one that lies, would. It is linked into a test program
 * and takes the place of libc's mmap(), munmap(), mremap(), madvise(),
 * mprotect(), mincore(), sysconf(), getpagesize() and getauxval(), for the
 * engine and for the test alike; open() finds /proc/self/statm in its pages.
 * What libc maps for itself, such as stacks of threads, is not touched by it.
 *
 *	MI_TEST_KERNEL_PAGE=n		bytes of a page: 4096, 16384 or 65536
 *	MI_TEST_DONTNEED=lies		madvise() says yes and does nothing
 *	MI_TEST_DONTNEED=fails		MADV_DONTNEED is unknown: EINVAL
 *	MI_TEST_MREMAP=enosys		there is no mremap()
 *	MI_TEST_MREMAP=unmaps		MREMAP_DONTUNMAP is overlooked: the
 *					range that was moved is gone
 *	MI_TEST_NOREPLACE=ignored	as before Linux 4.17, the address that
 *					goes with MAP_FIXED_NOREPLACE is a hint
 *	MI_TEST_MMAP_LIMIT=n		the n-th mmap() and all later ones fail
 */
#ifndef TESTS_KERNEL_KERNEL_H
#define TESTS_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

enum kernel_dontneed { DONTNEED_WORKS, DONTNEED_LIES, DONTNEED_FAILS };
enum kernel_mremap { MREMAP_WORKS, MREMAP_ENOSYS, MREMAP_UNMAPS };

/* What the kernel does and what was asked of it. A test may change it */
struct kernel {
	size_t page_bytes;
	enum kernel_dontneed dontneed;
	enum kernel_mremap mremap;
	bool noreplace_ignored;
	unsigned long mmap_limit;	/* 0: none */

	unsigned long mmaps, munmaps, mremaps, madvises, mprotects;
	/*
	 * Calls of mremap() and madvise() whose ranges were no whole pages:
	 * refused, or done to more than the caller said.
	 */
	unsigned long uneven;
};

/* The settings of the environment are read before the first use */
struct kernel *kernel(void);

#endif /* TESTS_KERNEL_KERNEL_H */
