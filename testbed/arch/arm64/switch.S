/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void thread_switch(uintptr_t *save_sp, uintptr_t sp)
 *
 * A call, so only what the ABI preserves over calls is kept, and how numbers
 * are rounded. thread_frame() knows the order.
 */
	.text
	.globl	thread_switch
thread_switch:
	sub	sp, sp, #176
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x2, fpcr
	str	x2, [sp, #160]
	mov	x2, sp
	str	x2, [x0]
	mov	sp, x1
	ldr	x2, [sp, #160]
	msr	fpcr, x2
	ldp	x19, x20, [sp]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #176
	ret

/* First code of a thread: x19 is its function, x20 the argument. */
	.globl	thread_entry
thread_entry:
	mov	x29, xzr
	mov	x30, xzr
	mov	x0, x20
	blr	x19
	brk	#0			/* thread functions do not return */

	.section .note.GNU-stack, "", @progbits
