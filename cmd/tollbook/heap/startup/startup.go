package startup

import (
	"os"
	"runtime/debug"

	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	_ "github.com/tollbook/tollbook/jobs/fatal"
)

const (
	hugeBytes = 64 << 20 // the part of the heap with huge pages: what a short command uses
	percent   = 600      // of the smallest heap, 4 MiB: the first collection would be at 24 MiB
)

var _ = begin(os.Getenv)

// begin reports whether it set the heap. It does not if GOGC or GOMEMLIMIT is set (HEAP-1).
func begin(env func(string) string) bool {
	if env("GOGC") != "" || env("GOMEMLIMIT") != "" {
		return false
	}
	debug.SetGCPercent(-1)
	heap.RequestHugePages(hugeBytes)
	debug.SetGCPercent(percent)
	return true
}
