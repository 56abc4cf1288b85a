package heap

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
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

// Heap sizes of the first collection, in bytes: a short command ends before it.
const (
	startBytes = 24 << 20 // while the program starts and a workspace is opened
	smallBytes = 64 << 20 // for the run or the export itself
)

// Start postpones the first collection of the process, unless GOGC or GOMEMLIMIT is set. Package startup requests huge
// pages before.
func Start(env func(string) string) {
	if env("GOGC") == "" && env("GOMEMLIMIT") == "" {
		postpone(settings{percent: defaultPercent, limit: math.MaxInt64}, startBytes)
	}
}

// Tune sets the collector for a run whose workspace is open. Values that GOGC and GOMEMLIMIT set are kept.
func Tune(env func(string) string) { tune(env, settings{batchPercent, batchLimit, true}) }

// TuneExport is Tune for an export: it collects more often, so that less garbage is held.
func TuneExport(env func(string) string) { tune(env, settings{exportPercent, batchLimit, true}) }

// TuneJob is Tune for a job, which may close a cycle. A close of a million customers holds 400 MiB.
func TuneJob(env func(string) string, closes bool) {
	if closes {
		tune(env, settings{closePercent, batchLimit, true})
		return
	}
	Tune(env)
}

// TuneServer is Tune for a server, without a request for huge pages: the kernel can merge a partly used range of
// addresses into a huge page at any time, so that a process that runs for months keeps memory it does not use.
func TuneServer(env func(string) string) {
	tune(env, settings{batchPercent, batchLimit + keptByServers, false})
}

// settings are the values of the collector.
type settings struct {
	percent int
	limit   int64 // bytes
	huge    bool  // request huge pages for a heap of that limit
}

func tune(env func(string) string, s settings) {
	ownPercent, ownLimit := env("GOGC") != "", env("GOMEMLIMIT") != ""
	switch {
	case ownPercent && ownLimit:
		return
	case ownLimit:
		debug.SetGCPercent(s.percent)
		s.request()
		return
	}
	postponed.Store(nil)
	held := heldNow()
	s.limit += 2 * max(0, held-ordinaryBooks)
	switch {
	case ownPercent:
		debug.SetMemoryLimit(s.limit)
		s.request()
	case held > startBytes:
		s.apply()
	default:
		postpone(s, smallBytes)
	}
}

// postponed holds the settings that take effect at the first collection; nil = none.
var postponed atomic.Pointer[settings]

// postpone turns the collector off until the process has the given number of bytes. After that first collection, the
// settings apply, unless others were chosen in the meantime.
func postpone(s settings, until int64) {
	postponed.Store(&s)
	collect(-1, until)
	runtime.AddCleanup(&struct{ _ *byte }{}, func(s *settings) {
		if postponed.CompareAndSwap(s, nil) {
			s.apply()
		}
	}, &s)
}

// requested holds the addresses with huge pages for a complete heap. All jobs of a process use the same addresses.
var requested struct {
	sync.Mutex
	pages HugePages
}

// apply makes the settings effective.
func (s *settings) apply() {
	s.request()
	collect(s.percent, s.limit)
}

// request requests huge pages for a heap of the limit, if the settings say so. The collector is off meanwhile.
func (s *settings) request() {
	if !s.huge {
		return
	}
	requested.Lock()
	defer requested.Unlock()
	if requested.pages != (HugePages{}) {
		requested.pages.Renew()
		return
	}
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	requested.pages = RequestHugePages(int(s.limit))
	collect(percent, limit)
}

// Rest returns free memory to the system after a job, in a process that waits for the next job. It withdraws the
// request for huge pages until then: otherwise the kernel would merge partly used ranges of addresses into huge pages.
func Rest() {
	if s := postponed.Swap(nil); s != nil {
		collect(s.percent, s.limit)
	}
	requested.Lock()
	defer requested.Unlock()
	requested.pages.Withdraw()
	debug.FreeOSMemory()
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
