/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First instructions. The PVH note below tells the boot loader where to enter:
 * 32-bit protected mode, paging off, EBX = address of the start info. We map
 * the first 4 GiB one to one, switch to long mode and call
 * boot_main(start_info), which takes page 0 away again.
 */
#include "layout.h"

	.section .note.pvh, "a", @note
	.align	4
	.long	4			/* length of the name */
	.long	4			/* length of the value */
	.long	18			/* "32-bit entry point" */
	.asciz	"Xen"
	.long	start

	.section .text.start, "ax", @progbits
	.code32
	.globl	start
start:
	cli
	cld
	movl	$boot_stack_top, %esp
	movl	%ebx, %ebp

	/* 2 MiB pages for all of it ... */
	movl	$boot_directories, %edi
	movl	$0x83, %eax		/* present, writable, large */
	movl	$2048, %ecx
1:	movl	%eax, (%edi)
	movl	$0, 4(%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b

	/* ... but the first, which gets 4 KiB pages ... */
	movl	$boot_table_low, %edi
	movl	$0x03, %eax
	movl	$512, %ecx
2:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	2b
	movl	$boot_table_low + 0x03, boot_directories

	/* ... and the two levels above */
	movl	$boot_directories + 0x03, %eax
	movl	$boot_pointers, %edi
	movl	$4, %ecx
3:	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	3b
	movl	$boot_pointers + 0x03, boot_page_table

	movl	$boot_page_table, %eax
	movl	%eax, %cr3
	movl	$START_CR4, %eax
	movl	%eax, %cr4
	movl	$0xc0000080, %ecx	/* EFER */
	rdmsr
	orl	$START_EFER, %eax
	wrmsr
	movl	$START_CR0, %eax
	movl	%eax, %cr0
	lgdt	boot_gdt_pointer
	ljmp	$SELECTOR_CODE, $start64

	.code64
start64:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	fninit
	movl	%ebp, %edi
	xorl	%ebp, %ebp
	call	boot_main
4:	cli
	hlt
	jmp	4b

	.section .rodata.boot, "a", @progbits
	.align	8
	.globl	boot_gdt
boot_gdt:
	.quad	0
	.quad	0x00af9a000000ffff	/* SELECTOR_CODE: 64-bit code, ring 0 */
	.quad	0x00cf92000000ffff	/* SELECTOR_DATA */
boot_gdt_end:
boot_gdt_pointer:
	.word	boot_gdt_end - boot_gdt - 1
	.long	boot_gdt

	.section .bss.boot, "aw", @nobits
	.align	4096
	.globl	boot_page_table
boot_page_table:
	.skip	4096
boot_pointers:
	.skip	4096
boot_directories:
	.skip	4 * 4096
boot_table_low:
	.skip	4096
	.align	16
	.skip	BOOT_STACK_BYTES
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
