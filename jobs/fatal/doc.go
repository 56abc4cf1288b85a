// Package fatal decides how the process ends when the Go runtime gives up: out of memory, SIGQUIT, a panic that is not
// recovered, a stack overflow, a deadlock, concurrent writes to a map. By default the runtime ends such a process with
// exit code 2, which by the contract of the commands means that nothing was done and settings are wrong (§7.4).
//
// With this package the runtime ends by SIGABRT (GOTRACEBACK=crash) after it has written its report. The handler of
// that signal consists of a few instructions that need no memory, no Go stack and no lock: it writes one line and
// exits. There is no second process, so signals, terminals, locks and kill -9 work as without this package.
//
//	FATAL-1  On Linux on amd64 and arm64, a process that imports this package ends with exit code 3 if the runtime
//	         gives up. Elsewhere, and while the runtime itself starts, it ends with 2.
//	FATAL-2  The runtime's report is written to standard error first, completely, with the stacks of all goroutines.
//	         No core is dumped.
//	FATAL-3  SIGABRT from outside also ends the process with exit code 3, without a report. SIGQUIT writes a report.
//	FATAL-4  Exit codes that the program chooses and death by SIGKILL are not changed.
//	FATAL-5  The handler is set before any package that allocates is initialized. Go initializes packages whose
//	         imports are initialized in the order of their paths, so this package imports none.
package fatal
