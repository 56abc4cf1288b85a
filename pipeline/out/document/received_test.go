package document

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestReceivedBy tests DEDUCT-1. A partner owes 150: 50 to d1 and 100 to d2, its seller at the end of the cycle. 70 are
// paid and 90 are collected. If nothing of it is set off, d1 gets 50 of the 70 and d2 20. If 10 were collected for d1
// and 80 for d2, d1 gets 40 of the 70 and d2 30. The script archived_cover tests DEDUCT-2.
func TestReceivedBy(t *testing.T) {
	t.Parallel()
	amount := func(text string) (a money.Amount) {
		if err := a.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return a
	}
	cycle, err := period.ParseCycle("2026-03")
	if err != nil {
		t.Fatal(err)
	}
	st := &Statement{Header: PageHeader{Cycle: cycle}, Sellers: []PageParty{{ID: "d2"}, {ID: "d1"}},
		Rows: []Row{{SellerID: "d1", Owed: amount("50")}, {SellerID: "d2", Owed: amount("100")}}}
	st.Receivables = []Receivable{{Cycle: "2026-03", Due: "2026-05-05", Amount: amount("150"),
		Collected: amount("90"), Paid: amount("70"), Unpaid: amount("-10")}}
	paid := &st.Receivables[0]
	for _, c := range []struct {
		known map[string]money.Amount
		want  map[string][2]string
	}{
		{nil, map[string][2]string{"d1": {"0", "50"}, "d2": {"0", "20"}}},
		{map[string]money.Amount{"d1": amount("10"), "d2": amount("80")},
			map[string][2]string{"d1": {"10", "40"}, "d2": {"80", "30"}}},
	} {
		for seller, want := range c.want {
			var r Received
			err := r.divide(seller, st, paid.Paid, c.known)
			if err != nil || r.Collected != amount(want[0]) || r.Paid != amount(want[1]) {
				t.Errorf("%v: %s: %+v, %v; want %v", c.known, seller, r, err, want)
			}
		}
	}
}
