	.text
	.file	"totals.ll"
	.globl	orion_totals_frame              // -- Begin function orion_totals_frame
	.p2align	2
	.type	orion_totals_frame,@function
orion_totals_frame:                     // @orion_totals_frame
// %bb.0:                               // %entry
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	mov	x19, x0
	mov	w0, #56                         // =0x38
	bl	malloc
	adrp	x8, orion_totals_frame.resume
	add	x8, x8, :lo12:orion_totals_frame.resume
	adrp	x9, orion_totals_frame.destroy
	add	x9, x9, :lo12:orion_totals_frame.destroy
	str	x19, [x0, #40]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #48]
	stp	xzr, xzr, [x0, #16]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end0:
	.size	orion_totals_frame, .Lfunc_end0-orion_totals_frame
                                        // -- End function
	.p2align	2                               // -- Begin function orion_totals_frame.resume
	.type	orion_totals_frame.resume,@function
orion_totals_frame.resume:              // @orion_totals_frame.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	.cfi_def_cfa_offset 16
	.cfi_offset w19, -8
	.cfi_offset w30, -16
	ldrb	w8, [x0, #48]
	mov	x19, x0
	cbz	w8, .LBB1_2
// %bb.1:                               // %ended
	bl	orion_op_status
	b	.LBB1_3
.LBB1_2:                                // %receive
	ldr	x0, [x19, #40]
	add	x1, x19, #32
	bl	orion_chan_recv
	cmp	w0, #1
	b.eq	.LBB1_5
.LBB1_3:                                // %judge
	cbnz	w0, .LBB1_6
// %bb.4:                               // %fold
	mov	w8, #1                          // =0x1
	ldr	q1, [x19, #16]
	dup	v0.2d, x8
	add	x8, x19, #32
	ld1	{ v0.d }[1], [x8]
	add	v0.2d, v1.2d, v0.2d
	str	q0, [x19, #16]
	b	.LBB1_2
.LBB1_5:                                // %CoroSave1
	mov	w8, #1                          // =0x1
	strb	w8, [x19, #48]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.LBB1_6:                                // %CoroSave4
	str	xzr, [x19]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end1:
	.size	orion_totals_frame.resume, .Lfunc_end1-orion_totals_frame.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function orion_totals_frame.destroy
	.type	orion_totals_frame.destroy,@function
orion_totals_frame.destroy:             // @orion_totals_frame.destroy
	.cfi_startproc
// %bb.0:                               // %entry.destroy
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	.cfi_def_cfa_offset 16
	.cfi_offset w19, -8
	.cfi_offset w30, -16
	mov	x19, x0
	ldr	x0, [x0, #40]
	bl	orion_chan_release
	mov	x0, x19
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	b	free
.Lfunc_end2:
	.size	orion_totals_frame.destroy, .Lfunc_end2-orion_totals_frame.destroy
	.cfi_endproc
                                        // -- End function
	.section	".note.GNU-stack","",@progbits
