/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an application may ask the testbed beyond Unikraft's names.
 */
#ifndef TESTBED_TESTBED_H
#define TESTBED_TESTBED_H

#include <stddef.h>
#include <stdint.h>

/*
 * Instructions executed since boot when QEMU counts them (-icount shift=0),
 * page faults included, the filling of frames with junk left out.
 */
uint64_t testbed_instructions(void);

/* Bytes in free frames; 0 in mode static, which has none. */
size_t testbed_free_frame_bytes(void);

/* Pages filled on demand so far. */
uint64_t testbed_fault_count(void);

const char *testbed_mode_name(void);	/* "static", "paging", "vmem" */
const char *testbed_alloc_name(void);	/* as alloc= names it */

/* Instructions the allocator's initialiser took for the heap at boot. */
uint64_t testbed_init_instructions(void);

/*
 * The memory that the boot parameter spare= (KiB) kept out of the heap: fully
 * mapped, on demand in mode vmem. NULL when there is none.
 */
void *testbed_spare(size_t *bytes);

/*
 * What a loader has put behind the image, with the boot parameter loaded=; NULL
 * without that.
 */
void *testbed_loaded(size_t *bytes);

/* The initialiser of the chosen allocator, for further instances. */
struct uk_alloc *testbed_alloc_init(void *base, size_t bytes);

/*
 * The length of the stack that main() runs on. An application that defines it
 * has one of its own choice; this one is for interpreters, and just below a
 * power of two, as a buddy likes it.
 */
extern const size_t testbed_stack_bytes;
#define TESTBED_STACK_LARGE (512 * 1024 - 4096)

#endif /* TESTBED_TESTBED_H */
