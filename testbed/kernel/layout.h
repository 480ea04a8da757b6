/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory map of the testbed, physical and virtual.
 *
 *   virtual address
 *   0x00_0000_0000 +----------------------------+
 *                  | page 0, never mapped       |  a NULL access faults
 *   0x00_0000_1000 +----------------------------+ \
 *                  | memory and devices, one to |  | arch_layout.h has
 *                  | one with physical ones;    |  | its parts
 *                  | the image in it            |  |
 *     IDENTITY_END +----------------------------+ /
 *                  | not mapped                 |
 *   0x04_0000_0000 +----------------------------+
 *                  | heap (modes paging, vmem)  |  frames from free memory
 *   0x04_xxxx_xxxx +----------------------------+
 *                  | not mapped                 |
 *   0x08_0000_0000 +----------------------------+
 *                  | memory kept out of the     |  parameter spare=
 *                  | heap for other instances   |
 *                  +----------------------------+
 *                  | not mapped                 |
 *   0x10_0000_0000 +----------------------------+
 *                  | stacks (mode vmem), each   |  4 KiB pages, on demand
 *                  | below it an unmapped page  |
 *                  +----------------------------+
 *
 * Mode static hands the free ranges below and above the image to the allocator
 * where they are. The other two modes make them into 4 KiB frames and map those
 * at the heap.
 */
#ifndef TESTBED_LAYOUT_H
#define TESTBED_LAYOUT_H

#include "arch_layout.h"

#define HEAP_START		0x400000000
#define SPARE_START		0x800000000
#define STACKS_START		0x1000000000

#define HEAP_FIRST_BYTES	0x10000		/* what vmem starts with */

#define BOOT_STACK_BYTES	16384
#define THREAD_STACK_BYTES	65536
#define AUXILIARY_STACK_BYTES	65536
#define FAULT_STACK_BYTES	4096
#define INTERRUPT_STACK_BYTES	4096

#define FRAME_SHIFT		12
#define FRAME_BYTES		4096
#define LARGE_FRAME_BYTES	0x200000

/* struct lcpu of lcpu.h: its length, and where a CPU's first stack is named */
#define LCPU_SHIFT		6
#define LCPU_SP			8

/* What a guest ends with; QEMU then ends with 2 * value + 1. */
#define EXIT_BASE		0x10		/* + status of the program */
#define EXIT_STATUS_MAX		0x3f
#define EXIT_CRASH		0x60

#endif /* TESTBED_LAYOUT_H */
