package hugepages

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugeBytes is the size of the huge pages that are requested. A kernel with larger ones, such as 512 MiB beside pages
// of 64 KiB, would use a page of that size for the first byte.
const hugeBytes = 2 << 20

// Request requests huge pages for the next n bytes of the heap, which are at least 4 MiB: a page fault then maps 2 MiB
// instead of 4 KiB. The heap uses free addresses from the lowest on, so it uses those of a freed block before it maps
// others, and the request remains in force when their memory is given back. The collector must be off: otherwise the
// block starts a collection, which its end repeats.
func Request(n int) {
	if !onRequest() || !mappable(n) {
		return
	}
	block := make([]byte, n) // mapped, and not touched
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(block)))) & (hugeBytes - 1)
	_ = unix.Madvise(block[skip:], unix.MADV_HUGEPAGE) // without them the program is only slower
	runtime.KeepAlive(block)
	debug.FreeOSMemory() // otherwise the block counts as memory in use
}

// onRequest reports whether the system gives huge pages of the usual size to those who request them, and only to them.
func onRequest() bool {
	const folder = "/sys/kernel/mm/transparent_hugepage/"
	enabled, err := os.ReadFile(folder + "enabled")
	if err != nil || !strings.Contains(string(enabled), "[madvise]") {
		return false
	}
	size, err := os.ReadFile(folder + "hpage_pmd_size")
	return err == nil && strings.TrimSpace(string(size)) == "2097152"
}

// mappable reports whether the process may map n bytes more: a limit of its address space, or strict accounting of
// memory, can refuse them, and Go ends a process whose heap cannot grow.
func mappable(n int) bool {
	probe, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	return err == nil && unix.Munmap(probe) == nil
}
