package state_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestCarry checks that carrying positions over gives the same file as writing the rows of each customer, across
// several row groups. Some customers are changed, one of them with rows on both sides of the end of a row group, and
// one is added. Invariant: FOLD-1.
func TestCarry(t *testing.T) {
	t.Parallel()
	const customers, each = 20_000, 7 // 140,000 rows: three row groups
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	b := &books.Books{}
	for i := range customers + 1 {
		b.Customers = append(b.Customers, books.Customer{ID: fmt.Sprintf("c%06d", i)})
	}
	w := state.NewPositionWriter(txn.SubTxn, b)
	src := &state.Opening{Files: txn.SubTxn.Pending(), Books: b, Buckets: 1}
	key := func(table string, day int) lake.FileKey {
		return lake.FileKey{Table: table, Cycle: lakekey.Cycle("2026-09"),
			Day: lake.DayOf(period.DayOf(2026, 9, day))}
	}
	put := func(day int) lake.FileEntry {
		t.Helper()
		files, err := w.Finish(nil)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		must(t, txn.Next().Entries.Replace(files[0].FileKey, files...))
		ident := parquet.NewColumns(tables.Ident())
		ident.Col(0).Ints, ident.N = append(ident.Col(0).Ints, 1), 1
		must(t, rows.PutFile(txn.SubTxn, key("ident", day), ident, nil))
		return files[0]
	}
	const newcomer = 12_345
	w.Restart(key("positions", 1))
	for i := range int32(customers) {
		if i != newcomer {
			must(t, w.Add(i, rowsOfCustomer(t, i, each)))
		}
	}
	put(1)
	// The customer across has rows on both sides of the end of a row group.
	const across = rows.GroupRows / each
	touched := map[int32]bool{0: true, 1: true, across: true, newcomer: true, customers - 1: true}

	w.Restart(key("positions", 2))
	slow, err := src.CycleEnd(0, dayOf(t, "2026-09-01").Cycle())
	must(t, err)
	defer slow.Close()
	for i := range int32(customers) {
		var rows []tables.PositionRow
		if slow.Customer == i {
			rows, err = slow.Take()
			must(t, err)
		}
		if touched[i] {
			rows = append(rows, rowsOfCustomer(t, i, each+2)[each:]...)
		}
		must(t, w.Add(i, rows))
	}
	want := put(2)

	w.Restart(key("positions", 2))
	fast, earlier, err := src.Day(0, dayOf(t, "2026-09-02"))
	must(t, err)
	defer fast.Close()
	if earlier || !fast.Carries() {
		t.Fatal("the positions of the day before are not carried")
	}
	for _, i := range []int32{0, 1, across, newcomer, customers - 1} {
		must(t, fast.Carry(w, i))
		var rows []tables.PositionRow
		if fast.Customer == i {
			rows, err = fast.Take()
			must(t, err)
		}
		if has := len(rows) == each; has == (i == newcomer) {
			t.Fatalf("customer %d has %d rows", i, len(rows))
		}
		must(t, w.Add(i, append(rows, rowsOfCustomer(t, i, each+2)[each:]...)))
	}
	must(t, fast.Carry(w, state.AllCustomers))
	if got := put(2); got.Hash != want.Hash || got.Rows != (customers-1)*each+5*2 {
		t.Errorf("%d rows, hash %s; taken one by one %d, %s", got.Rows, got.Hash, want.Rows, want.Hash)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dayOf(t *testing.T, text string) period.Day {
	t.Helper()
	d, err := period.ParseDay(text)
	must(t, err)
	return d
}

// rowsOfCustomer returns meters with the same texts for every customer, but in a different order.
func rowsOfCustomer(t *testing.T, customer int32, n int) []tables.PositionRow {
	t.Helper()
	rows := make([]tables.PositionRow, n)
	for i := range rows {
		count, err := money.QuantityFromRaw(0, uint64(customer)*1000+uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = tables.PositionRow{Kind: tables.MeterPosition,
			Key:   fmt.Sprintf("sku-%d", (customer*31+int32(i)*17)%400),
			Scope: "east", Count: count}
	}
	return rows
}
