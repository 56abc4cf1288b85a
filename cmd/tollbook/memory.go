package main

import "runtime/debug"

// How the garbage collector is set for batch work: few collections while memory is plenty, and a soft limit that keeps a run
// under 1 GiB however large the night is.
const (
	batchPercent = 200
	batchLimit   = 768 << 20 // bytes
)

// tuneMemory sets the collector for a run, as far as GOGC and GOMEMLIMIT do not say otherwise.
func tuneMemory(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(batchPercent)
	}
	if env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(batchLimit)
	}
}
