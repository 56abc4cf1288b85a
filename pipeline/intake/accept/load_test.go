package accept

import (
	"maps"
	"slices"

	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/tariff"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// ordersHeader is the header of the order feeds of TestLoadAgain.
const ordersHeader = "order_id,order_line,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
	"period_num,pay_time,base_order_id,status,status_time\n"

// orderRow returns a row with that header.
func orderRow(id, kind, day, base string) string {
	if kind == "unsubscribe" {
		return id + ",1,unsubscribe,acme,,,,,,," + day + "T00:00:00Z," + base + ",,\n"
	}
	return id + ",1," + kind + ",acme,seat,east,r,1,month,1," + day + "T00:00:00Z,,,\n"
}

// TestLoadAgain checks that a later run keeps in memory only those accepted orders and adjustments that its decisions
// need (EV-4), and that its decisions are the same as if it kept all of them.
func TestLoadAgain(t *testing.T) {
	t.Parallel()
	bk := loadBooks(t, 2)
	txn := begin(t)
	st := &EventStore{Txn: txn.SubTxn, Books: bk, Prices: tariff.Compile(bk, tariff.Rules{Grain: tariff.PerLine,
		Mode: money.Truncate, Digits: bk.Digits}), Bucket: func(string) int { return 0 }}
	const adjustment = "adjustment_id,customer_id,sku,time,amount,bill_detail_type\n"
	first := take(t, bk, NewEventBook(), map[string]string{
		"orders/a.csv": ordersHeader +
			orderRow("a", "new", "2026-10-02", "") + orderRow("b", "new", "2026-10-03", "") +
			orderRow("c", "new", "2026-10-04", "") + orderRow("d", "new", "2026-10-05", "") +
			orderRow("e", "new", "2026-11-01", "") + orderRow("back-b", "unsubscribe", "2026-10-06", "b") +
			orderRow("back-c", "unsubscribe", "2026-10-07", "c"),
		"adjustments/a.csv": adjustment + "x,acme,vm,2026-10-02T00:00:00Z,1,9\ny,acme,vm,2026-10-02T00:00:00Z,2,9\n",
	}, 3, false)
	places, err := st.StoreOrders(first.book)
	if err != nil {
		t.Fatal(err)
	}
	october, november := period.CycleOf(2026, 10), period.CycleOf(2026, 11)
	if diff := gocmp.Diff(map[lake.Place]bool{{Cycle: october}: true, {Cycle: november}: true}, places); diff != "" {
		t.Errorf("places\n%s", diff)
	}
	later := map[string]string{
		"orders/b.csv": ordersHeader +
			orderRow("a", "renew", "2026-10-02", "") + orderRow("f", "new", "2026-10-08", "") +
			orderRow("again-b", "unsubscribe", "2026-10-09", "b") +
			orderRow("back-d", "unsubscribe", "2026-10-09", "d") +
			"e,1,new,acme,seat,east,r,1,month,1,,,completed,2026-11-01T00:00:00Z\n",
		"adjustments/b.csv": adjustment + "y,acme,vm,2026-10-02T00:00:00Z,2,9\nz,acme,vm,2026-10-02T00:00:00Z,2,9\n",
	}
	in := &EventIntake{Books: bk, Prices: st.Prices, AsOf: asOf, Latest: asOf}
	for i, name := range slices.Sorted(maps.Keys(later)) {
		readFile(t, in, name, later[name], i, 3, map[string]string{})
	}
	book, again := NewEventBook(), in.Again(NewEventBook())
	eachStored(t, txn, func(e lake.FileEntry) error { return book.LoadAgain(txn.SubTxn, e, bk, again) })
	held := append(slices.Collect(maps.Keys(book.Adjustments)), ids(book)...)
	slices.Sort(held)
	if want := []string{"a/1", "b/1", "back-b/1", "d/1", "e/1", "y"}; !slices.Equal(held, want) {
		t.Errorf("held %v, want %v", held, want)
	}
	all := NewEventBook()
	eachStored(t, txn, func(e lake.FileEntry) error { return all.Load(txn.SubTxn, e, bk) })
	if n := len(all.Orders) + len(all.Adjustments); n != 9 {
		t.Fatalf("%d orders and adjustments are stored, want 9", n)
	}
	got, want := take(t, bk, book, later, 3, false).rows, take(t, bk, all, later, 3, false).rows
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("decided otherwise (-with all orders +with those that are held)\n%s", diff)
	}
	outcomes := map[string]string{
		"orders/b.csv:1": `order_id conflict "a" a/1`, "orders/b.csv:2": "accepted",
		"orders/b.csv:3": `base_order_id already_refunded "b" again-b/1`, "orders/b.csv:4": "accepted",
		"orders/b.csv:5": "accepted", "adjustments/b.csv:1": "duplicate", "adjustments/b.csv:2": "accepted"}
	if diff := gocmp.Diff(outcomes, got); diff != "" {
		t.Errorf("outcomes\n%s", diff)
	}
}

// begin begins a transaction on an empty lake in memory. The test closes it.
func begin(t *testing.T) *lake.Txn {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := txn.Close(); err != nil {
			t.Error(err)
		}
	})
	return txn
}

// eachStored visits the stored files of orders and adjustments.
func eachStored(t *testing.T, txn *lake.Txn, visit func(lake.FileEntry) error) {
	t.Helper()
	for _, c := range txn.SubTxn.Next().Cycles() {
		for _, key := range []lake.FileKey{OrdersKey(lake.Place{Cycle: c}),
			AdjustmentsKey(lake.Place{Cycle: c})} {
			for _, e := range txn.SubTxn.Next().Find(key) {
				if err := visit(e); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// ids returns the line ids of the orders of a book.
func ids(b *EventBook) []string {
	var out []string
	for _, o := range b.Orders {
		out = append(out, o.LineID())
	}
	return out
}
