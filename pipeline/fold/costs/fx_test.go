package costs

import (
	"errors"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// TestConversion tests which rate converts a delivery in USD of September. In order of precedence: the rate by which
// the closed cycle was billed, fx of the source, the rates of the close, the current rates.csv. fx applies only to
// conversions to the workspace's currency. Invariant: FCOST-7.
func TestConversion(t *testing.T) {
	t.Parallel()
	rate := func(text string) money.UnitPrice {
		p, err := money.ParseUnitPrice(text)
		must(t, err)
		return p
	}
	row := func(to, date, price string) books.ExchangeRate {
		day, err := period.ParseDay(date)
		must(t, err)
		return books.ExchangeRate{From: "USD", To: to, Date: day, Rate: rate(price)}
	}
	b := &books.Books{Currency: "CNY", Digits: 2, Rates: []books.ExchangeRate{row("CNY", "2026-09-01", "7.1"),
		row("CNY", "2026-09-30", "7.2"), row("CNY", "2026-10-01", "7.3"), row("EUR", "2026-10-01", "0.9")}}
	billed := map[string]string{"CNY": "6", "JPY": "140"}
	closed := []books.ExchangeRate{row("CNY", "2026-09-20", "7"), row("JPY", "2026-09-20", "150")}
	for _, c := range []struct {
		name           string
		billed         map[string]string
		fx             string
		close          []books.ExchangeRate
		currency, want string
	}{
		{"the currency of the delivery", nil, "", nil, "USD", "1"},
		{"the last day of the period", nil, "", nil, "CNY", "7.2"},
		{"a later row", nil, "", nil, "EUR", "none"},
		{"fx of the source", nil, "6.5", closed, "CNY", "6.5"},
		{"fx is not for other currencies", nil, "6.5", closed, "JPY", "150"},
		{"the rates of the close", nil, "", closed, "CNY", "7"},
		{"what it was billed by", billed, "6.5", closed, "CNY", "6"},
		{"what it was billed by, another currency", billed, "6.5", closed, "JPY", "140"},
	} {
		x := &Conversion{Books: b, From: "USD", Cycle: cycle(t, "2026-09"), Kept: c.close,
			Rates: map[string]money.UnitPrice{}}
		for currency, text := range c.billed {
			x.Rates[currency] = rate(text)
		}
		if c.fx != "" {
			x.Fixed = rate(c.fx)
		}
		got, err := x.To(c.currency)
		if missing := new(settlement.MissingRateError); c.want == "none" {
			if !errors.As(err, &missing) || missing.From != "USD" || missing.To != c.currency {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
			continue
		}
		must(t, err)
		if got != rate(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got.Trim(), c.want)
		}
	}
}
