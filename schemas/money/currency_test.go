package money

import (
	"fmt"
	"testing"
)

func TestCurrencyOf(t *testing.T) {
	t.Parallel()
	for code, digits := range map[string]int{"JPY": 0, "XPF": 0, "AED": 2, "CNY": 2, "USD": 2, "ZWG": 2, "BHD": 3,
		"TND": 3,
		"UYW": 4} {
		if c, ok := CurrencyOf(code); !ok || c != (Currency{code, digits}) {
			t.Errorf("%s: %v %v, want %d digits", code, c, ok, digits)
		}
	}
	for _, code := range []string{"", "US", "usd", "XAU", "USDT", "D EU", " AED"} {
		if c, ok := CurrencyOf(code); ok {
			t.Errorf("%q is %v", code, c)
		}
	}
}

func TestPerCurrency(t *testing.T) {
	t.Parallel()
	var p PerCurrency
	for _, x := range []struct{ currency, amount string }{
		{"USD", "1.5"}, {"CNY", "10"}, {"USD", "-0.25"}, {"JPY", "7"}, {"CNY", "0.00000001"},
	} {
		a, err := ParseAmount(x.amount)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Add(x.currency, a); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(p.List()), "[{CNY 10.00000001} {JPY 7.00000000} {USD 1.25000000}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p.Of("USD").String() != "1.25000000" || !p.Of("EUR").IsZero() {
		t.Error(p.Of("USD"), p.Of("EUR"))
	}
}
