package cli

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestPreferHugePages checks that the heap is advised for huge pages and that the extension is not resident. It is not
// parallel: the heap belongs to the process.
func TestPreferHugePages(t *testing.T) {
	if !hugePagesOnRequest() || addressSpaceLimited() {
		t.Skip("the system does not give huge pages on request, or the process has a limit of address space")
	}
	const size, most = 256 << 20, 64 << 20 // bytes
	before := resident(t)
	preferHugePages(size)
	if grown := resident(t) - before; grown > most {
		t.Errorf("%d bytes became resident, want at most %d", grown, most)
	}
	if advised := advisedBytes(t); advised < size {
		t.Errorf("huge pages are requested for %d bytes, want at least %d", advised, size)
	}
}

// resident returns the resident memory of the process, in bytes.
func resident(t *testing.T) int {
	t.Helper()
	return fieldSum(t, "/proc/self/status", "VmRSS:", func(string) bool { return true })
}

// advisedBytes returns the address space for which the process has requested huge pages (`hg` in VmFlags), in bytes.
func advisedBytes(t *testing.T) int {
	t.Helper()
	return fieldSum(t, "/proc/self/smaps", "Size:", func(mapping string) bool {
		_, flags, _ := strings.Cut(mapping, "VmFlags:")
		flags, _, _ = strings.Cut(flags, "\n")
		return strings.Contains(flags+" ", " hg ")
	})
}

// fieldSum adds up a field in kB over the parts of a file of the kernel that are wanted. A part ends with VmFlags.
func fieldSum(t *testing.T, name, field string, wanted func(part string) bool) int {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sum, part, kib := 0, "", 0
	add := func() {
		if wanted(part) {
			sum += kib << 10
		}
		part, kib = "", 0
	}
	for line := range strings.Lines(string(text)) {
		part += line
		if value, ok := strings.CutPrefix(line, field); ok {
			if kib, err = strconv.Atoi(strings.Fields(value)[0]); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(line, "VmFlags:") {
			add()
		}
	}
	add()
	return sum
}
