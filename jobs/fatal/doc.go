// Package fatal decides how the process ends when the Go runtime gives up: out of memory, SIGQUIT, a panic that nobody
// recovers, a stack overflow, a deadlock, concurrent writes to a map. By itself the runtime ends such a process with
// exit code 2, which by the contract of the commands says that nothing was done and that settings are wrong (spec
// §7.4).
//
// The runtime is told to end by SIGABRT instead (GOTRACEBACK=crash), after it has written its report. The handler of
// that signal is a few instructions that need no memory, no stack of Go and no lock: it writes one line and exits. No
// second process watches, so signals, terminals, locks and kill -9 are as without this package.
//
//	FATAL-1  On Linux, amd64 and arm64, a process in which the runtime gives up after Handle ends with exit code 3.
//	         Elsewhere, and before Handle was called, it ends with 2.
//	FATAL-2  The runtime's report is written to standard error first, in full, with the stacks of all goroutines. No
//	         core is dumped.
//	FATAL-3  SIGABRT from outside ends the process with exit code 3 as well, without a report; SIGQUIT gives one.
//	FATAL-4  Exit codes that the program chooses are not touched, and neither is death by SIGKILL.
package fatal
