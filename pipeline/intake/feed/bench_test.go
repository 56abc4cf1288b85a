package feed

import (
	"context"
	"io"
	"testing"
	"testing/fstest"
)

// benchRows is the number of rows in the files of BenchmarkRead.
const benchRows = 500_000

// BenchmarkRead reads a usage file in every format and reports rows/s and allocations per row.
func BenchmarkRead(b *testing.B) {
	text := writeCSV(usageRecord, benchRows, usageNames)
	files := []struct {
		name string
		data []byte
	}{
		{"usage/a.parquet", writeParquet(b, usageFields, usageRecord, benchRows, benchRows)},
		{"usage/a.csv", text},
		{"usage/a.csv.gz", gz(text)},
		{"usage/a.csv.zst", zst(text)},
		{"usage/a.ndjson", writeNDJSON(usageRecord, benchRows, usageNames)},
	}
	for _, f := range files {
		b.Run(f.name[8:], func(b *testing.B) {
			fsys := fstest.MapFS{f.name: {Data: f.data}}
			b.ReportAllocs()
			b.SetBytes(int64(len(f.data)))
			for b.Loop() {
				r, err := Open(fsys, f.name, UsageSpec(), ReadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				var rows int64
				for {
					batch, err := r.Next(context.Background())
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					rows += batch.Rows.NumRows()
					batch.Release()
				}
				r.Close()
				if rows != benchRows {
					b.Fatal(rows)
				}
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
