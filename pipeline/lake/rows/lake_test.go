package rows

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

const (
	testCycle   = "2026-09"
	testBuckets = 3
)

// testLine has the columns of a line that tests use. All other columns are empty.
type testLine struct {
	customer string
	start    int64 // seconds since 1970
	id       string
	tier     int32
	kind     string
	price    uint64
}

func (l testLine) String() string {
	return fmt.Sprintf("%s/%d/%s/%d/%s/%d", l.customer, l.start, l.id, l.tier, l.kind, l.price)
}

// fill appends a row: set adds the values of the test, and every other column gets an empty value.
func fill[T any](c *parquet.Columns[T], set func(c *parquet.Columns[T])) {
	n := c.N
	set(c)
	for i := range c.Def.Columns {
		if col := c.Col(tables.ColumnOf[T](i)); len(col.Codes)+len(col.Ints)+len(col.Decs)+len(col.Ends) > n {
			continue
		}
		switch c.Def.Columns[i].Type {
		case tables.Word:
			c.Col(tables.ColumnOf[T](i)).AddWord("")
		case tables.Text:
			c.Col(tables.ColumnOf[T](i)).AddText("")
		case tables.Small:
			c.Col(tables.ColumnOf[T](i)).Codes = append(c.Col(tables.ColumnOf[T](i)).Codes, 0)
		case tables.Amount, tables.Quantity, tables.Cost:
			c.Col(tables.ColumnOf[T](i)).AddDec(0, 0)
		default:
			c.Col(tables.ColumnOf[T](i)).Ints = append(c.Col(tables.ColumnOf[T](i)).Ints, 0)
		}
	}
	c.N++
}

func addLine(c *parquet.Columns[tables.Line], l testLine) {
	fill(c, func(c *parquet.Columns[tables.Line]) {
		c.Word(tables.LineCustomerID).Add(l.customer)
		c.Col(tables.LineUsageStart.Of()).Ints = append(c.Col(tables.LineUsageStart.Of()).Ints, l.start*1_000_000)
		c.Text(tables.LineID).Add(l.id)
		c.Small(tables.LineTier).Add(l.tier)
		c.Word(tables.LineKind).Add(l.kind)
		c.Quantity(tables.LineUnitPrice).Add(0, l.price)
	})
}

func readLine(row Row[tables.Line]) testLine {
	return testLine{row.Word(tables.LineCustomerID), int64(row.Time(tables.LineUsageStart)) / 1_000_000,
		string(row.Text(tables.LineID)),
		int32(row.Small(tables.LineTier)), row.Word(tables.LineKind),
		row.Cols.Quantity(tables.LineUnitPrice).At(row.I).Lo}
}

// testLake is a lake in memory to which tests add files.
type testLake struct {
	t   *testing.T
	l   *lake.Lake
	txn *lake.Txn
}

func newLake(t *testing.T) *testLake {
	t.Helper()
	return newLakeIn(t, storage.NewMem(), testBuckets)
}

func newLakeIn(t *testing.T, st storage.Storage, buckets int) *testLake {
	t.Helper()
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = txn.Close() })
	if err := txn.Next().SetBuckets(buckets); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-05T04:00:00Z", "test")
	if err := txn.Next().SetCycle(lakekey.Cycle(testCycle), false, ""); err != nil {
		t.Fatal(err)
	}
	return &testLake{t, l, txn}
}

// put writes batches as one file, one row group per batch.
func (l *testLake) put(key lake.FileKey, batches ...*parquet.Columns[tables.Any]) {
	l.t.Helper()
	w, err := l.txn.SubTxn.Create(key)
	if err != nil {
		l.t.Fatal(err)
	}
	pq, err := parquet.NewWriter(w, batches[0].Def)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, b := range batches {
		if err := pq.Write(b); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := pq.Close(); err != nil {
		l.t.Fatal(err)
	}
	e, err := w.Finish(pq.Rows(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.txn.Next().Entries.Add(e); err != nil {
		l.t.Fatal(err)
	}
}

// lines writes sorted lines as the file of a day and bucket, in row groups of the given size.
func (l *testLake) lines(day string, bucket, group int, lines []testLine) {
	l.t.Helper()
	var batches []*parquet.Columns[tables.Any]
	for part := range slices.Chunk(lines, group) {
		c := parquet.NewColumns(tables.Lines())
		for _, one := range part {
			addLine(c, one)
		}
		batches = append(batches, c.Any())
	}
	if len(batches) > 0 {
		l.put(lake.FileKey{Table: "lines", Cycle: lakekey.Cycle(testCycle), Day: lakekey.Day(day), Bucket: bucket},
			batches...)
	}
}

func (l *testLake) commit() *lake.Snapshot {
	l.t.Helper()
	if _, err := l.txn.Commit(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	snap, err := l.l.Head()
	if err != nil {
		l.t.Fatal(err)
	}
	return snap
}

func bucketOf(customer string) int { return lake.BucketOf(customer, testBuckets) }
