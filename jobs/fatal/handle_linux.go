//go:build amd64 || arm64

package fatal

import _ "unsafe" // for linkname

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

// The handler is set while the package is initialized (FATAL-5).
var _ = handle()

// handle makes fatal errors of the runtime end the process with exit code 3; if the kernel refuses, they end it with 2.
func handle() bool {
	a := action{handler: handlerPC(), flags: onStack | hasRestorer, restorer: handlerPC(), mask: ^uint64(0)}
	if onAbort(&a) != 0 {
		return false
	}
	setTraceback("crash")
	return true
}

// onAbort sets the action of SIGABRT and returns 0, or an error of the kernel.
func onAbort(a *action) uintptr

// setTraceback is debug.SetTraceback, without an import whose packages would be initialized before (FATAL-5).
//
//go:linkname setTraceback runtime/debug.SetTraceback
func setTraceback(level string)

// handlerPC is the address of the signal handler. A Go function value would be a wrapper that needs a goroutine.
func handlerPC() uintptr
