	.text
	.file	"frames.ll"
	.globl	frame_count                     # -- Begin function frame_count
	.p2align	4, 0x90
	.type	frame_count,@function
frame_count:                            # @frame_count
# %bb.0:                                # %entry
	pushq	%r14
	pushq	%rbx
	pushq	%rax
	movq	%rsi, %rbx
	movq	%rdi, %r14
	movl	$56, %edi
	callq	malloc@PLT
	leaq	frame_count.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_count.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 32(%rax)
	movq	%r14, 24(%rax)
	movb	$0, 48(%rax)
	addq	$8, %rsp
	popq	%rbx
	popq	%r14
	retq
.Lfunc_end0:
	.size	frame_count, .Lfunc_end0-frame_count
                                        # -- End function
	.globl	frame_square                    # -- Begin function frame_square
	.p2align	4, 0x90
	.type	frame_square,@function
frame_square:                           # @frame_square
# %bb.0:                                # %entry
	pushq	%r14
	pushq	%rbx
	pushq	%rax
	movq	%rsi, %rbx
	movq	%rdi, %r14
	movl	$56, %edi
	callq	malloc@PLT
	leaq	frame_square.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_square.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 32(%rax)
	movq	%r14, 24(%rax)
	movb	$0, 48(%rax)
	addq	$8, %rsp
	popq	%rbx
	popq	%r14
	retq
.Lfunc_end1:
	.size	frame_square, .Lfunc_end1-frame_square
                                        # -- End function
	.globl	frame_nest                      # -- Begin function frame_nest
	.p2align	4, 0x90
	.type	frame_nest,@function
frame_nest:                             # @frame_nest
# %bb.0:                                # %entry
	pushq	%rbx
	movq	%rdi, %rbx
	movl	$40, %edi
	callq	malloc@PLT
	leaq	frame_nest.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_nest.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 24(%rax)
	movb	$0, 32(%rax)
	popq	%rbx
	retq
.Lfunc_end2:
	.size	frame_nest, .Lfunc_end2-frame_nest
                                        # -- End function
	.globl	frame_spread                    # -- Begin function frame_spread
	.p2align	4, 0x90
	.type	frame_spread,@function
frame_spread:                           # @frame_spread
# %bb.0:                                # %entry
	pushq	%r14
	pushq	%rbx
	pushq	%rax
	movq	%rsi, %rbx
	movq	%rdi, %r14
	movl	$48, %edi
	callq	malloc@PLT
	leaq	frame_spread.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_spread.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 32(%rax)
	movq	%r14, 24(%rax)
	movb	$0, 40(%rax)
	addq	$8, %rsp
	popq	%rbx
	popq	%r14
	retq
.Lfunc_end3:
	.size	frame_spread, .Lfunc_end3-frame_spread
                                        # -- End function
	.globl	frame_join                      # -- Begin function frame_join
	.p2align	4, 0x90
	.type	frame_join,@function
frame_join:                             # @frame_join
# %bb.0:                                # %entry
	pushq	%rbx
	movq	%rdi, %rbx
	movl	$40, %edi
	callq	malloc@PLT
	leaq	frame_join.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_join.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 24(%rax)
	movb	$0, 32(%rax)
	popq	%rbx
	retq
.Lfunc_end4:
	.size	frame_join, .Lfunc_end4-frame_join
                                        # -- End function
	.globl	frame_first                     # -- Begin function frame_first
	.p2align	4, 0x90
	.type	frame_first,@function
frame_first:                            # @frame_first
# %bb.0:                                # %entry
	pushq	%rbx
	movq	%rdi, %rbx
	movl	$48, %edi
	callq	malloc@PLT
	leaq	frame_first.resume(%rip), %rcx
	movq	%rcx, (%rax)
	leaq	frame_first.destroy(%rip), %rcx
	movq	%rcx, 8(%rax)
	movq	%rbx, 32(%rax)
	movb	$0, 40(%rax)
	popq	%rbx
	retq
.Lfunc_end5:
	.size	frame_first, .Lfunc_end5-frame_first
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_count.resume
	.type	frame_count.resume,@function
frame_count.resume:                     # @frame_count.resume
# %bb.0:                                # %entry.resume
	cmpb	$0, 48(%rdi)
	jne	.LBB6_1
# %bb.2:                                # %entry.resume
	movq	32(%rdi), %rax
	jmp	.LBB6_3
.LBB6_1:
	movq	40(%rdi), %rax
	decq	%rax
.LBB6_3:                                # %entry.resume
	movq	%rax, 40(%rdi)
	testq	%rax, %rax
	je	.LBB6_6
# %bb.4:                                # %yield
	movb	$1, 48(%rdi)
	retq
.LBB6_6:                                # %finish
	movq	24(%rdi), %rax
	movl	$1, %ecx
	lock		xaddq	%rcx, (%rax)
	movq	%rcx, 16(%rdi)
	movq	$0, (%rdi)
	retq
.Lfunc_end6:
	.size	frame_count.resume, .Lfunc_end6-frame_count.resume
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_count.destroy
	.type	frame_count.destroy,@function
frame_count.destroy:                    # @frame_count.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end7:
	.size	frame_count.destroy, .Lfunc_end7-frame_count.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_square.resume
	.type	frame_square.resume,@function
frame_square.resume:                    # @frame_square.resume
# %bb.0:                                # %entry.resume
	cmpb	$0, 48(%rdi)
	jne	.LBB8_1
# %bb.2:                                # %entry.resume
	movq	32(%rdi), %rax
	jmp	.LBB8_3
.LBB8_1:
	movq	40(%rdi), %rax
	decq	%rax
.LBB8_3:                                # %entry.resume
	movq	%rax, 40(%rdi)
	testq	%rax, %rax
	je	.LBB8_5
# %bb.4:                                # %yield
	movb	$1, 48(%rdi)
	retq
.LBB8_5:                                # %finish
	movq	24(%rdi), %rax
	imulq	%rax, %rax
	movq	%rax, 16(%rdi)
	movq	$0, (%rdi)
	retq
.Lfunc_end8:
	.size	frame_square.resume, .Lfunc_end8-frame_square.resume
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_square.destroy
	.type	frame_square.destroy,@function
frame_square.destroy:                   # @frame_square.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end9:
	.size	frame_square.destroy, .Lfunc_end9-frame_square.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_nest.resume
	.type	frame_nest.resume,@function
frame_nest.resume:                      # @frame_nest.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%r15
	.cfi_def_cfa_offset 16
	pushq	%r14
	.cfi_def_cfa_offset 24
	pushq	%rbx
	.cfi_def_cfa_offset 32
	.cfi_offset %rbx, -32
	.cfi_offset %r14, -24
	.cfi_offset %r15, -16
	movq	%rdi, %rbx
	movq	24(%rdi), %r15
	testq	%r15, %r15
	je	.LBB10_1
# %bb.2:                                # %deeper
	decq	%r15
	movl	$40, %edi
	callq	malloc@PLT
	movq	%rax, %r14
	leaq	frame_nest.resume(%rip), %rax
	movq	%rax, (%r14)
	leaq	frame_nest.destroy(%rip), %rax
	movq	%rax, 8(%r14)
	movq	%r15, 24(%r14)
	movb	$0, 32(%r14)
	movq	%r14, %rdi
	callq	orion_scheduler_spawn@PLT
	movq	%r14, %rdi
	callq	orion_scheduler_run_until@PLT
	movq	16(%r14), %r15
	movq	%r14, %rdi
	callq	*8(%r14)
	incq	%r15
	jmp	.LBB10_3
.LBB10_1:
	xorl	%r15d, %r15d
.LBB10_3:                               # %finish
	movq	%r15, 16(%rbx)
	movq	$0, (%rbx)
	popq	%rbx
	.cfi_def_cfa_offset 24
	popq	%r14
	.cfi_def_cfa_offset 16
	popq	%r15
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end10:
	.size	frame_nest.resume, .Lfunc_end10-frame_nest.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_nest.destroy
	.type	frame_nest.destroy,@function
frame_nest.destroy:                     # @frame_nest.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end11:
	.size	frame_nest.destroy, .Lfunc_end11-frame_nest.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_spread.resume
	.type	frame_spread.resume,@function
frame_spread.resume:                    # @frame_spread.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%rbp
	.cfi_def_cfa_offset 16
	pushq	%r15
	.cfi_def_cfa_offset 24
	pushq	%r14
	.cfi_def_cfa_offset 32
	pushq	%r13
	.cfi_def_cfa_offset 40
	pushq	%r12
	.cfi_def_cfa_offset 48
	pushq	%rbx
	.cfi_def_cfa_offset 56
	pushq	%rax
	.cfi_def_cfa_offset 64
	.cfi_offset %rbx, -56
	.cfi_offset %r12, -48
	.cfi_offset %r13, -40
	.cfi_offset %r14, -32
	.cfi_offset %r15, -24
	.cfi_offset %rbp, -16
	movq	%rdi, %rbx
	cmpq	$0, 24(%rdi)
	je	.LBB12_3
# %bb.1:                                # %one.lr.ph
	xorl	%r12d, %r12d
	leaq	frame_count.resume(%rip), %r14
	leaq	frame_count.destroy(%rip), %r15
	.p2align	4, 0x90
.LBB12_2:                               # %one
                                        # =>This Inner Loop Header: Depth=1
	movq	32(%rbx), %r13
	leaq	1(%r12), %rbp
	andl	$3, %r12d
	movl	$56, %edi
	callq	malloc@PLT
	movq	%r14, (%rax)
	movq	%r15, 8(%rax)
	movq	%r12, 32(%rax)
	movq	%r13, 24(%rax)
	movb	$0, 48(%rax)
	movq	%rax, %rdi
	callq	orion_scheduler_spawn@PLT
	cmpq	24(%rbx), %rbp
	movq	%rbp, %r12
	jb	.LBB12_2
.LBB12_3:                               # %finish
	movq	32(%rbx), %r14
	callq	orion_scheduler_run@PLT
	movq	(%r14), %rax
	movq	%rax, 16(%rbx)
	movq	$0, (%rbx)
	addq	$8, %rsp
	.cfi_def_cfa_offset 56
	popq	%rbx
	.cfi_def_cfa_offset 48
	popq	%r12
	.cfi_def_cfa_offset 40
	popq	%r13
	.cfi_def_cfa_offset 32
	popq	%r14
	.cfi_def_cfa_offset 24
	popq	%r15
	.cfi_def_cfa_offset 16
	popq	%rbp
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end12:
	.size	frame_spread.resume, .Lfunc_end12-frame_spread.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_spread.destroy
	.type	frame_spread.destroy,@function
frame_spread.destroy:                   # @frame_spread.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end13:
	.size	frame_spread.destroy, .Lfunc_end13-frame_spread.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_join.resume
	.type	frame_join.resume,@function
frame_join.resume:                      # @frame_join.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movq	%rdi, %rbx
	movq	24(%rdi), %rax
	movq	(%rax), %rdi
	callq	orion_scheduler_run_until@PLT
	movq	$1, 16(%rbx)
	movq	$0, (%rbx)
	popq	%rbx
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end14:
	.size	frame_join.resume, .Lfunc_end14-frame_join.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_join.destroy
	.type	frame_join.destroy,@function
frame_join.destroy:                     # @frame_join.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end15:
	.size	frame_join.destroy, .Lfunc_end15-frame_join.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_first.resume
	.type	frame_first.resume,@function
frame_first.resume:                     # @frame_first.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movq	%rdi, %rbx
	cmpb	$0, 40(%rdi)
	je	.LBB16_1
# %bb.3:                                # %ended
	callq	orion_op_status@PLT
	jmp	.LBB16_4
.LBB16_1:                               # %receive
	leaq	24(%rbx), %rsi
	movq	32(%rbx), %rdi
	callq	orion_chan_recv@PLT
	cmpl	$1, %eax
	jne	.LBB16_4
# %bb.2:                                # %CoroSave1
	movb	$1, 40(%rbx)
	popq	%rbx
	.cfi_def_cfa_offset 8
	retq
.LBB16_4:                               # %judge
	.cfi_def_cfa_offset 16
	testl	%eax, %eax
	jne	.LBB16_5
# %bb.6:                                # %judge
	movq	24(%rbx), %rax
	jmp	.LBB16_7
.LBB16_5:
	cltq
	negq	%rax
.LBB16_7:                               # %judge
	movq	%rax, 16(%rbx)
	movq	$0, (%rbx)
	popq	%rbx
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end16:
	.size	frame_first.resume, .Lfunc_end16-frame_first.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function frame_first.destroy
	.type	frame_first.destroy,@function
frame_first.destroy:                    # @frame_first.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end17:
	.size	frame_first.destroy, .Lfunc_end17-frame_first.destroy
                                        # -- End function
	.section	".note.GNU-stack","",@progbits
