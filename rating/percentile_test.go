package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// charge prices a quantity of a percentile product for September.
func (b *bill) charge(sku int32, quantity string) error {
	return b.book.PercentileCharges(&tariff.Bandwidth{
		SKU: sku, Region: "north", Cycle: must(period.ParseCycle(month)), Quantity: q(quantity), Record: 7,
	}, nil, &b.out)
}

func TestPercentileCharges(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	one := s.product("a", books.Percentile, books.PerRegion)
	fees := s.product("b", books.Percentile, books.PerRegion)
	none := s.product("c", books.Percentile, books.PerRegion)
	peak := s.product("d", books.Percentile, books.PerRegion)
	s.price(one, "standard", "*", "..2026-09-02", "- 15")
	s.price(one, "standard", "*", "2026-09-02..", "- 99")
	s.price(fees, "standard", "north", "2026-09-05..", "100 10", "500 9 0.125", "- 8 1")
	s.price(none, "standard", "*", "..2026-09-01", "- 1")
	s.price(peak, "standard", "*", "..", "- 120")
	s.discount("mate", books.Commercial, all, all, fees, "=8.5", "..2026-09-02")
	s.discount("part", books.Commercial, all, all, fees, "0.99", "..")
	b := s.open(month)
	for _, c := range []struct {
		sku      int32
		quantity string
		want     []string
	}{
		// The published fees: 900 Mbps over 26 of 30 days at 15; 300 Mbps over 16 of 30 days at 120.
		{one, "780", []string{"7 period t1: 780 × 15 = 11700 → 11700"}},
		{peak, "160", []string{"7 period t1: 160 × 120 = 19200 → 19200"}},
		{one, "0", nil},
		{fees, "100", []string{"7 period t1: 100 × 10 = 1000 − 150 mate → 850"}},
		{fees, "500.001", []string{
			"7 period t1: 100 × 10 = 1000 − 150 mate → 850",
			"7 period t2: 400 × 9 = 3600 − 200 mate → 3400",
			"7 flat_fee t2: 1 × 0.125 = 0.125 − 0.00125 part − 0.00375 → 0.12 used 0",
			"7 period t3: 0.001 × 8 = 0.008 − 0.00008 part − 0.00792 → 0",
			"7 flat_fee t3: 1 × 1 = 1 − 0.01 part → 0.99 used 0",
		}},
	} {
		if err := b.charge(c.sku, c.quantity); err != nil {
			t.Fatal(err)
		}
		b.want(c.want...)
	}
	err := b.charge(none, "1")
	want := "close 2026-09 of customer ann, sku c: no price in region north at 2026-08-31T16:00:00Z"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
