package cli

import (
	"math"
	"runtime"
	"runtime/debug"

	"github.com/tollbook/tollbook/jobs"
)

// How the garbage collector is set for batch work: few collections while memory is plenty, and a soft limit that keeps
// a run under 1 GiB however large the night is. Books stay in memory and do not belong to the night: what they take
// beyond an ordinary size is allowed for twice, once for what is compiled from them. A limit that they fill would have
// the collector run without end.
const (
	defaultPercent = 100
	batchPercent   = 200
	exportPercent  = 50        // most of what an export holds are decoded pages without pointers: collections are cheap
	closePercent   = 40        // what a close holds grows with the customers, so its garbage must be a small part of it
	batchLimit     = 768 << 20 // bytes
	keptByServers  = 512 << 20 // bytes: tables that a server keeps for its pages, and as much garbage
	ordinaryBooks  = 64 << 20  // bytes
)

// Nothing is collected before the process has so many bytes: a short command ends before. The two differ, so that the
// limit in force says who set it.
const (
	startBytes = 24 << 20 // while the program starts and a workspace is opened
	smallBytes = 64 << 20 // for the run or the export itself
)

// StartMemory postpones the first collection of a process, as far as GOGC and GOMEMLIMIT do not say otherwise.
func StartMemory(env func(string) string) {
	if env("GOGC") == "" && env("GOMEMLIMIT") == "" {
		postpone(startBytes, defaultPercent, math.MaxInt64)
	}
}

// TuneMemory sets the collector for a run whose workspace is open, as far as GOGC and GOMEMLIMIT do not say otherwise.
func TuneMemory(env func(string) string) { tune(env, batchPercent, batchLimit) }

// TuneExport is TuneMemory for an export, which holds less garbage at the same cost.
func TuneExport(env func(string) string) { tune(env, exportPercent, batchLimit) }

// TuneJob is TuneMemory for a job. A close of a million customers holds 400 MiB.
func TuneJob(env func(string) string, kind jobs.Kind) {
	if kind == jobs.Close {
		tune(env, closePercent, batchLimit)
		return
	}
	TuneMemory(env)
}

// TuneServer is TuneMemory for a server.
func TuneServer(env func(string) string) { tune(env, batchPercent, batchLimit+keptByServers) }

func tune(env func(string) string, percent int, limit int64) {
	ownPercent, ownLimit := env("GOGC") != "", env("GOMEMLIMIT") != ""
	if ownLimit {
		if !ownPercent {
			debug.SetGCPercent(percent)
		}
		return
	}
	held := heldNow()
	limit += 2 * max(0, held-ordinaryBooks)
	switch {
	case ownPercent:
		debug.SetMemoryLimit(limit)
	case held > startBytes:
		collect(percent, limit)
	default:
		postpone(smallBytes, percent, limit)
	}
}

// postpone turns the collector off until the process has so many bytes. After its first collection then, percentage and
// limit hold, unless somebody has set another limit meanwhile.
func postpone(until int64, percent int, limit int64) {
	collect(-1, until)
	runtime.AddCleanup(&struct{ _ *byte }{}, func(until int64) {
		if debug.SetMemoryLimit(-1) == until {
			collect(percent, limit)
		}
	}, until)
}

// collect sets percentage and limit, the limit last: who sees it sees the percentage too.
func collect(percent int, limit int64) {
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(limit)
}

// heldNow is how many bytes are in use, garbage left out if there can be enough of it to count.
func heldNow() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > startBytes {
		runtime.GC()
		runtime.ReadMemStats(&m)
	}
	return int64(m.HeapAlloc)
}
