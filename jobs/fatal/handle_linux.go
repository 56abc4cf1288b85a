//go:build amd64 || arm64

package fatal

import (
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is the last line of a process in which the runtime gave up. The handler reads it.
var message = "tollbook: the process cannot continue: exit code 3, safe to run again\n"

// action is the kernel's struct sigaction of both architectures.
type action struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// Flags of an action: it runs on the signal stack, and its restorer is set, without which amd64 kernels deliver no
// signal.
const (
	onStack     = 0x08000000
	hasRestorer = 0x04000000
)

// Handle makes fatal errors of the runtime end the process with exit code 3; if the kernel refuses, they end it with 2.
func Handle() {
	a := action{handler: handlerPC(), flags: onStack | hasRestorer, restorer: handlerPC(), mask: ^uint64(0)}
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGABRT), uintptr(unsafe.Pointer(&a)), 0,
		unsafe.Sizeof(a.mask), 0, 0)
	if errno == 0 {
		debug.SetTraceback("crash")
	}
}

// handlerPC is the address of the signal handler. A Go function value would be a wrapper that needs a goroutine.
func handlerPC() uintptr
