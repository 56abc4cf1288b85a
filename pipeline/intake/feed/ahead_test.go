package feed

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestAheadGivesBackWhatNobodyTook checks that a reader that is closed early, or whose context ends, releases the
// batches that it has read ahead, and that the batches that it returned remain valid.
func TestAheadGivesBackWhatNobodyTook(t *testing.T) {
	t.Parallel()
	text := writeCSV(usageRecord, 5000, usageNames)
	files := fstest.MapFS{"pieces.csv": {Data: text}, "a.csv.gz": {Data: gz(text)}, "a.csv.zst": {Data: zst(text)},
		"pieces.ndjson.gz": {Data: gz(writeNDJSON(usageRecord, 5000, usageNames))},
		"a.parquet":        {Data: writeParquet(t, usageFields, usageRecord, 5000, 1000)}}
	for name := range files {
		pieces := strings.HasPrefix(name, "pieces")
		for _, batches := range []int{0, 1, 3} {
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			o := ReadOptions{BatchRows: 100, Ahead: true, Memory: mem}
			if pieces {
				o.PieceBytes = 30 << 10
			}
			r, err := Open(files, name, UsageSpec(), o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var taken []*Batch
			for range batches {
				b, err := r.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				taken = append(taken, b)
			}
			if stop(); batches > 1 {
				if err := endOf(r, ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: the context ended, error %v", name, err)
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			want := int64(1)
			for i, b := range taken {
				// The last batch of a piece is shorter.
				if b.First != want || b.Len() != 100 && !pieces || b.Len() > 100 {
					t.Errorf("%s: batch %d begins at row %d with %d rows", name, i, b.First, b.Len())
				}
				want += int64(b.Len())
				b.Release()
			}
			if _, err := r.Next(t.Context()); err == nil {
				t.Errorf("%s: a closed reader gave a batch", name)
			}
			mem.AssertSize(t, 0)
		}
	}
}

// endOf reads to the end and returns the final error.
func endOf(r Reader, ctx context.Context) error {
	for {
		b, err := r.Next(ctx)
		if err != nil {
			return err
		}
		b.Release()
	}
}
