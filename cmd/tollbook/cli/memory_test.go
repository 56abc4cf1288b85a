package cli

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/jobs"
)

// TestTuneMemory checks that what the environment sets is not changed. It is not parallel: the collector belongs to the
// process.
func TestTuneMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	StartMemory(func(string) string { return "set" })
	TuneMemory(func(string) string { return "set" })
	expect(t, 100, math.MaxInt64)
	TuneMemory(func(name string) string { return map[string]string{"GOGC": "set"}[name] })
	expect(t, 100, 805_306_368) // 768 MiB
	collect(100, math.MaxInt64)
	TuneMemory(func(name string) string { return map[string]string{"GOMEMLIMIT": "set"}[name] })
	expect(t, 200, math.MaxInt64)
}

// TestMemoryOfTheFirstCollection checks that nothing is collected before the process has 64 MiB, and that the command's
// own settings are in force after the first collection. Not parallel, as above.
func TestMemoryOfTheFirstCollection(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	unset := func(string) string { return "" }
	for _, c := range []struct {
		tune    func(func(string) string)
		until   int64
		percent int
		limit   int64
	}{
		{StartMemory, 25_165_824, 100, math.MaxInt64},
		{TuneMemory, 67_108_864, 200, 805_306_368},
		{TuneExport, 67_108_864, 50, 805_306_368},
		{func(env func(string) string) { TuneJob(env, jobs.Nightly) }, 67_108_864, 200, 805_306_368},
		{func(env func(string) string) { TuneJob(env, jobs.Close) }, 67_108_864, 40, 805_306_368},
		{TuneServer, 67_108_864, 200, 1_342_177_280},
	} {
		c.tune(unset)
		expect(t, -1, c.until)
		collected(c.until)
		expect(t, c.percent, c.limit)
	}
	StartMemory(unset)
	TuneExport(unset) // replaces what StartMemory would set
	collected(67_108_864)
	expect(t, 50, 805_306_368)
}

// TestMemoryOfTests (PROGRAM-2) checks that a command in a test's process neither changes the collector nor runs it,
// however much the process holds. Not parallel, as above.
func TestMemoryOfTests(t *testing.T) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	held := make([]byte, 2*startBytes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	StartMemory(program.NoEnv)
	TuneMemory(program.Within(func(string) string { return "" }))
	TuneExport(program.NoEnv)
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(held)
	if got := after.NumGC - before.NumGC; got != 0 {
		t.Errorf("%d collections, want none", got)
	}
	expect(t, -1, math.MaxInt64)
}

// collected returns when the first collection has changed the limit.
func collected(until int64) {
	for debug.SetMemoryLimit(-1) == until {
		runtime.GC()
	}
}

func expect(t *testing.T, percent int, limit int64) {
	t.Helper()
	if got := debug.SetMemoryLimit(-1); got != limit {
		t.Errorf("limit %d, want %d", got, limit)
	}
	got := debug.SetGCPercent(100)
	debug.SetGCPercent(got)
	if got != percent {
		t.Errorf("percentage %d, want %d", got, percent)
	}
}
