	.text
	.file	"v1.ll"
	.globl	orion_coro_done                 # -- Begin function orion_coro_done
	.p2align	4, 0x90
	.type	orion_coro_done,@function
orion_coro_done:                        # @orion_coro_done
# %bb.0:
	cmpq	$0, (%rdi)
	sete	%al
	retq
.Lfunc_end0:
	.size	orion_coro_done, .Lfunc_end0-orion_coro_done
                                        # -- End function
	.globl	orion_coro_resume               # -- Begin function orion_coro_resume
	.p2align	4, 0x90
	.type	orion_coro_resume,@function
orion_coro_resume:                      # @orion_coro_resume
	.cfi_startproc
# %bb.0:
	jmpq	*(%rdi)                         # TAILCALL
.Lfunc_end1:
	.size	orion_coro_resume, .Lfunc_end1-orion_coro_resume
	.cfi_endproc
                                        # -- End function
	.globl	main                            # -- Begin function main
	.p2align	4, 0x90
	.type	main,@function
main:                                   # @main
	.cfi_startproc
# %bb.0:
	pushq	%r15
	.cfi_def_cfa_offset 16
	pushq	%r14
	.cfi_def_cfa_offset 24
	pushq	%r13
	.cfi_def_cfa_offset 32
	pushq	%r12
	.cfi_def_cfa_offset 40
	pushq	%rbx
	.cfi_def_cfa_offset 48
	.cfi_offset %rbx, -48
	.cfi_offset %r12, -40
	.cfi_offset %r13, -32
	.cfi_offset %r14, -24
	.cfi_offset %r15, -16
	callq	orion_scheduler_init@PLT
	movl	$40, %edi
	callq	malloc@PLT
	movq	%rax, %rbx
	leaq	leaf.resume(%rip), %r12
	movq	%r12, (%rax)
	leaq	leaf.destroy(%rip), %r13
	movq	%r13, 8(%rax)
	movq	$20, 24(%rax)
	movb	$0, 32(%rax)
	movq	%rax, %rdi
	callq	orion_scheduler_spawn@PLT
	movl	$40, %edi
	callq	malloc@PLT
	movq	%rax, %r14
	movq	%r12, (%rax)
	movq	%r13, 8(%rax)
	movq	$22, 24(%rax)
	movb	$0, 32(%rax)
	movq	%rax, %rdi
	callq	orion_scheduler_spawn@PLT
	movl	$48, %edi
	callq	malloc@PLT
	movq	%rax, %r15
	leaq	add.resume(%rip), %rax
	movq	%rax, (%r15)
	leaq	add.destroy(%rip), %rax
	movq	%rax, 8(%r15)
	movq	%r14, 32(%r15)
	movq	%rbx, 24(%r15)
	movb	$0, 40(%r15)
	movq	%r15, %rdi
	callq	orion_scheduler_spawn@PLT
	movq	%r15, %rdi
	callq	orion_scheduler_run_until@PLT
	movq	16(%r15), %rbx
	movq	%r15, %rdi
	callq	*8(%r15)
	leaq	.Lformat.sum(%rip), %rdi
	movq	%rbx, %rsi
	xorl	%eax, %eax
	callq	printf@PLT
	movl	$40, %edi
	callq	malloc@PLT
	movq	%rax, %rbx
	movq	%r12, (%rax)
	movq	%r13, 8(%rax)
	movq	$100, 24(%rax)
	movb	$0, 32(%rax)
	movq	%rax, %rdi
	callq	orion_scheduler_spawn@PLT
	callq	orion_scheduler_run@PLT
	movq	late(%rip), %rsi
	leaq	.Lformat.late(%rip), %rdi
	xorl	%eax, %eax
	callq	printf@PLT
	movq	%rbx, %rdi
	callq	*8(%rbx)
	callq	orion_scheduler_shutdown@PLT
	xorl	%eax, %eax
	popq	%rbx
	.cfi_def_cfa_offset 40
	popq	%r12
	.cfi_def_cfa_offset 32
	popq	%r13
	.cfi_def_cfa_offset 24
	popq	%r14
	.cfi_def_cfa_offset 16
	popq	%r15
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end2:
	.size	main, .Lfunc_end2-main
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function leaf.resume
	.type	leaf.resume,@function
leaf.resume:                            # @leaf.resume
# %bb.0:                                # %entry.resume
	cmpb	$0, 32(%rdi)
	je	.LBB3_1
# %bb.2:                                # %finish
	movq	24(%rdi), %rax
	movq	%rax, late(%rip)
	movq	%rax, 16(%rdi)
	movq	$0, (%rdi)
	retq
.LBB3_1:                                # %CoroSave1
	movb	$1, 32(%rdi)
	retq
.Lfunc_end3:
	.size	leaf.resume, .Lfunc_end3-leaf.resume
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function leaf.destroy
	.type	leaf.destroy,@function
leaf.destroy:                           # @leaf.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end4:
	.size	leaf.destroy, .Lfunc_end4-leaf.destroy
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function add.resume
	.type	add.resume,@function
add.resume:                             # @add.resume
	.cfi_startproc
# %bb.0:                                # %entry.resume
	pushq	%r15
	.cfi_def_cfa_offset 16
	pushq	%r14
	.cfi_def_cfa_offset 24
	pushq	%r12
	.cfi_def_cfa_offset 32
	pushq	%rbx
	.cfi_def_cfa_offset 40
	pushq	%rax
	.cfi_def_cfa_offset 48
	.cfi_offset %rbx, -40
	.cfi_offset %r12, -32
	.cfi_offset %r14, -24
	.cfi_offset %r15, -16
	movq	%rdi, %rbx
	movq	24(%rdi), %r14
	movq	32(%rdi), %r15
	movq	%r14, %rdi
	callq	orion_scheduler_run_until@PLT
	movq	16(%r14), %r12
	movq	%r14, %rdi
	callq	*8(%r14)
	movq	%r15, %rdi
	callq	orion_scheduler_run_until@PLT
	addq	16(%r15), %r12
	movq	%r15, %rdi
	callq	*8(%r15)
	callq	orion_scheduler_yield@PLT
	movq	%r12, 16(%rbx)
	movq	$0, (%rbx)
	addq	$8, %rsp
	.cfi_def_cfa_offset 40
	popq	%rbx
	.cfi_def_cfa_offset 32
	popq	%r12
	.cfi_def_cfa_offset 24
	popq	%r14
	.cfi_def_cfa_offset 16
	popq	%r15
	.cfi_def_cfa_offset 8
	retq
.Lfunc_end5:
	.size	add.resume, .Lfunc_end5-add.resume
	.cfi_endproc
                                        # -- End function
	.p2align	4, 0x90                         # -- Begin function add.destroy
	.type	add.destroy,@function
add.destroy:                            # @add.destroy
# %bb.0:                                # %entry.destroy
	jmp	free@PLT                        # TAILCALL
.Lfunc_end6:
	.size	add.destroy, .Lfunc_end6-add.destroy
                                        # -- End function
	.type	.Lformat.sum,@object            # @format.sum
	.section	.rodata,"a",@progbits
.Lformat.sum:
	.asciz	"sum %lld\n"
	.size	.Lformat.sum, 10

	.type	.Lformat.late,@object           # @format.late
.Lformat.late:
	.asciz	"late %lld\n"
	.size	.Lformat.late, 11

	.type	late,@object                    # @late
	.local	late
	.comm	late,8,8
	.section	".note.GNU-stack","",@progbits
