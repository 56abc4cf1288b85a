package console

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
)

// TestSumCauses checks that products of the same cause are added up, and that causes are kept apart. By hand: 10 + 5 =
// 15 before, 12 + 1 = 13 now, difference 2 − 4 = −2.
func TestSumCauses(t *testing.T) {
	t.Parallel()
	row := func(cause string, units ...int64) query.AnswerRow {
		r := query.AnswerRow{Keys: []string{cause, "c", "s", "p"}}
		for _, n := range units {
			total, err := money.NewTotal(8)
			if err != nil {
				t.Fatal(err)
			}
			raw, hi := n*100_000_000, int64(0)
			if raw < 0 {
				hi = -1
			}
			if err := total.Add(hi, uint64(raw)); err != nil {
				t.Fatal(err)
			}
			r.Sums = append(r.Sums, total)
		}
		return r
	}
	change, _ := query.FindQuestion("change")
	answer := &query.Answer{Question: change, Rows: []query.AnswerRow{row("volume", 10, 12, 2), row("price", 0, 3, 3),
		row("volume", 5, 1, -4)}}
	sums, err := sumCauses(answer, "CNY")
	if err != nil {
		t.Fatal(err)
	}
	for cause, want := range map[string][3]string{"volume": {"15.00", "13.00", "-2.00"},
		"price": {"0.00", "3.00", "3.00"}} {
		one := sums[cause]
		got := [3]string{one.before.StringFixed(2), one.now.StringFixed(2), one.change.StringFixed(2)}
		if got != want {
			t.Errorf("%s: %v, want %v", cause, got, want)
		}
	}
	dollars := row("volume", 100, 200, 100)
	answer.Question = change.PerCurrency()
	for i := range answer.Rows {
		answer.Rows[i].Keys = append(answer.Rows[i].Keys, "CNY")
	}
	dollars.Keys = append(dollars.Keys, "USD")
	answer.Rows = append(answer.Rows, dollars)
	for currency, want := range map[string]string{"CNY": "-2.00", "USD": "100.00", "EUR": "0.00"} {
		sums, err := sumCauses(answer, currency)
		if err != nil {
			t.Fatal(err)
		}
		volume := sums["volume"]
		if got := volume.change.StringFixed(2); got != want {
			t.Errorf("volume in %s: %s, want %s", currency, got, want)
		}
	}
	for _, cause := range []string{"new_customer", "lost_customer", "new_product", "lost_product", "volume", "price",
		"correction"} {
		if text := causeText(cause); text.Zh == cause || text.En == cause {
			t.Errorf("%s has no text", cause)
		}
	}
}
