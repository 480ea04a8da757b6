/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are on this machine, QEMU's virt; the assembler reads this, too.
 *
 *   0x00_0000_0000 +----------------------------+
 *                  | not mapped                 |
 *   0x00_0800_0000 +----------------------------+
 *                  | interrupt controller       |
 *   0x00_0900_0000 +----------------------------+
 *                  | serial line, calendar      |
 *   0x00_0920_0000 +----------------------------+
 *                  | not mapped                 |
 *   0x00_4000_0000 +----------------------------+
 *                  | the device tree, then free |
 *   0x00_4010_0000 +----------------------------+
 *                  | image, then free memory    |
 *       top of RAM +----------------------------+
 *                  | nothing                    |
 *   0x01_4000_0000 +----------------------------+
 *
 * The image's place is IMAGE_START of arch.mk.
 */
#ifndef TESTBED_ARCH_LAYOUT_H
#define TESTBED_ARCH_LAYOUT_H

#define MEMORY_START		0x40000000	/* frames are counted from it */
#define LOW_MEMORY_START	0x40000000	/* nothing below it is used */
#define IDENTITY_END		0x140000000

#define DISTRIBUTOR		0x08000000	/* GIC, version 2 */
#define CPU_INTERFACE		0x08010000
#define SERIAL			0x09000000	/* PL011 */
#define CALENDAR		0x09010000	/* PL031 */

/* What an exception stores, see traps.h */
#define TRAP_FRAME_BYTES	304
#define TRAP_STACK_BYTES	16384

#endif /* TESTBED_ARCH_LAYOUT_H */
