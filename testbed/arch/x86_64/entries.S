/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries of exceptions, interrupts and system calls.
 *
 * Exceptions and interrupts run on stacks of their own (named in the task
 * segment), because compiled code keeps data in the 128 bytes below its stack
 * pointer. A system call has no such stack: it steps over those bytes. It is
 * made from ring 0, so it is left by a jump and not by SYSRET.
 */

	.text
	.macro	TRAP vector, has_error
	.align	16
	.if	\has_error == 0
	pushq	$0
	.endif
	pushq	$\vector
	jmp	trap_common
	.endm

	.globl	trap_entries
	.align	16
trap_entries:				/* 16 bytes for each vector */
	.set	vector, 0
	.rept	48
	.if	vector == 8 || (vector >= 10 && vector <= 14) \
		|| vector == 17 || vector == 21 || vector == 29 || vector == 30
	TRAP	vector, 1
	.else
	TRAP	vector, 0
	.endif
	.set	vector, vector + 1
	.endr

trap_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbp
	andq	$-16, %rsp
	call	trap_dispatch
	movq	%rbp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

/*
 * rax: number; rdi, rsi, rdx, r10, r8, r9: arguments; rcx: return address;
 * r11: flags. All but rax, rcx, r11 come back as they were, the vector
 * registers too, since the call may switch threads.
 */
	.globl	system_call_entry
	.align	16
system_call_entry:
	leaq	-128(%rsp), %rsp
	pushq	%rbp
	movq	%rsp, %rbp
	pushq	%rcx
	pushq	%r11
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%r10
	pushq	%r8
	pushq	%r9
	subq	$512, %rsp
	andq	$-16, %rsp
	fxsave64 (%rsp)
	pushq	%r9			/* seventh argument, and 8 to align */
	pushq	%r9
	movq	%r8, %r9
	movq	%r10, %r8
	movq	%rdx, %rcx
	movq	%rsi, %rdx
	movq	%rdi, %rsi
	movq	%rax, %rdi
	call	system_call
	addq	$16, %rsp
	fxrstor64 (%rsp)
	leaq	-64(%rbp), %rsp
	popq	%r9
	popq	%r8
	popq	%r10
	popq	%rdx
	popq	%rsi
	popq	%rdi
	popq	%r11
	popq	%rcx
	popq	%rbp
	pushq	%r11			/* still below the caller's 128 bytes */
	popfq
	leaq	128(%rsp), %rsp
	jmp	*%rcx

	.section .note.GNU-stack, "", @progbits
