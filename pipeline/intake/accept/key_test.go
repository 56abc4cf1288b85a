package accept

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestRanges tests SORT-6: a range has the rows that are in it, in order, whatever the segments are, for runs in
// memory, on disk, and stored with other region codes. The weights of a part have all of its rows.
func TestRanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		runs := drawRuns(t)
		key := func(name string) RecordKey {
			return RecordKey{rapid.Int32Range(-1, 4).Draw(t, name), period.Instant(rapid.Int64Range(-4, 4).Draw(t,
				name))}
		}
		for part := range RunPart(3) {
			in := Range{key("from"), key("to")}
			var want, scanned []string
			eachRecord(t, runs, part, All, func(r *Record) {
				if k := (RecordKey{r.Customer, r.Start}); k.Compare(in.From) >= 0 && k.Compare(in.To) < 0 {
					want = append(want, r.text())
				}
			})
			var got []string
			eachRecord(t, runs, part, in, func(r *Record) { got = append(got, r.text()) })
			if !slices.Equal(got, want) {
				t.Fatalf("part %d, %v: %v\nwant %v", part, in, got, want)
			}
			b := Buffers{Temp: newScratch()}
			err := ScanRange(runs, part, in, &b, func(h *Head) error {
				var r Record
				err := h.Row(&r)
				scanned = append(scanned, r.text())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(scanned)
			slices.Sort(want)
			if !slices.Equal(scanned, want) {
				t.Fatalf("part %d, %v: %v were scanned\nwant %v", part, in, scanned, want)
			}
			weigh(t, runs, part)
		}
	})
}

// weigh checks the weights of a part.
func weigh(t *rapid.T, runs []*Run, part RunPart) {
	_, rows := PartsOfRuns(runs)
	list, sum := Weights(runs, part), int64(0)
	for _, w := range list {
		sum += w.Rows
	}
	if sum != rows[part] || !slices.IsSortedFunc(list, func(a, b Weight) int { return a.Compare(b.RecordKey) }) {
		t.Fatalf("part %d has %d rows, its weights are %v", part, rows[part], list)
	}
}

// drawRuns returns runs of all kinds with rows in three parts.
func drawRuns(t *rapid.T) (runs []*Run) {
	codes := regionsOf{words: []string{"first", "second"}}
	for range rapid.IntRange(1, 4).Draw(t, "runs") {
		c := &Chunk{SegmentRows: rapid.Int64Range(0, 3).Draw(t, "rows of a segment")}
		for range rapid.IntRange(1, 30).Draw(t, "rows") {
			part, row := RunPart(rapid.IntRange(0, 2).Draw(t, "part")), draw(t)
			row.Region %= 3
			c.Add(part, &row)
		}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			runs = append(runs, c.Hold())
		case 1:
			var disk bytes.Buffer
			run, err := c.Flush(&disk, func() (io.ReaderAt, error) { return bytes.NewReader(disk.Bytes()), nil })
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		default:
			file, rows := store(t, c, []string{"third", "first", "second"})
			run, err := OpenStored(bytes.NewReader(file), rows, int64(len(file)), codes.code)
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, run)
		}
	}
	return runs
}

// eachRecord visits the rows of a range of a part, in order.
func eachRecord(t *rapid.T, runs []*Run, part RunPart, in Range, visit func(*Record)) {
	b := Buffers{Temp: newScratch()}
	m, err := MergeRange(runs, part, in, &b)
	if err != nil {
		t.Fatal(err)
	}
	var row Record
	for {
		ok, err := m.Next(&row)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		visit(&row)
	}
}
