/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries of exceptions, interrupts and system calls.
 *
 * The CPU goes over to SP_EL1, a stack that is always there, so a missing page
 * of a thread's stack can be filled. A system call may switch threads: it goes
 * on with SP_EL0, the caller's stack.
 */
#include "arch_layout.h"

#define SYSTEM_CALL 0x15		/* class of exception */

	.text
	.macro	TRAP number
	.balign	128
	sub	sp, sp, #TRAP_FRAME_BYTES
	stp	x0, x1, [sp]
	.if	\number == 0		/* synchronous, of a thread */
	mrs	x0, esr_el1
	lsr	x0, x0, #26
	cmp	x0, #SYSTEM_CALL
	b.eq	system_call_trap
	.endif
	mov	x0, #\number
	b	trap_common
	.endm

	.macro	VECTORS operation	/* all of them, at sp + 192 */
	\operation	q0, q1, [sp, #192]
	\operation	q2, q3, [sp, #224]
	\operation	q4, q5, [sp, #256]
	\operation	q6, q7, [sp, #288]
	\operation	q8, q9, [sp, #320]
	\operation	q10, q11, [sp, #352]
	\operation	q12, q13, [sp, #384]
	\operation	q14, q15, [sp, #416]
	\operation	q16, q17, [sp, #448]
	\operation	q18, q19, [sp, #480]
	\operation	q20, q21, [sp, #512]
	\operation	q22, q23, [sp, #544]
	\operation	q24, q25, [sp, #576]
	\operation	q26, q27, [sp, #608]
	\operation	q28, q29, [sp, #640]
	\operation	q30, q31, [sp, #672]
	.endm

	.globl	trap_vectors
	.balign	2048
trap_vectors:
	.set	number, 0
	.rept	16
	TRAP	number
	.set	number, number + 1
	.endr

trap_common:
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	mrs	x1, sp_el0
	stp	x30, x1, [sp, #240]
	mrs	x1, elr_el1
	mrs	x2, spsr_el1
	stp	x1, x2, [sp, #256]
	mrs	x1, esr_el1
	mrs	x2, far_el1
	stp	x1, x2, [sp, #272]
	str	x0, [sp, #288]
	mov	x0, sp
	bl	trap_dispatch
	ldp	x1, x2, [sp, #256]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldr	x30, [sp, #240]
	ldp	x28, x29, [sp, #224]
	ldp	x26, x27, [sp, #208]
	ldp	x24, x25, [sp, #192]
	ldp	x22, x23, [sp, #176]
	ldp	x20, x21, [sp, #160]
	ldp	x18, x19, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #TRAP_FRAME_BYTES
	eret

/*
 * A system call leaves the exception at once, to go on below with the caller's
 * stack, on which its return address and state lie then. The store may fault,
 * in which case an exception within this one fills the page.
 */
#define CALL_FRAME_BYTES 704

system_call_trap:
	stp	x2, x3, [sp, #16]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	mrs	x2, sp_el0
	sub	x2, x2, #CALL_FRAME_BYTES
	stp	x0, x1, [x2]
	msr	sp_el0, x2
	adr	x0, system_call_entry
	msr	elr_el1, x0
	msr	spsr_el1, x1
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp]
	add	sp, sp, #TRAP_FRAME_BYTES
	eret

/*
 * x8: number; x0 to x5: arguments. All but x0 come back as they were, the
 * vector registers too, since the call may switch threads.
 */
system_call_entry:
	stp	x1, x2, [sp, #16]
	stp	x3, x4, [sp, #32]
	stp	x5, x6, [sp, #48]
	stp	x7, x8, [sp, #64]
	stp	x9, x10, [sp, #80]
	stp	x11, x12, [sp, #96]
	stp	x13, x14, [sp, #112]
	stp	x15, x16, [sp, #128]
	stp	x17, x18, [sp, #144]
	stp	x29, x30, [sp, #160]
	mrs	x9, fpcr
	mrs	x10, fpsr
	stp	x9, x10, [sp, #176]
	VECTORS	stp
	mov	x6, x5
	mov	x5, x4
	mov	x4, x3
	mov	x3, x2
	mov	x2, x1
	mov	x1, x0
	mov	x0, x8
	mov	x29, xzr
	bl	system_call
	VECTORS	ldp
	ldp	x9, x10, [sp, #176]
	msr	fpcr, x9
	msr	fpsr, x10
	ldp	x29, x30, [sp, #160]
	ldp	x17, x18, [sp, #144]
	ldp	x15, x16, [sp, #128]
	ldp	x13, x14, [sp, #112]
	ldp	x11, x12, [sp, #96]
	ldp	x9, x10, [sp, #80]
	ldp	x7, x8, [sp, #64]
	ldp	x5, x6, [sp, #48]
	ldp	x3, x4, [sp, #32]
	msr	daifset, #2		/* none may come before the eret */
	ldp	x1, x2, [sp]
	msr	elr_el1, x1
	msr	spsr_el1, x2
	ldp	x1, x2, [sp, #16]
	add	sp, sp, #CALL_FRAME_BYTES
	eret

	.section .note.GNU-stack, "", @progbits
