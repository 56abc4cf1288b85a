package lake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// entry returns the entry of a day's file with a text as its content.
func entry(day, text string) lake.FileEntry {
	key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lakekey.Day(day)}
	hash := lake.HashBytes([]byte(text))
	return lake.FileEntry{FileKey: key, Path: key.PathOf(hash), Hash: hash, Bytes: int64(len(text))}
}

// TestOnlyListsOfChangesAreWritten checks which lists of a plan are written: those of changed days and that of their
// cycle (LAKE-17). CutBytes is the size of three entries of this test.
func TestOnlyListsOfChangesAreWritten(t *testing.T) {
	t.Parallel()
	base := lake.NextBase{CutBytes: 3 * (200 + len(entry("2026-09-01", "").Path))}
	summed := entry("2026-09-01", "a") // as if its checksums had changed
	summed.Blocks = "364b3fb7"
	for _, step := range []struct {
		name    string
		change  lake.FileEntry
		lists   int
		written []lake.Day // no day = the list of the cycle
	}{
		{"first", entry("2026-09-01", "a"), 1, []lake.Day{{}}},
		{"second", entry("2026-09-02", "b"), 1, []lake.Day{{}}},
		{"cut", entry("2026-09-03", "c"), 4,
			[]lake.Day{lakekey.Day("2026-09-01"), lakekey.Day("2026-09-02"), lakekey.Day("2026-09-03"), {}}},
		{"the same", entry("2026-09-03", "c"), 4, nil},
		{"a day", entry("2026-09-02", "d"), 4, []lake.Day{lakekey.Day("2026-09-02"), {}}},
		{"checksums", summed, 4, []lake.Day{lakekey.Day("2026-09-01"), {}}},
		{"a special day", entry("end", "e"), 4, []lake.Day{{}}},
	} {
		n := lake.NewState(base)
		if err := n.Entries.Replace(step.change.FileKey, step.change); err != nil {
			t.Fatal(err)
		}
		m, lists, err := n.Plan()
		if err != nil {
			t.Fatal(err)
		}
		var written []lake.Day
		for _, l := range lists {
			if l.Bytes == nil {
				continue
			}
			var text lake.FileList[lake.FileEntry]
			if err := lake.DecodeList(l.Bytes, &text); err != nil {
				t.Fatal(err)
			}
			written = append(written, text.Day)
		}
		equal := cmp.Comparer(func(a, b lake.Day) bool { return a == b })
		if diff := cmp.Diff(step.written, written, equal); diff != "" || len(lists) != step.lists {
			t.Errorf("%s: %d lists, want %d; written (-want +got):\n%s", step.name, len(lists), step.lists, diff)
		}
		base.Manifest, base.Files = m, n.Entries.Files(lakekey.Cycle("2026-09"))
		base.Days = map[lake.Cycle][]lake.DayRef{lakekey.Cycle("2026-09"): lists[len(lists)-1].Days}
	}
}
