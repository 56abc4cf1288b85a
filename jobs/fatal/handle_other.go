//go:build !linux || (!amd64 && !arm64)

package fatal

// Handle does nothing on this system: fatal errors of the runtime end the process with exit code 2.
func Handle() {}
