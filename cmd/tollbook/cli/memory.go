package cli

import (
	"runtime"
	"runtime/debug"
)

// How the garbage collector is set for batch work: few collections while memory is plenty, and a soft limit that keeps
// a run under 1 GiB however large the night is. Books stay in memory and do not belong to the night: what they take
// beyond an ordinary size is allowed for twice, once for what is compiled from them. A limit that they fill would have
// the collector run without end.
const (
	batchPercent  = 200
	exportPercent = 50        // most of what an export holds are decoded pages without pointers: collections are cheap
	batchLimit    = 768 << 20 // bytes
	keptByServers = 512 << 20 // bytes: tables that a server keeps for its pages, and as much garbage
	ordinaryBooks = 64 << 20  // bytes
)

// TuneMemory sets the collector for a run whose workspace is open, as far as GOGC and GOMEMLIMIT do not say otherwise.
func TuneMemory(env func(string) string) { tune(env, batchPercent, batchLimit) }

// TuneExport is TuneMemory for an export, which holds less garbage at the same cost.
func TuneExport(env func(string) string) { tune(env, exportPercent, batchLimit) }

// TuneServer is TuneMemory for a server.
func TuneServer(env func(string) string) { tune(env, batchPercent, batchLimit+keptByServers) }

func tune(env func(string) string, percent int, limit int64) {
	if env("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit + 2*max(0, heldNow()-ordinaryBooks))
	}
}

// heldNow is how many bytes are in use, garbage left out.
func heldNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
