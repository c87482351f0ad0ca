	.text
	.file	"totals.ll"
	.globl	orion_totals_frame              # -- Begin function orion_totals_frame
	.p2align	4, 0x90
	.type	orion_totals_frame,@function
orion_totals_frame:                     # @orion_totals_frame
# %bb.0:                                # %entry
	pushq	%rbx
	movq	%rdi, %rbx
	movl	$56, %edi
	callq	malloc@PLT
	leaq	orion_totals_frame.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	orion_totals_frame.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 40(%rax)
	movb	$0, 48(%rax)
	movq	$0, 16(%rax)
	movq	$0, 24(%rax)
	popq	%rbx
	retq
.Lfunc_end0:
	.size	orion_totals_frame, .Lfunc_end0-orion_totals_frame
                                        # -- End function
	.section	.rodata.cst16,"aM",@progbits,16
	.p2align	4, 0x0                          # -- Begin function orion_totals_frame.resume
.LCPI1_0:
	.quad	1                               # 0x1
	.zero	8
	.text
	.p2align	4, 0x90
	.type	orion_totals_frame.resume,@function
orion_totals_frame.resume:              # @orion_totals_frame.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%r14
	.cfi_def_cfa_offset 16
	pushq	%rbx
	.cfi_def_cfa_offset 24
	pushq	%rax
	.cfi_def_cfa_offset 32
	.cfi_offset %rbx, -24
	.cfi_offset %r14, -16
	movq	%rdi, %rbx
	leaq	32(%rdi), %r14
	cmpb	$0, 48(%rdi)
	je	.LBB1_1
# %bb.3:                                # %ended
	callq	orion_op_status@PLT
	jmp	.LBB1_4
.LBB1_1:                                # %receive
	movq	40(%rbx), %rdi
	movq	%r14, %rsi
	callq	orion_chan_recv@PLT
	cmpl	$1, %eax
	je	.LBB1_2
.LBB1_4:                                # %judge
	testl	%eax, %eax
	jne	.LBB1_6
# %bb.5:                                # %fold
	movq	32(%rbx), %xmm0                 # xmm0 = mem[0],zero
	movdqa	.LCPI1_0(%rip), %xmm1           # xmm1 = [1,u]
	punpcklqdq	%xmm0, %xmm1            # xmm1 = xmm1[0],xmm0[0]
	paddq	16(%rbx), %xmm1
	movdqa	%xmm1, 16(%rbx)
	jmp	.LBB1_1
.LBB1_2:                                # %CoroSave1
	movb	$1, 48(%rbx)
	jmp	.LBB1_7
.LBB1_6:                                # %CoroSave4
	movq	$0, (%rbx)
.LBB1_7:                                # %CoroEnd
	addq	$8, %rsp
	.cfi_def_cfa_offset 24
	popq	%rbx
	.cfi_def_cfa_offset 16
	popq	%r14
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end1:
	.size	orion_totals_frame.resume, .Lfunc_end1-orion_totals_frame.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function orion_totals_frame.destroy
	.type	orion_totals_frame.destroy,@function
orion_totals_frame.destroy:             # @orion_totals_frame.destroy
	.cfi_startproc
# %bb.0:                                # %entry.destroy
	pushq	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movq	%rdi, %rbx
	movq	40(%rdi), %rdi
	callq	orion_chan_release@PLT
	movq	%rbx, %rdi
	popq	%rbx
	.cfi_def_cfa_offset 8
	jmp	free@PLT                        # TAILCALL
.Lfunc_end2:
	.size	orion_totals_frame.destroy, .Lfunc_end2-orion_totals_frame.destroy
	.cfi_endproc
                                        # -- End function
	.section	".note.GNU-stack","",@progbits
