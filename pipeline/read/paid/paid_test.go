package paid

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestShareOf divides repayments of 12 among two issuers: the first used 10, the last 5, so 0 and 3 are left. Of
// repayments below 0, which refunds of earlier months make, the last has all. Invariants: PAID-1, PAID-2, PAID-3; the
// script covers tests them with documents.
func TestShareOf(t *testing.T) {
	t.Parallel()
	total := func(text string) (out money.AmountTotal) {
		if err := out.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, last := &issuer{id: "d1", first: 1}, &issuer{id: "d2", first: 2}
	list := (&Lines{issuers: []*issuer{last, first}}).inOrder()
	debts := []money.AmountTotal{total("10"), total("5")}
	for _, c := range []struct {
		of                 *issuer
		used, repaid, want string
	}{{first, "10", "12", "0"}, {last, "5", "12", "3"}, {first, "10", "4", "6"}, {last, "5", "4", "5"},
		{first, "10", "-2", "10"}, {last, "5", "-2", "7"}} {
		left, err := shareOf(list, c.of, debts, total(c.repaid), total(c.used))
		if err != nil || left != total(c.want) {
			t.Errorf("%s, repaid %s: left %v, %v; want %s", c.of.id, c.repaid, left, err, c.want)
		}
	}
}
