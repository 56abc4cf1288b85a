#include "textflag.h"

// func handlerPC() uintptr
TEXT ·handlerPC(SB), NOSPLIT, $0-8
	MOVD $handler<>(SB), R0
	MOVD R0, ret+0(FP)
	RET

// handler handles SIGABRT: write(2, message), exit_group(3). It never returns.
TEXT handler<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $2, R0
	MOVD ·message+0(SB), R1
	MOVD ·message+8(SB), R2
	MOVD $64, R8
	SVC
	MOVD $3, R0
	MOVD $94, R8
	SVC
	BRK

// func onAbort(a *action) uintptr
TEXT ·onAbort(SB), NOSPLIT, $0-16
	MOVD $6, R0
	MOVD a+0(FP), R1
	MOVD $0, R2
	MOVD $8, R3
	MOVD $134, R8
	SVC
	MOVD R0, ret+8(FP)
	RET
