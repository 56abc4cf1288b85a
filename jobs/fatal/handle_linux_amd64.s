#include "textflag.h"

// func handlerPC() uintptr
TEXT ·handlerPC(SB), NOSPLIT, $0-8
	LEAQ handler<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// handler handles SIGABRT: write(2, message), exit_group(3). It never returns.
TEXT handler<>(SB), NOSPLIT|NOFRAME, $0
	MOVL $2, DI
	MOVQ ·message+0(SB), SI
	MOVQ ·message+8(SB), DX
	MOVL $1, AX
	SYSCALL
	MOVL $3, DI
	MOVL $231, AX
	SYSCALL
	INT  $3

// func onAbort(a *action) uintptr
TEXT ·onAbort(SB), NOSPLIT, $0-16
	MOVL $6, DI
	MOVQ a+0(FP), SI
	XORL DX, DX
	MOVL $8, R10
	MOVL $13, AX
	SYSCALL
	MOVQ AX, ret+8(FP)
	RET
