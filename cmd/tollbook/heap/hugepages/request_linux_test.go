package hugepages

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
	before := resident(t)
	pages := Request(256 << 20)
	if used := resident(t) - before; used > 32<<10 {
		t.Errorf("the request for 256 MiB uses %d KiB", used)
	}
	block := make([]byte, 64<<20)
	expect := func(at uintptr, want string) {
		t.Helper()
		if flags := flagsAt(t, at); !slices.Contains(flags, want) {
			t.Errorf("flags at %x are %v, want %s among them", at, flags, want)
		}
	}
	expect(uintptr(unsafe.Pointer(&block[32<<20])), "hg")
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
	if p := Request(more); p != (Pages{}) {
		t.Errorf("pages %+v, want none", p)
	}
}

// resident returns the resident memory of the process, in KiB.
func resident(t *testing.T) (kib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
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
