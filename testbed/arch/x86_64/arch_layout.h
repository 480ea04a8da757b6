/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are on this machine; the assembler reads this, too.
 *
 *   0x00_0000_0000 +----------------------------+
 *                  | page 0, not mapped         |
 *   0x00_0000_1000 +----------------------------+
 *                  | firmware's tables, unused; |
 *                  | SECONDARY_START in it      |
 *   0x00_0001_2000 +----------------------------+
 *                  | low memory, free           |
 *   0x00_0009_f000 +----------------------------+
 *                  | video, firmware            |
 *   0x00_0010_0000 +----------------------------+
 *                  | image, then free memory    |
 *       top of RAM +----------------------------+
 *                  | devices                    |
 *   0x01_0000_0000 +----------------------------+
 *
 * The image's place is IMAGE_START of arch.mk.
 */
#ifndef TESTBED_ARCH_LAYOUT_H
#define TESTBED_ARCH_LAYOUT_H

#define MEMORY_START		0		/* frames are counted from it */
#define LOW_MEMORY_START	0x12000		/* nothing below it is used */
#define IDENTITY_END		0x100000000
#define SECONDARY_START		0x8000		/* first code of other CPUs */

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10
#define SELECTOR_TASK		0x18

/* What each CPU starts with */
#define START_CR4		0x106a0	/* PAE, PGE, OSFXSR, OSXMMEXCPT, */
					/* FSGSBASE */
#define START_EFER		0x901		/* SCE, LME, NXE */
#define START_CR0		0x80010023	/* PG, WP, NE, MP, PE */

#define EXIT_PORT		0xf4

#endif /* TESTBED_ARCH_LAYOUT_H */
