/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * First instructions of another CPU. It begins in real mode, in a copy at
 * SECONDARY_START, and goes to long mode at once. Its identity is its index.
 */
#ifdef CONFIG_HAVE_SMP
#include "layout.h"

	.text
	.code16
	.globl	secondary_code, secondary_code_end
secondary_code:
	cli
	movl	$START_CR4, %eax
	movl	%eax, %cr4
	movl	$boot_page_table, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER */
	rdmsr
	orl	$START_EFER, %eax
	wrmsr
	lgdtl	%cs:secondary_gdt_pointer - secondary_code
	movl	$START_CR0, %eax
	movl	%eax, %cr0
	ljmpl	$SELECTOR_CODE, $secondary64
secondary_gdt_pointer:
	.word	3 * 8 - 1
	.long	boot_gdt
secondary_code_end:

	.code64
secondary64:
	movl	$SELECTOR_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	fninit
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	shll	$LCPU_SHIFT, %ebx
	leaq	lcpus(%rbx), %rdi
	movq	LCPU_SP(%rdi), %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	call	lcpu_main

#endif /* CONFIG_HAVE_SMP */
	.section .note.GNU-stack, "", @progbits
