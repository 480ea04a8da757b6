/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory map of the testbed, physical and virtual.
 *
 *   virtual address
 *   0x00_0000_0000 +----------------------------+
 *                  | page 0, never mapped       |  a NULL access faults
 *   0x00_0000_1000 +----------------------------+ \
 *                  | firmware's tables, unused  |  |
 *   0x00_0001_2000 +----------------------------+  |
 *                  | low memory, free           |  |
 *   0x00_0009_f000 +----------------------------+  |
 *                  | video, firmware            |  | one to one with
 *   0x00_0010_0000 +----------------------------+  | physical memory,
 *                  | image: text, data, bss     |  | 2 MiB pages
 *        image_end +----------------------------+  |
 *                  | free memory                |  |
 *       top of RAM +----------------------------+  |
 *                  | nothing                    |  |
 *   0x01_0000_0000 +----------------------------+ /
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
 * Mode static hands the two free ranges to the allocator where they are. The
 * other two modes make them into 4 KiB frames and map those at the heap.
 */
#ifndef TESTBED_LAYOUT_H
#define TESTBED_LAYOUT_H

#define LOW_MEMORY_START	0x12000
#define IMAGE_START		0x100000
#define IDENTITY_END		0x100000000
#define HEAP_START		0x400000000
#define SPARE_START		0x800000000
#define STACKS_START		0x1000000000

#define HEAP_FIRST_BYTES	0x10000		/* what vmem starts with */

#define BOOT_STACK_BYTES	16384
#define THREAD_STACK_BYTES	65536
#define AUXILIARY_STACK_BYTES	65536
#define FAULT_STACK_BYTES	4096
#define INTERRUPT_STACK_BYTES	4096

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10
#define SELECTOR_TASK		0x18

#define FRAME_SHIFT		12
#define FRAME_BYTES		4096
#define LARGE_FRAME_BYTES	0x200000

/* What a guest leaves at the exit port; QEMU ends with 2 * value + 1. */
#define EXIT_PORT		0xf4
#define EXIT_BASE		0x10		/* + status of the program */
#define EXIT_STATUS_MAX		0x3f
#define EXIT_CRASH		0x60

#endif /* TESTBED_LAYOUT_H */
