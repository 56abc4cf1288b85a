package deducted

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestReceivedBy tests DEDUCT-1: 70 of the 150 that a partner owes d1 (50) and d2 (100), the seller at the cycle's end,
// are paid and 90 collected. d1 has 50 of what is collected, d2 the other 40 and what is paid.
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
	st := &document.Statement{Header: layout.Header{Cycle: cycle}, Sellers: []layout.Party{{ID: "d2"}, {ID: "d1"}},
		Rows: []document.Row{{SellerID: "d1", Owed: amount("50")}, {SellerID: "d2", Owed: amount("100")}}}
	st.Receivables = []document.Receivable{{Cycle: "2026-03", Due: "2026-05-05", Amount: amount("150"),
		Collected: amount("90"), Paid: amount("70"), Unpaid: amount("-10")}}
	for seller, want := range map[string][2]string{"d1": {"50", "0"}, "d2": {"40", "70"}} {
		r, err := ReceivedBy(seller, st)
		if err != nil || r.Collected != amount(want[0]) || r.Paid != amount(want[1]) || r.Due.String() != "2026-05-05" {
			t.Errorf("%s: %+v, %v; want %v", seller, r, err, want)
		}
	}
}
