package payment_test

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/settlement/payment"
)

// TestClearOldest clears debts of 10, 0 and 5 by a repaid amount: nothing, part of the first debt, the first and part
// of the last, all of them, and more.
func TestClearOldest(t *testing.T) {
	t.Parallel()
	total := func(text string) (out money.AmountTotal) {
		if err := out.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return out
	}
	debts := []money.AmountTotal{total("10"), total("0"), total("5")}
	for repaid, want := range map[string][]money.AmountTotal{
		"0":    {total("10"), total("0"), total("5")},
		"4.5":  {total("5.5"), total("0"), total("5")},
		"12":   {total("0"), total("0"), total("3")},
		"15":   {total("0"), total("0"), total("0")},
		"15.1": {total("0"), total("0"), total("0")},
	} {
		left, err := payment.ClearOldest(debts, total(repaid))
		if err != nil || !slices.Equal(left, want) {
			t.Errorf("repaid %s: left %v, %v; want %v", repaid, left, err, want)
		}
	}
}
