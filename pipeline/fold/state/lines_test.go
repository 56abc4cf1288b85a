package state

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func key(day string) lake.FileKey {
	return lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lakekey.Day(day)}
}

// fill fills a batch with n rows. All columns are constant except the tier, which counts up from a number.
func fill(b *RatedBatch, from, n int) {
	for i := range b.Def.Columns {
		switch col := b.Col(tables.ColumnOf[tables.Line](i)); b.Def.Columns[i].Type {
		case tables.Word:
			col.SetWord("w")
		case tables.Text:
			col.SetText("t")
		case tables.Small:
			col.SetSmall(1)
		case tables.Amount, tables.Quantity, tables.Cost:
			col.SetDec(-1, ^uint64(6))
		default:
			col.SetInt(5)
		}
	}
	tier := b.Col(tables.LineTier.Of())
	tier.Codes, tier.Const, b.N = tier.Codes[:0], false, n
	for i := range n {
		tier.Codes = append(tier.Codes, int32(from+i))
	}
}

// beginRated begins a transaction in an empty lake.
func beginRated(t *testing.T) *lake.Txn {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	must(t, err)
	txn, err := l.Begin()
	must(t, err)
	t.Cleanup(func() { txn.Close() })
	return txn
}

// TestLook reads lines before they are paid, from memory and from temporary files. Paying then reads the same lines. A
// read ends the temporary file that is being written; later lines go to a new one. Invariants: RATED-2, RATED-3.
func TestLook(t *testing.T) {
	t.Parallel()
	txn := beginRated(t)
	lines := NewRatedLines(txn.SubTxn, func(lake.FileKey) bool { return true })
	days := []string{"2026-09-01", "2026-09-02", "2026-09-03"}
	for i, day := range days {
		batch := parquet.NewColumns(tables.Lines())
		for k := range 3 {
			fill(batch, k*memoryRows/2, memoryRows/2)
			var err error
			batch, err = lines.Add(key(day), batch)
			must(t, err)
		}
		lines.End(key(day), nil)
		for _, before := range days[:i+1] {
			read(t, lines.Look(key(before)), 3*memoryRows/2)
		}
	}
	if len(lines.spills) != len(days) || lines.rows != memoryRows || lines.Left() == nil {
		t.Errorf("%d temporary files, %d rows in memory", len(lines.spills), lines.rows)
	}
	for _, day := range days {
		read(t, lines.Open(key(day)), 3*memoryRows/2)
	}
	must(t, lines.Left())
	var names []string
	for _, s := range lines.spills {
		names = append(names, s.out.Name())
	}
	must(t, lines.Close())
	for _, name := range names {
		if _, err := txn.SubTxn.OpenTemp(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// TestLines checks that lines are returned day by day in the order in which they were added, from memory and from the
// temporary file, with constant columns left out, and that the file is deleted with the task. Invariants: RATED-1,
// RATED-2.
func TestLines(t *testing.T) {
	t.Parallel()
	txn := beginRated(t)
	lines := NewRatedLines(txn.SubTxn, func(k lake.FileKey) bool { return k.Day != lake.LateDay })
	if lines.Keeps(key("late")) || !lines.Keeps(key("end")) || (*RatedLines)(nil).Keeps(key("end")) {
		t.Error("other keys are kept than those that are wanted")
	}
	days := []string{"2026-09-01", "2026-09-02"}
	const group = memoryRows / 2
	for task := range 2 {
		batch := parquet.NewColumns(tables.Lines())
		for _, day := range days {
			for k := range 3 {
				fill(batch, k*group, group)
				var err error
				batch, err = lines.Add(key(day), batch)
				must(t, err)
				if batch.N != 0 || len(batch.Col(tables.LineTier.Of()).Codes) != 0 {
					t.Fatal("the batch for the next rows is not empty")
				}
			}
			lines.End(key(day), []lake.ColumnSum{{Column: "x", Value: day}})
		}
		if lines.rows > memoryRows || len(lines.spills) != 1 {
			t.Errorf("%d rows are in memory", lines.rows)
		}
		temp := lines.spills[0].out.Name()
		files := lines.Files(lakekey.Cycle("2026-09"))
		if len(files) != 2 || files[1].Rows != 3*group || files[1].Sums[0].Value != days[1] || files[0].Path != "" {
			t.Fatalf("the days are %+v", files)
		}
		if err := lines.Left(); err == nil || !strings.Contains(err.Error(), "were rated and not paid") {
			t.Errorf("lines that are left: %v", err)
		}
		for _, e := range files {
			read(t, lines.Open(e.FileKey), 3*group)
		}
		must(t, lines.Left())
		must(t, lines.Close())
		if _, err := txn.SubTxn.OpenTemp(temp); err == nil || lines.rows != 0 || lines.room > memoryRows {
			t.Errorf("task %d: %s is still there, or %d rows, or room for %d", task, temp, lines.rows, lines.room)
		}
	}
}

func read(t *testing.T, r *RatedReader, want int) {
	t.Helper()
	n := 0
	for {
		b, err := r.Next()
		must(t, err)
		if b == nil {
			break
		}
		last := b.N - 1
		if b.Small(tables.LineTier).At(last) != int32(n+last) || b.Word(tables.LineSKU).At(last) != "w" ||
			string(b.Text(tables.LineID).At(last)) != "t" || b.MaybeTime(tables.LineInstant).At(last) != 5 ||
			b.Amount(tables.LineCashAmount).At(last) != (parquet.Dec{Hi: -1, Lo: ^uint64(6)}) {
			t.Fatalf("row %d is another one", n+last)
		}
		n += b.N
	}
	if n != want {
		t.Errorf("%d rows, want %d", n, want)
	}
}
