package rows_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	reader "github.com/parquet-go/parquet-go"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func begin(t *testing.T) *lake.Txn {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	must(t, err)
	txn, err := l.Begin()
	must(t, err)
	t.Cleanup(func() { txn.Close() })
	return txn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func key(day int) lake.FileKey {
	return lake.FileKey{Table: "redraws", Cycle: lakekey.Cycle("2026-09"), Bucket: day}
}

// fill appends n rows to a batch, numbered from a number, two for each customer.
func fill(c *parquet.Columns[tables.Redraw], from, n int) {
	for i := range n {
		c.Word(tables.RedrawCustomerID).Add(fmt.Sprintf("c%06d", (from+i)/2))
		c.Word(tables.RedrawOriginCycle).Add("2026-08")
		c.Text(tables.RedrawRecordID).Add(fmt.Sprint(from + i))
		c.Text(tables.RedrawDraws).Add("")
	}
	c.N += n
}

// add appends n numbered rows, and writes each full row group.
func add(t *testing.T, w *rows.Writer[tables.Redraw], n int) {
	t.Helper()
	for i := range n {
		fill(w.Cols, i, 1)
		must(t, w.Added())
	}
}

// TestWriter checks that a full row group is written when its last row is added, that Finish writes the remaining rows,
// and that a second file of the same writer has no rows of the first. Invariants: TFILE-1, TFILE-4.
func TestWriter(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	for _, batch := range []int{rows.GroupRows + 3, 5} {
		w.Restart(key(batch))
		add(t, w, batch)
		if got := w.Rows(); got != int64(batch/rows.GroupRows*rows.GroupRows) {
			t.Errorf("%d rows added: %d written", batch, got)
		}
		files, err := w.Finish([]lake.ColumnSum{{Column: "x", Value: "1"}})
		must(t, err)
		if len(files) != 1 || files[0].Rows != int64(batch) || files[0].FileKey != key(batch) ||
			len(files[0].Sums) != 1 {
			t.Fatalf("%d rows: %+v", batch, files)
		}
		n := 0
		must(t, rows.EachRow(txn.SubTxn, files[0], tables.Redraws(), nil, func(c *parquet.Columns[tables.Redraw],
			i int) error {
			if got := string(c.Text(tables.RedrawRecordID).At(i)); got != fmt.Sprint(n) {
				return fmt.Errorf("row %d is %s", n, got)
			}
			n++
			return nil
		}))
		if n != batch {
			t.Errorf("%d rows read, %d written", n, batch)
		}
	}
}

// TestLongTexts checks that a row group ends after 64 MiB of texts or words: their offsets have 32 bits. Invariant:
// COL-6.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	w.Restart(key(1))
	long := strings.Repeat("x", 1<<20-8)
	for i := range 130 {
		word, text := "c", long
		if i >= 65 {
			word, text = fmt.Sprintf("%08d%s", i, long), ""
		}
		w.Cols.Word(tables.RedrawCustomerID).Add(word)
		w.Cols.Word(tables.RedrawOriginCycle).Add("2026-08")
		w.Cols.Text(tables.RedrawRecordID).Add("r")
		w.Cols.Text(tables.RedrawDraws).Add(text)
		w.Cols.N++
		must(t, w.Added())
	}
	files, err := w.Finish(nil)
	must(t, err)
	r, err := rows.OpenFile(txn.SubTxn, files[0], tables.Redraws(), nil)
	must(t, err)
	defer r.Close()
	if r.Groups() != 3 { // rows 1 to 65 with texts of 1 MiB less 8 bytes, 66 to 129 with words of 1 MiB, and 130
		t.Errorf("%d row groups, want 3", r.Groups())
	}
}

// aside calls f in a task while the core of another worker is spare.
func aside(t *testing.T, f func(*lake.SpareCores)) {
	t.Helper()
	l := lake.LocalTasks{Workers: 2, Spare: new(lake.SpareCores)}
	must(t, lake.RunTasks(t.Context(), l, lake.TaskStage[struct{}, struct{}]{
		Kind: "bucket", Tasks: []*struct{}{{}},
		Worker: func() func(context.Context, *struct{}) (*struct{}, error) {
			return func(_ context.Context, one *struct{}) (*struct{}, error) {
				for {
					if wait := l.Spare.Help(func() error { return nil }); wait != nil {
						must(t, wait())
						f(l.Spare)
						return one, nil
					}
					runtime.Gosched()
				}
			}
		},
		Take: func(*struct{}) error { return nil },
	}))
}

// TestAside checks that a file has the same bytes if a spare core writes its row groups while the next batch is filled,
// and that the writer uses two batches for it. Invariants: TFILE-5.
func TestAside(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	write := func(spare *lake.SpareCores) (e lake.FileEntry, batches int) {
		w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
		used := map[*parquet.Columns[tables.Redraw]]bool{}
		for range 2 { // the second file uses the same memory
			w.Restart(key(1))
			for i := range 7 {
				used[w.Cols] = true
				fill(w.Cols, i*1000, 1000)
				must(t, w.FlushAside(spare.Help))
				must(t, w.FlushAside(spare.Help)) // of an empty batch
			}
			fill(w.Cols, 7000, 3)
			files, err := w.Finish(nil)
			must(t, err)
			if e.Hash != "" && files[0].Hash != e.Hash {
				t.Error("the second file of a writer differs")
			}
			e = files[0]
		}
		return e, len(used)
	}
	want, one := write(nil)
	var got lake.FileEntry
	var two int
	aside(t, func(spare *lake.SpareCores) { got, two = write(spare) })
	if got.Hash != want.Hash || got.Rows != 7003 || one != 1 || two != 2 {
		t.Errorf("%d rows in %d batches, hash %s; without a spare core %d in %d, %s", got.Rows, two, got.Hash,
			want.Rows, one, want.Hash)
	}
	n := 0
	must(t,
		rows.EachRow(txn.SubTxn, got, tables.Redraws(), nil, func(c *parquet.Columns[tables.Redraw], i int) error {
			if id := string(c.Text(tables.RedrawRecordID).At(i)); id != fmt.Sprint(n) {
				t.Errorf("row %d is %s", n, id)
			}
			n++
			return nil
		}))
}

// TestAsideError checks that an error of a spare core is an error of the writer's next call, and that the file is not
// finished then.
func TestAsideError(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(*rows.Writer[tables.Redraw], *lake.SpareCores) error{
		"FlushAside": func(w *rows.Writer[tables.Redraw], spare *lake.SpareCores) error {
			fill(w.Cols, 0, 1)
			return w.FlushAside(spare.Help)
		},
		"Flush":  func(w *rows.Writer[tables.Redraw], _ *lake.SpareCores) error { return w.Flush() },
		"Finish": func(w *rows.Writer[tables.Redraw], _ *lake.SpareCores) error { _, err := w.Finish(nil); return err },
		"Abort":  func(w *rows.Writer[tables.Redraw], _ *lake.SpareCores) error { return w.Abort() },
	} {
		txn := begin(t)
		w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
		w.Restart(key(1))
		aside(t, func(spare *lake.SpareCores) {
			fill(w.Cols, 0, 10)
			w.Cols.N++ // more rows than its columns have
			must(t, w.FlushAside(spare.Help))
			if err := next(w, spare); err == nil || !strings.Contains(err.Error(), "11") {
				t.Errorf("%s after a failed row group: %v", name, err)
			}
		})
	}
}

// TestChecksumsInFile checks that other Parquet readers can read a file with checksums of its blocks (LAKE-18).
func TestChecksumsInFile(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	w.Restart(key(1))
	const rows = rows.GroupRows + 100
	for i := range rows {
		c := w.Cols
		c.Word(tables.RedrawCustomerID).Add("c")
		c.Word(tables.RedrawOriginCycle).Add("2026-08")
		c.Text(tables.RedrawRecordID).Add(recordOf(i))
		c.Text(tables.RedrawDraws).Add("")
		w.Cols.N++
		must(t, w.Added())
	}
	files, err := w.Finish(nil)
	must(t, err)
	e := files[0]
	if e.BlocksAt == 0 {
		t.Fatalf("a file of %d bytes has no checksums", e.Bytes)
	}
	f, err := txn.SubTxn.Open(e)
	must(t, err)
	defer f.Close()
	other, err := reader.OpenFile(f, e.Bytes)
	must(t, err)
	column, found := other.Schema().Lookup("record_id")
	if !found || other.NumRows() != rows {
		t.Fatalf("%d rows, %d written", other.NumRows(), rows)
	}
	n := 0
	for _, group := range other.RowGroups() {
		list := group.Rows()
		row := make([]reader.Row, 1)
		for {
			got, err := list.ReadRows(row)
			if got == 1 {
				if id := string(row[0][column.ColumnIndex].ByteArray()); id != recordOf(n) {
					t.Fatalf("row %d is %s, want %s", n, id, recordOf(n))
				}
				n++
			}
			if err == io.EOF {
				break
			}
			must(t, err)
		}
		must(t, list.Close())
	}
	if n != rows {
		t.Errorf("%d rows read, %d written", n, rows)
	}
}

// recordOf returns an id that compresses poorly.
func recordOf(i int) string {
	sum := sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	return hex.EncodeToString(sum[:20])
}

// TestPut checks that a file without rows does not exist (TFILE-2): Put of an empty batch removes the existing file.
func TestPut(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	w.Restart(key(1))
	if files, err := w.Finish(nil); err != nil || files != nil {
		t.Errorf("a file without rows: %v, %v", files, err)
	}
	batch := parquet.NewColumns(tables.Redraws())
	for _, col := range tables.Columns(tables.RedrawCustomerID, tables.RedrawOriginCycle) {
		batch.Col(col).AddWord("2026-08")
	}
	batch.Text(tables.RedrawRecordID).Add("r")
	batch.Text(tables.RedrawDraws).Add("")
	batch.N = 1
	for _, want := range []int{1, 0} {
		must(t, rows.PutFile(txn.SubTxn, key(1), batch, nil))
		if got := len(txn.Next().Entries.Find(key(1))); got != want {
			t.Errorf("%d files, want %d", got, want)
		}
		batch.Reset()
	}
}

// TestEachOf tests TFILE-3.
func TestEachOf(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	w.Restart(key(1))
	add(t, w, rows.GroupRows+4) // the customers c000000 and following, two rows each
	files, err := w.Finish(nil)
	must(t, err)
	for word, want := range map[string]string{
		"c000000": "0 1", "c000007": "14 15", "c032767": "65534 65535", "c032768": "65536 65537", "c99": "", "a": "",
	} {
		var got []string
		err := rows.EachRowOf(txn.SubTxn, files[0], tables.Redraws(), tables.RedrawCustomerID, word,
			func(c *parquet.Columns[tables.Redraw], i int) error {
				got = append(got, string(c.Text(tables.RedrawRecordID).At(i)))
				return nil
			})
		if text := strings.Join(got, " "); err != nil || text != want {
			t.Errorf("%s: rows %s, want %s (%v)", word, text, want, err)
		}
	}
	broken := errors.New("broken")
	err = rows.EachRowOf(txn.SubTxn, files[0], tables.Redraws(), tables.RedrawCustomerID, "c000000",
		func(*parquet.Columns[tables.Redraw], int) error { return broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), files[0].Path) {
		t.Errorf("an error of a row does not name the file: %v", err)
	}
}

// TestCursor checks that both ways of reading return the same rows, and that a cursor reports where row groups begin.
func TestCursor(t *testing.T) {
	t.Parallel()
	txn := begin(t)
	w := rows.NewFileWriter(txn.SubTxn, tables.Redraws())
	w.Restart(key(1))
	add(t, w, rows.GroupRows+4)
	files, err := w.Finish(nil)
	must(t, err)
	d, err := parquet.NewDecoder()
	must(t, err)
	defer d.Close()
	for name, open := range map[string]func() (*rows.Reader[tables.Redraw], error){
		"row group by row group": func() (*rows.Reader[tables.Redraw], error) {
			return rows.OpenFile(txn.SubTxn, files[0], tables.Redraws(), tables.Columns(tables.RedrawRecordID))
		},
		"at once": func() (*rows.Reader[tables.Redraw], error) {
			return rows.OpenAtOnce(txn.SubTxn, files[0], tables.Redraws(), tables.Columns(tables.RedrawRecordID),
				d)
		},
	} {
		r, err := open()
		must(t, err)
		c := rows.Cursor[tables.Redraw]{Reader: r}
		var groups []string
		batch := 0
		for {
			ok, fresh, err := c.Next()
			must(t, err)
			if !ok {
				break
			}
			if fresh {
				groups = append(groups, string(c.Cols.Text(tables.RedrawRecordID).At(c.At)))
			}
			batch++
		}
		if batch != rows.GroupRows+4 || strings.Join(groups, " ") != "0 65536" {
			t.Errorf("%s: %d rows, row groups begin at %v", name, batch, groups)
		}
		must(t, r.Close())
	}
	r, err := rows.OpenFile(txn.SubTxn, files[0], tables.Redraws(), tables.Columns(tables.RedrawRecordID))
	must(t, err)
	defer r.Close()
	passed := 0
	c := rows.Cursor[tables.Redraw]{Reader: r,
		Pass: func(*rows.Reader[tables.Redraw]) bool { passed++; return passed == 1 }}
	if ok, _, err := c.Next(); err != nil || !ok || string(c.Cols.Text(tables.RedrawRecordID).At(c.At)) != "65536" {
		t.Errorf("the first row group is not passed over: %v %v", ok, err)
	}
}
