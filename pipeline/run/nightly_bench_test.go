package run_test

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/tollbook/tollbook/fixtures/generate"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

var nightlyRows = flag.Int64("nightly.rows", 1_000_000, "rows of the smaller night of BenchmarkNightly")

// BenchmarkNightly runs a night of n rows and one of 2n. The difference of their allocations is the cost of n rows,
// because books, buckets and workers are the same. It reports the generator's share of 0.1 % rejects separately.
func BenchmarkNightly(b *testing.B) {
	for _, c := range []struct {
		name  string
		noBad bool
	}{{"rejects=none", true}, {"rejects=0.1%", false}} {
		b.Run(c.name, func(b *testing.B) {
			once, twice := newNight(b, *nightlyRows, c.noBad), newNight(b, 2**nightlyRows, c.noBad)
			var objects, bytes uint64
			for b.Loop() {
				o1, b1 := once.run(b)
				o2, b2 := twice.run(b)
				objects += o2 - o1
				bytes += b2 - b1
			}
			rows := float64(b.N) * float64(*nightlyRows)
			b.ReportMetric(float64(objects)/rows, "allocs/row")
			b.ReportMetric(float64(bytes)/rows, "B/row")
		})
	}
}

// night is a workspace with one day of usage.
type night struct {
	dir  string
	asOf period.Instant
}

func newNight(b *testing.B, rows int64, noBad bool) night {
	dir := filepath.Join(b.TempDir(), "workspace")
	r, err := generate.Workspace(b.Context(), generate.Options{Rows: rows, Customers: 10_000, Days: 1, Seed: 1,
		Bench: true, NoBad: noBad, Dir: dir}, nil)
	if err != nil {
		b.Fatal(err)
	}
	asOf, err := period.ParseInstant(r.AsOf)
	if err != nil {
		b.Fatal(err)
	}
	return night{dir, asOf}
}

// run bills the night into an empty lake and returns the number and bytes of its allocations.
func (n *night) run(b *testing.B) (objects, bytes uint64) {
	w, err := workspace.Open(n.dir)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.RemoveAll(w.LakeDir()); err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := run.Nightly(b.Context(), w, workspace.Options{AsOf: n.asOf, Workers: 2}); err != nil {
		b.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
}
