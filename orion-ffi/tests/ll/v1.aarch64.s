	.text
	.file	"v1.ll"
	.globl	orion_coro_done                 // -- Begin function orion_coro_done
	.p2align	2
	.type	orion_coro_done,@function
orion_coro_done:                        // @orion_coro_done
// %bb.0:
	ldr	x8, [x0]
	cmp	x8, #0
	cset	w0, eq
	ret
.Lfunc_end0:
	.size	orion_coro_done, .Lfunc_end0-orion_coro_done
                                        // -- End function
	.globl	orion_coro_resume               // -- Begin function orion_coro_resume
	.p2align	2
	.type	orion_coro_resume,@function
orion_coro_resume:                      // @orion_coro_resume
	.cfi_startproc
// %bb.0:
	ldr	x1, [x0]
	br	x1
.Lfunc_end1:
	.size	orion_coro_resume, .Lfunc_end1-orion_coro_resume
	.cfi_endproc
                                        // -- End function
	.globl	main                            // -- Begin function main
	.p2align	2
	.type	main,@function
main:                                   // @main
	.cfi_startproc
// %bb.0:
	stp	x30, x23, [sp, #-48]!           // 16-byte Folded Spill
	stp	x22, x21, [sp, #16]             // 16-byte Folded Spill
	stp	x20, x19, [sp, #32]             // 16-byte Folded Spill
	.cfi_def_cfa_offset 48
	.cfi_offset w19, -8
	.cfi_offset w20, -16
	.cfi_offset w21, -24
	.cfi_offset w22, -32
	.cfi_offset w23, -40
	.cfi_offset w30, -48
	bl	orion_scheduler_init
	mov	w0, #40                         // =0x28
	bl	malloc
	adrp	x22, leaf.resume
	add	x22, x22, :lo12:leaf.resume
	adrp	x23, leaf.destroy
	add	x23, x23, :lo12:leaf.destroy
	mov	w8, #20                         // =0x14
	mov	x19, x0
	stp	x22, x23, [x0]
	str	x8, [x0, #24]
	strb	wzr, [x0, #32]
	bl	orion_scheduler_spawn
	mov	w0, #40                         // =0x28
	bl	malloc
	mov	w8, #22                         // =0x16
	mov	x20, x0
	stp	x22, x23, [x0]
	str	x8, [x0, #24]
	strb	wzr, [x0, #32]
	bl	orion_scheduler_spawn
	mov	w0, #48                         // =0x30
	bl	malloc
	adrp	x8, add.resume
	add	x8, x8, :lo12:add.resume
	adrp	x9, add.destroy
	add	x9, x9, :lo12:add.destroy
	mov	x21, x0
	stp	x19, x20, [x0, #24]
	stp	x8, x9, [x0]
	strb	wzr, [x0, #40]
	bl	orion_scheduler_spawn
	mov	x0, x21
	bl	orion_scheduler_run_until
	ldp	x8, x19, [x21, #8]
	mov	x0, x21
	blr	x8
	adrp	x0, .Lformat.sum
	add	x0, x0, :lo12:.Lformat.sum
	mov	x1, x19
	bl	printf
	mov	w0, #40                         // =0x28
	bl	malloc
	mov	w8, #100                        // =0x64
	mov	x19, x0
	stp	x22, x23, [x0]
	str	x8, [x0, #24]
	strb	wzr, [x0, #32]
	bl	orion_scheduler_spawn
	bl	orion_scheduler_run
	adrp	x8, late
	adrp	x0, .Lformat.late
	add	x0, x0, :lo12:.Lformat.late
	ldr	x1, [x8, :lo12:late]
	bl	printf
	ldr	x8, [x19, #8]
	mov	x0, x19
	blr	x8
	bl	orion_scheduler_shutdown
	ldp	x20, x19, [sp, #32]             // 16-byte Folded Reload
	mov	w0, wzr
	ldp	x22, x21, [sp, #16]             // 16-byte Folded Reload
	ldp	x30, x23, [sp], #48             // 16-byte Folded Reload
	ret
.Lfunc_end2:
	.size	main, .Lfunc_end2-main
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function leaf.resume
	.type	leaf.resume,@function
leaf.resume:                            // @leaf.resume
// %bb.0:                               // %entry.resume
	ldrb	w8, [x0, #32]
	cbz	w8, .LBB3_2
// %bb.1:                               // %finish
	ldr	x8, [x0, #24]
	adrp	x9, late
	str	xzr, [x0]
	str	x8, [x9, :lo12:late]
	str	x8, [x0, #16]
	ret
.LBB3_2:                                // %CoroSave1
	mov	w8, #1                          // =0x1
	strb	w8, [x0, #32]
	ret
.Lfunc_end3:
	.size	leaf.resume, .Lfunc_end3-leaf.resume
                                        // -- End function
	.p2align	2                               // -- Begin function leaf.destroy
	.type	leaf.destroy,@function
leaf.destroy:                           // @leaf.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end4:
	.size	leaf.destroy, .Lfunc_end4-leaf.destroy
                                        // -- End function
	.p2align	2                               // -- Begin function add.resume
	.type	add.resume,@function
add.resume:                             // @add.resume
	.cfi_startproc
// %bb.0:                               // %entry.resume
	str	x30, [sp, #-48]!                // 8-byte Folded Spill
	stp	x22, x21, [sp, #16]             // 16-byte Folded Spill
	stp	x20, x19, [sp, #32]             // 16-byte Folded Spill
	.cfi_def_cfa_offset 48
	.cfi_offset w19, -8
	.cfi_offset w20, -16
	.cfi_offset w21, -24
	.cfi_offset w22, -32
	.cfi_offset w30, -48
	ldp	x21, x20, [x0, #24]
	mov	x19, x0
	mov	x0, x21
	bl	orion_scheduler_run_until
	ldp	x8, x22, [x21, #8]
	mov	x0, x21
	blr	x8
	mov	x0, x20
	bl	orion_scheduler_run_until
	ldp	x8, x21, [x20, #8]
	mov	x0, x20
	blr	x8
	bl	orion_scheduler_yield
	add	x8, x21, x22
	str	xzr, [x19]
	str	x8, [x19, #16]
	ldp	x20, x19, [sp, #32]             // 16-byte Folded Reload
	ldp	x22, x21, [sp, #16]             // 16-byte Folded Reload
	ldr	x30, [sp], #48                  // 8-byte Folded Reload
	ret
.Lfunc_end5:
	.size	add.resume, .Lfunc_end5-add.resume
	.cfi_endproc
                                        // -- End function
	.p2align	2                               // -- Begin function add.destroy
	.type	add.destroy,@function
add.destroy:                            // @add.destroy
// %bb.0:                               // %entry.destroy
	b	free
.Lfunc_end6:
	.size	add.destroy, .Lfunc_end6-add.destroy
                                        // -- End function
	.type	.Lformat.sum,@object            // @format.sum
	.section	.rodata,"a",@progbits
	.p2align	2, 0x0
.Lformat.sum:
	.asciz	"sum %lld\n"
	.size	.Lformat.sum, 10

	.type	.Lformat.late,@object           // @format.late
	.p2align	2, 0x0
.Lformat.late:
	.asciz	"late %lld\n"
	.size	.Lformat.late, 11

	.type	late,@object                    // @late
	.local	late
	.comm	late,8,8
	.section	".note.GNU-stack","",@progbits
