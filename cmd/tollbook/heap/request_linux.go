package heap

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

// RequestHugePages requests huge pages for the next n bytes of the heap, which are at least 4 MiB: a page fault then
// maps 2 MiB instead of 4 KiB. The heap uses free addresses from the lowest on, so it uses those of a freed block
// before it maps others. The request remains in force when the collector gives their memory back. The collector must be
// off, so that the block starts no collection; Request runs one at its end.
func RequestHugePages(n int) HugePages {
	if !onRequest() || !mappable(n) {
		return HugePages{}
	}
	// The block is mapped, and only its first byte is touched. The builder does not clear it, as make would if a page
	// of it had been used before and were still in memory.
	var block strings.Builder
	block.Grow(n)
	block.WriteByte(0)
	from := uintptr(unsafe.Pointer(unsafe.StringData(block.String())))
	p := HugePages{(from + hugeBytes - 1) &^ (hugeBytes - 1), (from + uintptr(n)) &^ (hugeBytes - 1)}
	p.advise(unix.MADV_HUGEPAGE)
	runtime.KeepAlive(&block)
	debug.FreeOSMemory() // otherwise the block counts as memory in use
	return p
}

// HugePages are addresses of the heap for which huge pages were requested. The zero value has none.
type HugePages struct{ from, to uintptr }

// Withdraw ends the request, for a process that will use less memory for a while. Existing huge pages remain.
func (p HugePages) Withdraw() { p.advise(unix.MADV_NOHUGEPAGE) }

// Renew makes the request again.
func (p HugePages) Renew() { p.advise(unix.MADV_HUGEPAGE) }

// advise ignores failures: the program works with pages of any size.
func (p HugePages) advise(advice uintptr) {
	if p.from < p.to {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, p.from, p.to-p.from, advice)
	}
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
