package lake_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// BenchmarkWriter measures hashing and buffering per byte, without the sync of a disk. Each write has 1 KB, the size of
// a Parquet page.
func BenchmarkWriter(b *testing.B) {
	txn := begin(b, open(b, storage.Dir(b.TempDir())))
	w, err := txn.SubTxn.Create(dayKey("2026-09-01", 0))
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 1024)
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		if _, err := w.Write(page); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Abort(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBegin measures the start of a run that changes nothing, on a lake of 20 months × 30 days × 16 buckets =
// 9,600 files.
func BenchmarkBegin(b *testing.B) {
	l := open(b, storage.NewMem())
	txn := begin(b, l)
	for i := range 9600 {
		cycle := fmt.Sprintf("20%02d-%02d", 20+i/480/12, 1+i/480%12)
		key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle(cycle),
			Day:    lakekey.Day(fmt.Sprintf("%s-%02d", cycle, 1+i/16%30)),
			Bucket: i % 16}
		if err := replace(txn, key, "x"); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := begin(b, l).Close(); err != nil {
			b.Fatal(err)
		}
	}
}
