//go:build !linux

package cli

// preferHugePages does nothing: the system decides about huge pages by itself.
func preferHugePages(int64) {}
