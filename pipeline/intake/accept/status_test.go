package accept

import (
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// lifeHeader is the header of the feed files of these tests.
const lifeHeader = "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num," +
	"pay_time,status,status_time\n"

// life returns a step of an order at an hour of a day in October, with a description of the order if it has one.
func life(order, status string, hour int) string {
	what := ",,,,,"
	if DescribesOrder(status) {
		what = "seat,east,r1,1,month,1"
	}
	return fmt.Sprintf("%s,new,acme,%s,,%s,2026-10-05T%02d:00:00Z\n", order, what, status, hour)
}

// paidAt returns an order that was paid at an hour of a day in October.
func paidAt(order string, hour int) string {
	return fmt.Sprintf("%s,new,acme,seat,east,r1,1,month,1,2026-10-05T%02d:00:00Z,,\n", order, hour)
}

// TestLifeOfOrder checks the outcomes of the rows of one order, given in the order of the file. Files are read in both
// directions. Invariant: EV-10.
func TestLifeOfOrder(t *testing.T) {
	t.Parallel()
	bk := loadBooks(t, 2)
	refused := func(status, met string) string { return fmt.Sprintf("status bad_state %q o/1/%s", met, status) }
	for _, tt := range []struct {
		name string
		rows []string
		want []string
	}{
		{"all steps, shuffled", []string{life("o", OrderCompleted, 9), life("o", OrderUnpaid, 2), paidAt("o", 5),
			life("o", OrderProcessing, 6), life("o", OrderPendingApproval, 1)},
			[]string{"accepted", "accepted", "accepted", "accepted", "accepted"}},
		{"cancelled when it waits", []string{life("o", OrderPendingApproval, 1), life("o", OrderCancelled, 2)},
			[]string{"accepted", "accepted"}},
		{"nothing after cancelled", []string{life("o", OrderUnpaid, 1), life("o", OrderCancelled, 2),
			life("o", OrderProcessing, 3)},
			[]string{"accepted", "accepted", refused(OrderProcessing, OrderCancelled)}},
		{"approval after unpaid", []string{life("o", OrderUnpaid, 1), life("o", OrderPendingApproval, 2)},
			[]string{"accepted", refused(OrderPendingApproval, OrderUnpaid)}},
		{"steps of one instant", []string{life("o", OrderCancelled, 1), life("o", OrderUnpaid, 1),
			life("o", OrderPendingApproval, 1)},
			[]string{"accepted", "accepted", "accepted"}},
		{"unpaid when it was paid", []string{paidAt("o", 5), life("o", OrderUnpaid, 5)},
			[]string{"accepted", refused(OrderUnpaid, "paid")}},
		{"cancelled before it was paid", []string{life("o", OrderUnpaid, 1), life("o", OrderCancelled, 2),
			paidAt("o", 5)},
			[]string{"accepted", refused(OrderCancelled, OrderUnpaid), "accepted"}},
		{"processing before it was paid", []string{paidAt("o", 5), life("o", OrderProcessing, 4)},
			[]string{"accepted", refused(OrderProcessing, "none")}},
		{"completed twice", []string{paidAt("o", 5), life("o", OrderCompleted, 6), life("o", OrderCompleted, 6)},
			[]string{"accepted", "accepted", "duplicate"}},
		{"completed, then processing", []string{paidAt("o", 5), life("o", OrderCompleted, 6),
			life("o", OrderProcessing, 7)},
			[]string{"accepted", "accepted", refused(OrderProcessing, OrderCompleted)}},
		{"nothing is known", []string{life("o", OrderCancelled, 1)}, []string{refused(OrderCancelled, "none")}},
		{"one status at two times", []string{life("o", OrderUnpaid, 1), life("o", OrderUnpaid, 2)},
			[]string{`order_id conflict "o/1/unpaid" o/1/unpaid`, `order_id conflict "o/1/unpaid" o/1/unpaid`}},
	} {
		for _, backwards := range []bool{false, true} {
			files, want := map[string]string{}, map[string]string{}
			for i, row := range tt.rows { // one file per row
				name := fmt.Sprintf("orders/%d.csv", i)
				files[name], want[name+":1"] = lifeHeader+row, tt.want[i]
			}
			got := take(t, bk, NewEventBook(), files, 7, backwards)
			if diff := gocmp.Diff(want, got.rows); diff != "" {
				t.Errorf("%s, backwards %t:\n%s", tt.name, backwards, diff)
			}
		}
	}
}

// TestLifeTurns checks that the run that ingests an order accepts a row that an earlier run rejected because the order
// was unknown, and rejects one that the earlier run had accepted. Invariant: EV-10.
func TestLifeTurns(t *testing.T) {
	t.Parallel()
	bk := loadBooks(t, 2)
	book := NewEventBook()
	take(t, bk, book, map[string]string{"orders/1.csv": lifeHeader + life("a", OrderProcessing, 6) +
		life("b", OrderUnpaid, 1) +
		life("b", OrderCancelled, 2)}, 7, false)
	for _, e := range book.Statuses {
		e.File = -1 // belongs to an earlier run
	}
	book.Turned, book.lives = nil, false
	take(t, bk, book, map[string]string{"orders/2.csv": lifeHeader + paidAt("a", 5) + paidAt("b", 5)}, 7, false)
	var got []string
	for _, turn := range book.Turned {
		got = append(got, fmt.Sprintf("%s %s was rejected: %t, is: %t", turn.Feed, turn.Refusal.ID, turn.Was, turn.Is))
	}
	want := []string{"orders a/1/processing was rejected: true, is: false",
		"orders b/1/cancelled was rejected: false, is: true"}
	if diff := gocmp.Diff(want, got); diff != "" || !book.lives {
		t.Errorf("stored again: %t\n%s", book.lives, diff)
	}
}

// TestFirstColumnOfStep tests that a step with two faults is rejected for the first faulty column.
func TestFirstColumnOfStep(t *testing.T) {
	t.Parallel()
	header := "official_amount," + lifeHeader
	for row, want := range map[string]string{
		"1.005,o,new,acme,,,,,,,,cancelled,\n": `official_amount bad_decimal "1.005" o/1/cancelled`,
		"1.00,o,new,acme,,,,,,,,cancelled,\n":  `status_time missing_value "" o/1/cancelled`,
	} {
		got := take(t, loadBooks(t, 2), NewEventBook(), map[string]string{"orders/1.csv": header + row}, 7, false)
		if got := got.rows["orders/1.csv:1"]; got != want {
			t.Errorf("%s: %s, want %s", row, got, want)
		}
	}
}
