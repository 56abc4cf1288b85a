package cli

import (
	"math"
	"runtime/debug"
	"testing"
)

// The environment's word counts: what it sets is left alone. Not parallel: the collector is the process's.
func TestTuneMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
	TuneMemory(func(string) string { return "set" })
	if got := debug.SetGCPercent(100); got != 100 {
		t.Errorf("GOGC was set, and yet the percentage became %d", got)
	}
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("GOMEMLIMIT was set, and yet the limit became %d", got)
	}
	for _, c := range []struct {
		tune  func(func(string) string)
		want  int
		limit int64
	}{{TuneMemory, 200, 768 << 20}, {TuneExport, 50, 768 << 20}, {TuneServer, 200, 1280 << 20}} {
		c.tune(func(string) string { return "" })
		if got := debug.SetMemoryLimit(-1); got != c.limit {
			t.Errorf("limit %d, want %d", got, c.limit)
		}
		if got := debug.SetGCPercent(100); got != c.want {
			t.Errorf("percentage %d, want %d", got, c.want)
		}
	}
}
