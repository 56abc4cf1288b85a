package heap

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/tollbook/tollbook/fixtures/program"
)

// TestTuneMemory checks that memory settings of the environment are kept (HEAP-1). It is not parallel: the settings of
// the collector apply to the whole process.
func TestTuneMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	Start(func(string) string { return "set" })
	Tune(func(string) string { return "set" })
	expect(t, 100, math.MaxInt64)
	Tune(func(name string) string { return map[string]string{"GOGC": "set"}[name] })
	expect(t, 100, 805_306_368) // 768 MiB
	collect(100, math.MaxInt64)
	Tune(func(name string) string { return map[string]string{"GOMEMLIMIT": "set"}[name] })
	expect(t, 200, math.MaxInt64)
	collect(100, 1<<40)
	TuneJob(func(name string) string { return map[string]string{"GOMEMLIMIT": "set"}[name] }, true)
	expect(t, 40, 1<<40)
}

// TestMemoryOfTheFirstCollection checks that the first collection does not happen before the process uses 64 MiB, and
// that the command's own settings apply after it (HEAP-2). Not parallel, for the reason above.
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
		{Start, 25_165_824, 100, math.MaxInt64},
		{Tune, 67_108_864, 200, 805_306_368},
		{TuneExport, 67_108_864, 50, 805_306_368},
		{func(env func(string) string) { TuneJob(env, false) }, 67_108_864, 200, 805_306_368},
		{func(env func(string) string) { TuneJob(env, true) }, 67_108_864, 40, 805_306_368},
		{TuneServer, 67_108_864, 200, 1_342_177_280},
	} {
		c.tune(unset)
		expect(t, -1, c.until)
		collected(t, c.limit)
		expect(t, c.percent, c.limit)
	}
	Start(unset)
	TuneExport(unset) // replaces what Start would set
	collected(t, 805_306_368)
	expect(t, 50, 805_306_368)
}

// TestMemoryAfterAJob checks that a job that was too short for a collection leaves none postponed, and that the next
// job chooses its settings again (HEAP-2). Not parallel, for the reason above.
func TestMemoryAfterAJob(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	unset := func(string) string { return "" }
	for range 2 {
		TuneJob(unset, true)
		expect(t, -1, 67_108_864)
		Rest()
		expect(t, 40, 805_306_368)
	}
	if postponed.Load() != nil {
		t.Error("settings are postponed after the job")
	}
}

// TestMemoryOfTests (PROGRAM-2) checks that a command that runs inside a test's process neither changes the settings of
// the collector nor runs it, regardless of the memory in use. Not parallel, for the reason above.
func TestMemoryOfTests(t *testing.T) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { collect(percent, limit) })
	held := make([]byte, 2*startBytes)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	Start(program.NoEnv)
	Tune(program.Within(func(string) string { return "" }))
	TuneExport(program.NoEnv)
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(held)
	if got := after.NumGC - before.NumGC; got != 0 {
		t.Errorf("%d collections, want none", got)
	}
	expect(t, -1, math.MaxInt64)
}

// collected returns when the first collection has set the limit.
func collected(t *testing.T, limit int64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); debug.SetMemoryLimit(-1) != limit; {
		if runtime.GC(); time.Now().After(end) {
			t.Fatalf("limit %d, want %d", debug.SetMemoryLimit(-1), limit)
		}
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
