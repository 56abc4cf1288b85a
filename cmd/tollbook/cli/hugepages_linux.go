package cli

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// heapPiece is the size of the pieces in which the heap is extended. A piece that contains memory that was used before
// is cleared, and so becomes resident, so it must be small.
const heapPiece = 4 << 20

// preferHugePages extends the heap by so many bytes and asks the system for huge pages wherever the heap is, if it gives
// them on request only. The new memory is not touched, so none of it is resident; the next collection frees it, and later
// allocations use it. A page of 2 MiB takes one page fault instead of 512.
//
// Nothing happens if the process has a limit of address space, or if the system counts memory that nobody touches: the
// extension could end the process there. An error leaves pages of the usual size.
func preferHugePages(size int64) {
	if !hugePagesOnRequest() || addressSpaceLimited() || fileContains("/proc/sys/vm/overcommit_memory", "2") {
		return
	}
	var pieces [][]byte
	for ; size >= heapPiece; size -= heapPiece {
		pieces = append(pieces, make([]byte, heapPiece))
	}
	mappings, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range bytes.Lines(mappings) {
		var from, to uintptr
		if _, err := fmt.Sscanf(string(line), "%x-%x", &from, &to); err != nil {
			return
		}
		if slices.ContainsFunc(pieces, func(p []byte) bool {
			at := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
			return from <= at && at < to
		}) {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_HUGEPAGE)
		}
	}
	runtime.KeepAlive(pieces)
	debug.FreeOSMemory()
}

// hugePagesOnRequest reports whether the system gives huge pages to memory for which a program asks for them, and to no
// other.
func hugePagesOnRequest() bool {
	return fileContains("/sys/kernel/mm/transparent_hugepage/enabled", "[madvise]")
}

// addressSpaceLimited reports whether the process has a limit of address space (`ulimit -v`).
func addressSpaceLimited() bool {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_AS, &limit)
	return err != nil || limit.Cur != unix.RLIM_INFINITY
}

// fileContains reports whether a small file of the system can be read and contains a text.
func fileContains(name, text string) bool {
	content, err := os.ReadFile(name)
	return err == nil && bytes.Contains(content, []byte(text))
}
