	.text
	.file	"frames.ll"
	.globl	frame_count                     // -- Begin function frame_count
	.p2align	2
	.type	frame_count,@function
frame_count:                            // @frame_count
// %bb.0:                               // %entry
	str	x30, [sp, #-32]!                // 8-byte Folded Spill
	stp	x20, x19, [sp, #16]             // 16-byte Folded Spill
	mov	x20, x0
	mov	w0, #56                         // =0x38
	mov	x19, x1
	bl	malloc
	stp	x20, x19, [x0, #24]
	ldp	x20, x19, [sp, #16]             // 16-byte Folded Reload
	adrp	x8, frame_count.resume
	add	x8, x8, :lo12:frame_count.resume
	adrp	x9, frame_count.destroy
	add	x9, x9, :lo12:frame_count.destroy
	strb	wzr, [x0, #48]
	stp	x8, x9, [x0]
	ldr	x30, [sp], #32                  // 8-byte Folded Reload
	ret
.Lfunc_end0:
	.size	frame_count, .Lfunc_end0-frame_count
                                        // -- End function
	.globl	frame_square                    // -- Begin function frame_square
	.p2align	2
	.type	frame_square,@function
frame_square:                           // @frame_square
// %bb.0:                               // %entry
	str	x30, [sp, #-32]!                // 8-byte Folded Spill
	stp	x20, x19, [sp, #16]             // 16-byte Folded Spill
	mov	x20, x0
	mov	w0, #56                         // =0x38
	mov	x19, x1
	bl	malloc
	stp	x20, x19, [x0, #24]
	ldp	x20, x19, [sp, #16]             // 16-byte Folded Reload
	adrp	x8, frame_square.resume
	add	x8, x8, :lo12:frame_square.resume
	adrp	x9, frame_square.destroy
	add	x9, x9, :lo12:frame_square.destroy
	strb	wzr, [x0, #48]
	stp	x8, x9, [x0]
	ldr	x30, [sp], #32                  // 8-byte Folded Reload
	ret
.Lfunc_end1:
	.size	frame_square, .Lfunc_end1-frame_square
                                        // -- End function
	.globl	frame_nest                      // -- Begin function frame_nest
	.p2align	2
	.type	frame_nest,@function
frame_nest:                             // @frame_nest
// %bb.0:                               // %entry
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	mov	x19, x0
	mov	w0, #40                         // =0x28
	bl	malloc
	adrp	x8, frame_nest.resume
	add	x8, x8, :lo12:frame_nest.resume
	adrp	x9, frame_nest.destroy
	add	x9, x9, :lo12:frame_nest.destroy
	str	x19, [x0, #24]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #32]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end2:
	.size	frame_nest, .Lfunc_end2-frame_nest
                                        // -- End function
	.globl	frame_spread                    // -- Begin function frame_spread
	.p2align	2
	.type	frame_spread,@function
frame_spread:                           // @frame_spread
// %bb.0:                               // %entry
	str	x30, [sp, #-32]!                // 8-byte Folded Spill
	stp	x20, x19, [sp, #16]             // 16-byte Folded Spill
	mov	x20, x0
	mov	w0, #48                         // =0x30
	mov	x19, x1
	bl	malloc
	stp	x20, x19, [x0, #24]
	ldp	x20, x19, [sp, #16]             // 16-byte Folded Reload
	adrp	x8, frame_spread.resume
	add	x8, x8, :lo12:frame_spread.resume
	adrp	x9, frame_spread.destroy
	add	x9, x9, :lo12:frame_spread.destroy
	strb	wzr, [x0, #40]
	stp	x8, x9, [x0]
	ldr	x30, [sp], #32                  // 8-byte Folded Reload
	ret
.Lfunc_end3:
	.size	frame_spread, .Lfunc_end3-frame_spread
                                        // -- End function
	.globl	frame_join                      // -- Begin function frame_join
	.p2align	2
	.type	frame_join,@function
frame_join:                             // @frame_join
// %bb.0:                               // %entry
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	mov	x19, x0
	mov	w0, #40                         // =0x28
	bl	malloc
	adrp	x8, frame_join.resume
	add	x8, x8, :lo12:frame_join.resume
	adrp	x9, frame_join.destroy
	add	x9, x9, :lo12:frame_join.destroy
	str	x19, [x0, #24]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #32]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end4:
	.size	frame_join, .Lfunc_end4-frame_join
                                        // -- End function
	.globl	frame_first                     // -- Begin function frame_first
	.p2align	2
	.type	frame_first,@function
frame_first:                            // @frame_first
// %bb.0:                               // %entry
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	mov	x19, x0
	mov	w0, #48                         // =0x30
	bl	malloc
	adrp	x8, frame_first.resume
	add	x8, x8, :lo12:frame_first.resume
	adrp	x9, frame_first.destroy
	add	x9, x9, :lo12:frame_first.destroy
	str	x19, [x0, #32]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #40]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end5:
	.size	frame_first, .Lfunc_end5-frame_first
                                        // -- End function
	.p2align	2                               // -- Begin function frame_count.resume
	.type	frame_count.resume,@function
frame_count.resume:                     // @frame_count.resume
// %bb.0:                               // %entry.resume
	ldp	x10, x9, [x0, #32]
	ldrb	w8, [x0, #48]
	cmp	w8, #0
	sub	x9, x9, #1
	csel	x8, x10, x9, eq
	str	x8, [x0, #40]
	cbz	x8, .LBB6_2
// %bb.1:                               // %yield
	mov	w8, #1                          // =0x1
	strb	w8, [x0, #48]
	ret
.LBB6_2:                                // %finish
	ldr	x8, [x0, #24]
.LBB6_3:                                // %atomicrmw.start
                                        // =>This Inner Loop Header: Depth=1
	ldxr	x9, [x8]
	add	x10, x9, #1
	stxr	w11, x10, [x8]
	cbnz	w11, .LBB6_3
// %bb.4:                               // %atomicrmw.end
	str	x9, [x0, #16]
	str	xzr, [x0]
	ret
.Lfunc_end6:
	.size	frame_count.resume, .Lfunc_end6-frame_count.resume
                                        // -- End function
	.p2align	2                               // -- Begin function frame_count.destroy
	.type	frame_count.destroy,@function
frame_count.destroy:                    // @frame_count.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end7:
	.size	frame_count.destroy, .Lfunc_end7-frame_count.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function frame_square.resume
	.type	frame_square.resume,@function
frame_square.resume:                    // @frame_square.resume
// %bb.0:                               // %entry.resume
	ldp	x10, x9, [x0, #32]
	ldrb	w8, [x0, #48]
	cmp	w8, #0
	sub	x9, x9, #1
	csel	x8, x10, x9, eq
	str	x8, [x0, #40]
	cbz	x8, .LBB8_2
// %bb.1:                               // %yield
	mov	w8, #1                          // =0x1
	strb	w8, [x0, #48]
	ret
.LBB8_2:                                // %finish
	ldr	x8, [x0, #24]
	str	xzr, [x0]
	mul	x8, x8, x8
	str	x8, [x0, #16]
	ret
.Lfunc_end8:
	.size	frame_square.resume, .Lfunc_end8-frame_square.resume
                                        // -- End function
	.p2align	2                               // -- Begin function frame_square.destroy
	.type	frame_square.destroy,@function
frame_square.destroy:                   // @frame_square.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end9:
	.size	frame_square.destroy, .Lfunc_end9-frame_square.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function frame_nest.resume
	.type	frame_nest.resume,@function
frame_nest.resume:                      // @frame_nest.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	stp	x30, x21, [sp, #-32]!           // 16-byte Folded Spill
	stp	x20, x19, [sp, #16]             // 16-byte Folded Spill
	.cfi_def_cfa_offset 32
	.cfi_offset w19, -8
	.cfi_offset w20, -16
	.cfi_offset w21, -24
	.cfi_offset w30, -32
	ldr	x8, [x0, #24]
	mov	x19, x0
	cbz	x8, .LBB10_2
// %bb.1:                               // %deeper
	mov	w0, #40                         // =0x28
	sub	x21, x8, #1
	bl	malloc
	adrp	x8, frame_nest.resume
	add	x8, x8, :lo12:frame_nest.resume
	adrp	x9, frame_nest.destroy
	add	x9, x9, :lo12:frame_nest.destroy
	mov	x20, x0
	str	x21, [x0, #24]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #32]
	bl	orion_scheduler_spawn
	mov	x0, x20
	bl	orion_scheduler_run_until
	ldp	x8, x21, [x20, #8]
	mov	x0, x20
	blr	x8
	add	x8, x21, #1
.LBB10_2:                               // %finish
	str	x8, [x19, #16]
	str	xzr, [x19]
	ldp	x20, x19, [sp, #16]             // 16-byte Folded Reload
	ldp	x30, x21, [sp], #32             // 16-byte Folded Reload
	ret
.Lfunc_end10:
	.size	frame_nest.resume, .Lfunc_end10-frame_nest.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function frame_nest.destroy
	.type	frame_nest.destroy,@function
frame_nest.destroy:                     // @frame_nest.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end11:
	.size	frame_nest.destroy, .Lfunc_end11-frame_nest.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function frame_spread.resume
	.type	frame_spread.resume,@function
frame_spread.resume:                    // @frame_spread.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	str	x30, [sp, #-64]!                // 8-byte Folded Spill
	stp	x24, x23, [sp, #16]             // 16-byte Folded Spill
	stp	x22, x21, [sp, #32]             // 16-byte Folded Spill
	stp	x20, x19, [sp, #48]             // 16-byte Folded Spill
	.cfi_def_cfa_offset 64
	.cfi_offset w19, -8
	.cfi_offset w20, -16
	.cfi_offset w21, -24
	.cfi_offset w22, -32
	.cfi_offset w23, -40
	.cfi_offset w24, -48
	.cfi_offset w30, -64
	ldr	x8, [x0, #24]
	mov	x19, x0
	cbz	x8, .LBB12_3
// %bb.1:                               // %one.lr.ph
	mov	x8, xzr
	adrp	x20, frame_count.resume
	add	x20, x20, :lo12:frame_count.resume
	adrp	x21, frame_count.destroy
	add	x21, x21, :lo12:frame_count.destroy
.LBB12_2:                               // %one
                                        // =>This Inner Loop Header: Depth=1
	ldr	x22, [x19, #32]
	mov	w0, #56                         // =0x38
	add	x23, x8, #1
	and	x24, x8, #0x3
	bl	malloc
	stp	x20, x21, [x0]
	stp	x22, x24, [x0, #24]
	strb	wzr, [x0, #48]
	bl	orion_scheduler_spawn
	ldr	x8, [x19, #24]
	cmp	x23, x8
	mov	x8, x23
	b.lo	.LBB12_2
.LBB12_3:                               // %finish
	ldr	x20, [x19, #32]
	bl	orion_scheduler_run
	ldr	x8, [x20]
	str	xzr, [x19]
	ldp	x22, x21, [sp, #32]             // 16-byte Folded Reload
	str	x8, [x19, #16]
	ldp	x20, x19, [sp, #48]             // 16-byte Folded Reload
	ldp	x24, x23, [sp, #16]             // 16-byte Folded Reload
	ldr	x30, [sp], #64                  // 8-byte Folded Reload
	ret
.Lfunc_end12:
	.size	frame_spread.resume, .Lfunc_end12-frame_spread.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function frame_spread.destroy
	.type	frame_spread.destroy,@function
frame_spread.destroy:                   // @frame_spread.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end13:
	.size	frame_spread.destroy, .Lfunc_end13-frame_spread.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function frame_join.resume
	.type	frame_join.resume,@function
frame_join.resume:                      // @frame_join.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	.cfi_def_cfa_offset 16
	.cfi_offset w19, -8
	.cfi_offset w30, -16
	ldr	x8, [x0, #24]
	mov	x19, x0
	ldr	x0, [x8]
	bl	orion_scheduler_run_until
	mov	w8, #1                          // =0x1
	str	xzr, [x19]
	str	x8, [x19, #16]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end14:
	.size	frame_join.resume, .Lfunc_end14-frame_join.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function frame_join.destroy
	.type	frame_join.destroy,@function
frame_join.destroy:                     // @frame_join.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end15:
	.size	frame_join.destroy, .Lfunc_end15-frame_join.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function frame_first.resume
	.type	frame_first.resume,@function
frame_first.resume:                     // @frame_first.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	stp	x30, x19, [sp, #-16]!           // 16-byte Folded Spill
	.cfi_def_cfa_offset 16
	.cfi_offset w19, -8
	.cfi_offset w30, -16
	ldrb	w8, [x0, #40]
	mov	x19, x0
	cbz	w8, .LBB16_2
// %bb.1:                               // %ended
	bl	orion_op_status
                                        // kill: def $w0 killed $w0 def $x0
	b	.LBB16_4
.LBB16_2:                               // %receive
	ldr	x0, [x19, #32]
	add	x1, x19, #24
	bl	orion_chan_recv
                                        // kill: def $w0 killed $w0 def $x0
	cmp	w0, #1
	b.ne	.LBB16_4
// %bb.3:                               // %CoroSave1
	mov	w8, #1                          // =0x1
	strb	w8, [x19, #40]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.LBB16_4:                               // %judge
	ldr	x8, [x19, #24]
	sxtw	x9, w0
	cmp	w0, #0
	str	xzr, [x19]
	csneg	x8, x8, x9, eq
	str	x8, [x19, #16]
	ldp	x30, x19, [sp], #16             // 16-byte Folded Reload
	ret
.Lfunc_end16:
	.size	frame_first.resume, .Lfunc_end16-frame_first.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function frame_first.destroy
	.type	frame_first.destroy,@function
frame_first.destroy:                    // @frame_first.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end17:
	.size	frame_first.destroy, .Lfunc_end17-frame_first.destroy
                                        // -- End function
	.section	".note.GNU-stack","",@progbits
