package fold

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/position"
)

// Positions that are carried over make the file that taking and writing each customer's rows makes, over several row
// groups: where some customers between them, of several rows on both sides of a row group's end, are taken, and one
// comes that had none.
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
	f := &Folder{Txn: txn, Books: b}
	w, n := f.newPositionWriter(), &names{books: b}
	finish := func() lake.FileEntry {
		files, err := w.finish(nil)
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		return files[0]
	}
	begin := func(day int) {
		w.restart(lake.FileKey{Table: "positions", Cycle: "2026-09", Day: fmt.Sprintf("2026-09-%02d", day), Bucket: 0})
	}
	add := func(customer int32, rows []position.Row) {
		if err := w.add(customer, rows); err != nil {
			t.Fatal(err)
		}
	}
	const newcomer = 12_345
	begin(1)
	for i := range int32(customers) {
		if i != newcomer {
			add(i, rowsOfCustomer(t, i, each))
		}
	}
	from := []lake.FileEntry{finish()}
	// The third has rows on both sides of a row group's end.
	touched := map[int32]bool{0: true, 1: true, GroupRows / each: true, newcomer: true, customers - 1: true}

	begin(2)
	slow, err := newOpening(txn, n, from)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.close()
	for i := range int32(customers) {
		rows, err := slow.of(i)
		if err != nil {
			t.Fatal(err)
		}
		if touched[i] {
			rows = append(rows, rowsOfCustomer(t, i, each+2)[each:]...)
		}
		add(i, rows)
	}
	want := finish()

	begin(2)
	fast, err := newCarrying(txn, n, from)
	if err != nil {
		t.Fatal(err)
	}
	defer fast.close()
	for _, i := range []int32{0, 1, GroupRows / each, newcomer, customers - 1} {
		if err := fast.carry(w, i); err != nil {
			t.Fatal(err)
		}
		var rows []position.Row
		if fast.customer == i {
			if rows, err = fast.take(); err != nil {
				t.Fatal(err)
			}
		}
		if has := len(rows) == each; has == (i == newcomer) {
			t.Fatalf("customer %d has %d rows", i, len(rows))
		}
		add(i, append(rows, rowsOfCustomer(t, i, each+2)[each:]...))
	}
	if err := fast.carry(w, anyCustomer); err != nil {
		t.Fatal(err)
	}
	if got := finish(); got.Hash != want.Hash || got.Rows != (customers-1)*each+5*2 {
		t.Errorf("%d rows, hash %s; taken one by one %d, %s", got.Rows, got.Hash, want.Rows, want.Hash)
	}
}

// rowsOfCustomer are meters whose words come again with other customers, in an order of their own.
func rowsOfCustomer(t *testing.T, customer int32, n int) []position.Row {
	t.Helper()
	rows := make([]position.Row, n)
	for i := range rows {
		count, err := money.QuantityFromRaw(0, uint64(customer)*1000+uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = position.Row{Kind: position.Meter, Key: fmt.Sprintf("sku-%d", (customer*31+int32(i)*17)%400),
			Scope: "east", Count: count}
	}
	return rows
}
