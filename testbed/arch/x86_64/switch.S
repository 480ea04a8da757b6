/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void thread_switch(uintptr_t *save_sp, uintptr_t sp)
 *
 * A call, so only what the ABI preserves over calls is kept: six registers and
 * the control words of the two floating point units.
 */
	.text
	.globl	thread_switch
thread_switch:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret

/* First code of a thread: r12 is its function, r13 the argument. */
	.globl	thread_entry
thread_entry:
	xorl	%ebp, %ebp
	movq	%r13, %rdi
	call	*%r12
	ud2				/* thread functions do not return */

	.section .note.GNU-stack, "", @progbits
