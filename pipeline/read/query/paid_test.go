package query

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"pgregory.net/rapid"
)

// TestDivide divides cleared amounts between the lines of two issuers. Lines of d1, which come first, used 10. Lines of
// d2 used 8, of which 3 were refunded. A refund reduces what its own issuer's lines used, so the first 3 are d2's.
// Invariants: PAID-1, PAID-2, PAID-3; the script covers tests them with documents.
func TestDivide(t *testing.T) {
	t.Parallel()
	total := func(text string) money.AmountTotal { return total(t, text) }
	first, last := &issuer{id: "d1", first: 1}, &issuer{id: "d2", first: 2}
	first.owed[debtAmount] = used{up: total("10"), down: total("0")}
	last.owed[debtAmount] = used{up: total("8")}
	refunded := []money.AmountTotal{total("0"), total("3")}
	list := (&PaidLines{issuers: []*issuer{last, first}}).inOrder()
	for _, c := range []struct{ cleared, d1, d2 string }{{"0", "10", "8"}, {"3", "10", "5"}, {"7", "6", "5"},
		{"14", "0", "4"}, {"18", "0", "0"}} {
		left, err := divide(list, debtAmount, refunded, total(c.cleared))
		if err != nil || left[0] != total(c.d1) || left[1] != total(c.d2) {
			t.Errorf("%s cleared: left %v, %v; want %s and %s", c.cleared, left, err, c.d1, c.d2)
		}
	}
}

// TestLeft checks figures calculated by hand. The amounts used per month are 20, 0, 25 and 7. If 22 are owed, 30 were
// repaid: the 20 and 10 of the 25. If a refund took 4 off the 7, the 25 loses only 6. Invariant: PAID-3; the script
// refunded tests it with documents.
func TestLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, down, want string }{
		{"22", "0", "[0.00000000 0.00000000 15.00000000 7.00000000]"},
		{"22", "4", "[0.00000000 0.00000000 19.00000000 3.00000000]"},
		{"22", "9", "[0.00000000 0.00000000 22.00000000 0.00000000]"},
		{"60", "0", "[20.00000000 0.00000000 25.00000000 7.00000000]"}, // 8 are from earlier months
	} {
		o := owedOf{now: total(t, c.now)}
		for _, up := range []string{"20", "0", "25", "7"} {
			o.used = append(o.used, used{up: total(t, up)})
		}
		o.used[3].down = total(t, c.down)
		left, err := o.left()
		if got := fmt.Sprint(left); err != nil || got != c.want {
			t.Errorf("%s owed, %s refunded: left %s, %v; want %s", c.now, c.down, got, err, c.want)
		}
	}
}

// TestLeftAddsUp checks that the parts that are left add up to the amount owed, and that none is negative. Invariant:
// PAID-3.
func TestLeftAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var o owedOf
		most := int64(0)
		for range rapid.IntRange(1, 6).Draw(r, "months") {
			up := rapid.Int64Range(0, 100).Draw(r, "used")
			down := rapid.Int64Range(0, up).Draw(r, "refunded")
			o.used = append(o.used, used{up: total(r, fmt.Sprint(up)), down: total(r, fmt.Sprint(down))})
			most += up - down
		}
		o.now = total(r, fmt.Sprint(rapid.Int64Range(0, most).Draw(r, "owed")))
		left, err := o.left()
		if err != nil {
			r.Fatal(err)
		}
		var sum money.AmountTotal
		for _, a := range left {
			if err := sum.AddTotal(a); err != nil || a.Cmp(money.AmountTotal{}) < 0 {
				r.Fatalf("left %v: %v", left, err)
			}
		}
		if sum != o.now {
			r.Fatalf("left %v, owed %v", left, o.now)
		}
	})
}

// total parses an amount as a total.
func total(t interface{ Fatal(...any) }, text string) (out money.AmountTotal) {
	if err := out.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return out
}
