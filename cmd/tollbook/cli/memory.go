package cli

import (
	"math"
	"runtime"
	"runtime/debug"

	"github.com/tollbook/tollbook/jobs"
)

// Settings of the garbage collector for batch work: few collections while memory is free, and a soft limit that keeps
// a run below 1 GiB regardless of the size of its input. Books stay in memory. For books above an ordinary size the
// limit grows by twice the excess, once for the data that is compiled from them. If the books filled the limit, the
// collector would run continuously.
const (
	defaultPercent = 100
	batchPercent   = 200
	exportPercent  = 50        // an export holds mostly decoded pages without pointers: collections are cheap
	closePercent   = 40        // a close's memory grows with the customers, so its share of garbage must be small
	batchLimit     = 768 << 20 // bytes
	keptByServers  = 512 << 20 // bytes: tables that a server caches for its pages, and the same amount of garbage
	ordinaryBooks  = 64 << 20  // bytes
)

// Heap sizes of the first collection, in bytes: a short command ends before it. The two differ so that the current
// limit shows which of them is in force.
const (
	startBytes = 24 << 20 // while the program starts and a workspace is opened
	smallBytes = 64 << 20 // for the run or the export itself
)

// StartMemory postpones the first collection of a process, unless GOGC or GOMEMLIMIT is set.
func StartMemory(env func(string) string) {
	if env("GOGC") == "" && env("GOMEMLIMIT") == "" {
		postpone(startBytes, defaultPercent, math.MaxInt64)
	}
}

// TuneMemory sets the collector for a run whose workspace is open. Values that GOGC and GOMEMLIMIT set are kept.
func TuneMemory(env func(string) string) { tune(env, batchPercent, batchLimit) }

// TuneExport is TuneMemory for an export: it collects more often, so that less garbage is held.
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

// postpone turns the collector off until the process has the given number of bytes. After that first collection,
// percent and limit apply, unless another limit was set in the meantime.
func postpone(until int64, percent int, limit int64) {
	collect(-1, until)
	runtime.AddCleanup(&struct{ _ *byte }{}, func(until int64) {
		if debug.SetMemoryLimit(-1) == until {
			collect(percent, limit)
		}
	}, until)
}

// collect sets percentage and limit. It sets the limit last: once the limit is visible, the percentage is set too.
func collect(percent int, limit int64) {
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(limit)
}

// heldNow returns the heap bytes in use. If they exceed startBytes, it collects garbage first.
func heldNow() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > startBytes {
		runtime.GC()
		runtime.ReadMemStats(&m)
	}
	return int64(m.HeapAlloc)
}
