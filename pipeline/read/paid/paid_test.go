package paid

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestDivide divides what was cleared of two issuers' lines, of which d1's came first: lines of d1 used 10, those of d2
// 8, of which 3 were refunded. Refunds take off what their own lines used, so the first 3 are d2's.
// Invariants: PAID-1, PAID-2, PAID-3; the script covers tests them with documents.
func TestDivide(t *testing.T) {
	t.Parallel()
	total := func(text string) (out money.AmountTotal) {
		if err := out.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, last := &issuer{id: "d1", first: 1}, &issuer{id: "d2", first: 2}
	first.owed[debt] = used{up: total("10"), down: total("0")}
	last.owed[debt] = used{up: total("8")}
	refunded := []money.AmountTotal{total("0"), total("3")}
	list := (&Lines{issuers: []*issuer{last, first}}).inOrder()
	for _, c := range []struct{ cleared, d1, d2 string }{{"0", "10", "8"}, {"3", "10", "5"}, {"7", "6", "5"},
		{"14", "0", "4"}, {"18", "0", "0"}} {
		left, err := divide(list, debt, refunded, total(c.cleared))
		if err != nil || left[0] != total(c.d1) || left[1] != total(c.d2) {
			t.Errorf("%s cleared: left %v, %v; want %s and %s", c.cleared, left, err, c.d1, c.d2)
		}
	}
}
