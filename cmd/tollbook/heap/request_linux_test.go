package heap

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// TestHeapPages checks that huge pages are requested for the memory that the heap uses next, until the request is
// withdrawn, and that a request itself uses no memory (HUGE-1). It is not parallel: the heap belongs to the process.
func TestHeapPages(t *testing.T) {
	if !onRequest() {
		t.Skip("the system gives huge pages to every program, or to none")
	}
	debug.SetGCPercent(-1)
	leaveGarbage(64 << 20)
	before := status(t, "VmRSS")
	pages := RequestHugePages(256 << 20)
	if used := status(t, "VmHWM") - before; used > 32<<10 {
		t.Errorf("the request for 256 MiB uses %d KiB", used)
	}
	block := make([]byte, 128<<20) // more than the garbage: it does not fit before the pages
	expect := func(at uintptr, want string) {
		t.Helper()
		if flags := flagsAt(t, at); !slices.Contains(flags, want) {
			t.Errorf("flags at %x are %v, want %s among them", at, flags, want)
		}
	}
	expect(uintptr(unsafe.Pointer(&block[64<<20])), "hg")
	expect(pages.from, "hg")
	pages.Withdraw()
	expect(pages.from, "nh")
	pages.Renew()
	expect(pages.from, "hg")
	runtime.KeepAlive(block)
}

// TestRefused checks that a request which the system refuses does nothing: Go would end the process (HUGE-1).
func TestRefused(t *testing.T) {
	t.Parallel()
	const more = 1 << 50 // more than a process has addresses
	if mappable(more) {
		t.Errorf("%d bytes can be mapped", more)
	}
	if p := RequestHugePages(more); p != (HugePages{}) {
		t.Errorf("pages %+v, want none", p)
	}
}

// leaveGarbage uses n bytes at the end of the heap and frees them; they remain in memory. A block of the heap that
// contains one such page is cleared completely.
func leaveGarbage(n int) {
	garbage := make([]byte, n)
	for i := 0; i < n; i += os.Getpagesize() {
		garbage[i] = 1
	}
	runtime.KeepAlive(garbage)
	runtime.GC()
}

// status returns a value of the process in KiB: VmRSS is its resident memory, VmHWM the maximum so far.
func status(t *testing.T, name string) (kib int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), name+":")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}

// flagsAt returns the flags of the mapping that contains an address (proc_pid_smaps(5), VmFlags).
func flagsAt(t *testing.T, at uintptr) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	within := false
	for line := range strings.Lines(string(text)) {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			within = from <= at && at < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && within {
			return strings.Fields(flags)
		}
	}
	t.Fatalf("no mapping contains %x", at)
	return nil
}
