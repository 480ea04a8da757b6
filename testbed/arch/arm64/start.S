/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First instructions: exception level 1, the MMU off, x0 = address of the
 * device tree, or 0. The page tables are ready in the image; we switch them on
 * and call boot_main().
 *
 * The kernel and its threads run on SP_EL0. Exceptions take SP_EL1, since a
 * page of a thread's stack may be what is missing.
 */
#include "layout.h"

	.macro	MMU_ON			/* and vector instructions */
	mov	x0, #3 << 20		/* no traps of the latter */
	msr	cpacr_el1, x0
	mov	x0, #0xff00		/* 0: device, 1: memory, cached */
	msr	mair_el1, x0
	ldr	x0, =0x200803510	/* 4 KiB, 48 bits, 40 physical ones */
	msr	tcr_el1, x0
	ldr	x0, =boot_page_table
	msr	ttbr0_el1, x0
	tlbi	vmalle1
	dsb	sy
	isb
	ldr	x0, =0x30d0180d		/* MMU, caches, aligned stacks */
	msr	sctlr_el1, x0
	isb
	.endm

	.section .text.start, "ax", @progbits
	.globl	start
start:
	msr	daifset, #15
	mov	x19, x0
	ldr	x0, =trap_stack_top
	msr	spsel, #1
	mov	sp, x0
	ldr	x0, =boot_stack_top
	msr	spsel, #0
	mov	sp, x0

	MMU_ON
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x19
	bl	boot_main
1:	wfi
	b	1b

#ifdef CONFIG_HAVE_SMP
/* Another CPU, in the state that the first began in; x0: its struct lcpu */
	.text
	.globl	secondary_start
secondary_start:
	msr	daifset, #15
	mov	x19, x0
	MMU_ON
	ldr	x0, [x19, #LCPU_SP]
	and	x0, x0, #-16
	msr	spsel, #0
	mov	sp, x0
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x19
	bl	lcpu_main
#endif

#define BLOCK_MEMORY	0x0040000000000705
#define BLOCK_DEVICE	0x0060000000000401

	.section .data.boot, "aw", @progbits
	.balign	4096
	.globl	boot_page_table
boot_page_table:
	.quad	boot_gigabytes + 3
	.fill	511, 8, 0
boot_gigabytes:
	.quad	boot_devices + 3
	.set	address, MEMORY_START
	.rept	(IDENTITY_END - MEMORY_START) >> 30
	.quad	address + BLOCK_MEMORY
	.set	address, address + (1 << 30)
	.endr
	.fill	511 - ((IDENTITY_END - MEMORY_START) >> 30), 8, 0
boot_devices:				/* 2 MiB each */
	.fill	DISTRIBUTOR >> 21, 8, 0
	.quad	DISTRIBUTOR + BLOCK_DEVICE
	.fill	((SERIAL - DISTRIBUTOR) >> 21) - 1, 8, 0
	.quad	SERIAL + BLOCK_DEVICE
	.fill	511 - (SERIAL >> 21), 8, 0

	.section .bss.boot, "aw", @nobits
	.balign	16
	.skip	BOOT_STACK_BYTES
boot_stack_top:
	.skip	TRAP_STACK_BYTES
trap_stack_top:

	.section .note.GNU-stack, "", @progbits
