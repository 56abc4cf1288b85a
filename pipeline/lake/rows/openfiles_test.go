package rows

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// counting is a storage that counts the files that are open for reading.
type counting struct {
	storage.Storage
	mu         sync.Mutex
	open, most int
}

func (c *counting) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	c.most = max(c.most, c.open)
}

func (c *counting) Open(name string) (storage.ReadFile, error) {
	f, err := c.Storage.Open(name)
	if err != nil {
		return nil, err
	}
	c.add(1)
	return &countedFile{ReadFile: f, c: c}, nil
}

type countedFile struct {
	storage.ReadFile
	c    *counting
	once sync.Once
}

func (f *countedFile) Close() error {
	f.once.Do(func() { f.c.add(-1) })
	return f.ReadFile.Close()
}

// TestPartnersMonthOpensFewFiles checks the lines of one partner in a month of 30 days and 16 buckets, from the
// selection to the last row, as exports of the command line and the API read them. At most 64 of the 480 files are open
// at the same time, for any number of workers, and all are closed at the end.
func TestPartnersMonthOpensFewFiles(t *testing.T) {
	t.Parallel()
	const days, buckets = 30, 16
	st := &counting{Storage: storage.NewMem()}
	l := newLakeIn(t, st, buckets)
	var want []testLine
	for day := range days {
		for bucket := range buckets {
			other, own := testLine{customer: fmt.Sprintf("c-%02d", bucket), start: int64(day) * 86_400, id: "r"},
				testLine{customer: fmt.Sprintf("c-%02d-of-partner", bucket), start: int64(day) * 86_400, id: "r"}
			l.lines(fmt.Sprintf("2026-09-%02d", day+1), bucket, 1, []testLine{other, own})
			want = append(want, own)
		}
	}
	snap := l.commit()
	slices.SortFunc(want, inOrder)
	ofPartner := func(row Row[tables.Line]) bool { return len(row.Word(tables.LineCustomerID)) > len("c-00") }
	for _, limits := range []Limits{{}, {Rows: ExportRows, Workers: 5},
		{Rows: ExportRows, Workers: 32}, {Rows: ExportRows / 2, Files: selectedFiles}} {
		limits.Scratch = t.TempDir()
		st.most = st.open
		rows, err := LinesOf(t.Context(), snap, lakekey.Cycle(testCycle), Selection{Keep: ofPartner}, nil, limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := collect(t, rows); !slices.Equal(got, want) {
			t.Errorf("%+v: %d lines, want %d in order", limits, len(got), len(want))
		}
		if st.most > 64 || st.most < 2 || st.open != 0 {
			t.Errorf("%+v: %d files were open at once and %d still are, want 64 at most and none", limits, st.most,
				st.open)
		}
	}
}
