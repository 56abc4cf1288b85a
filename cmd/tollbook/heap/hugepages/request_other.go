//go:build !linux

package hugepages

// Request does nothing: the operating system has no such request.
func Request(int) {}
