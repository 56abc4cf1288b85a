package rating_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestTrace checks the trace of a record that involves every decision.
func TestTrace(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	sku := s.product("cdn", books.Graduated, books.PerRegion)
	s.price(sku, "gold", "north", "2026-09-10..", "- 1")
	s.price(sku, "standard", "*", "..", "10 0.333", "- 0.25 3")
	s.b.Customers[0].Rows = []books.CustomerRow{{PriceList: "gold", Valid: s.span("..")}}
	s.discount("a", books.Commercial, all, all, all, "0.9", "..")
	s.discount("b", books.Commercial, all, all, all, "=0.3", "..")
	s.discount("c", books.Channel, 0, all, all, "0.95", "..")
	s.pack("p", []int32{sku}, "*", "2", books.ResetCycle, "2026-01-01..")
	b := s.open(month)
	var steps []string
	b.rater.Trace = func(step tariff.DerivationStep) { steps = append(steps, step.String()) }
	b.reopen(0, month, nil)
	b.use(sku, "2026-09-02", 0, "x", "13")
	want := []string{
		"package p, quota period 2026-09-01T00:00:00Z to 2026-10-01T00:00:00Z: 2 left, 2 drawn, 0 left after",
		"price list gold, region north: no price of cdn in force at 2026-09-02T00:00:00Z",
		"price list gold, region *: no price of cdn in force at 2026-09-02T00:00:00Z",
		"price list standard, region north: no price of cdn in force at 2026-09-02T00:00:00Z",
		"price list standard, region *: price of cdn in force always",
		"meter cdn/north: 0 + 11 = 11 GB",
		"tier 1 (above 0 up to 10): 10 at 0.333",
		"commercial discount a pays the share 0.9: 2.997 after discount, the lowest so far",
		"commercial discount b fixes the unit price at 0.3: 3 after discount, no better than the previous offer",
		"channel discount c pays the share 0.95: 3.1635 after discount, no better than the previous offer",
		"official 10 × 0.333 = 3.33; discount a takes 0.333, leaves 2.997; rounded to 2 decimals (truncate): " +
			"0.007 off; " +
			"to pay 2.99",
		"tier 2 (above 10): 1 at 0.25",
		"commercial discount a pays the share 0.9: 0.225 after discount, the lowest so far",
		"commercial discount b fixes the unit price at 0.3: above the official price, no offer",
		"channel discount c pays the share 0.95: 0.2375 after discount, no better than the previous offer",
		"official 1 × 0.25 = 0.25; discount a takes 0.025, leaves 0.225; rounded to 2 decimals (truncate): 0.005 " +
			"off; to " +
			"pay 0.22",
		"tier 2 begins at 10, which was reached: flat fee 3",
		"commercial discount a pays the share 0.9: 2.7 after discount, the lowest so far",
		"commercial discount b fixes the unit price at 0.3: a fixed price does not fit this line",
		"channel discount c pays the share 0.95: 2.85 after discount, no better than the previous offer",
		"official 1 × 3 = 3; discount a takes 0.3, leaves 2.7; rounded to 2 decimals (truncate): 0 off; to pay 2.7",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestTracePercentile checks that a percentile line is explained with the same steps.
func TestTracePercentile(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("net", books.Percentile, books.PerRegion)
	s.price(sku, "standard", "north", "2026-09-01..2026-10-01", "- 2")
	b := s.open(month)
	var steps []string
	err := b.book.PercentileCharges(&tariff.Bandwidth{
		SKU: sku, Region: "north", Cycle: must(period.ParseCycle(month)), Quantity: q("1.5"),
	}, func(step tariff.DerivationStep) { steps = append(steps, step.String()) }, &b.out)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"price list standard, region north: price of net in force 2026-09-01T00:00:00Z to 2026-10-01T00:00:00Z",
		"tier 1 (above 0): 1.5 at 2",
		"official 1.5 × 2 = 3; to pay 3",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestTraceConverted checks that a month-end meter with a conversion is explained in the product's measure: converted
// first, then less what packages cover, then priced. A meter that counts nothing has no line and no steps.
func TestTraceConverted(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	most := s.product("max", books.Volume, books.PerCustomer)
	s.b.Products[most].Aggregation = books.Max
	steps := s.product("stp", books.Stairstep, books.PerCustomer)
	vol := s.product("vol", books.Volume, books.PerCustomer)
	none := s.product("zip", books.Volume, books.PerCustomer)
	for _, sku := range []int32{most, steps, vol} {
		s.convert(sku, "/1000^0")
	}
	s.convert(none, "/1000v0")
	for _, sku := range []int32{most, vol, none} {
		s.price(sku, "standard", "*", "..", "- 1")
	}
	s.price(steps, "standard", "*", "..", "- 0 5")
	s.pack("p", []int32{vol}, "*", "2.5", books.ResetCycle, "..")
	b := s.open(month)
	for _, sku := range []int32{most, steps, vol} {
		b.use(sku, "2026-09-02", 0, "x", "1400")
		b.use(sku, "2026-09-03", 0, "y", "2300")
	}
	b.use(none, "2026-09-02", 0, "x", "300")
	var got []string
	b.rater.Trace = func(step tariff.DerivationStep) { got = append(got, step.String()) }
	b.reopen(0, month, b.rater.Positions(nil))
	b.end()
	want := []string{
		"meter max: 2300 /1000^0 = 3 GB",
		"meter max at the cycle's end: 3 GB after packages",
		"price list standard, region *: price of max in force always",
		"tier 1 (above 0): 3 at 1",
		"official 3 × 1 = 3; to pay 3",
		"price list standard, region *: price of stp in force always",
		"meter stp: 3700 /1000^0 = 4 GB",
		"meter stp at the cycle's end: 4 GB after packages",
		"tier 1 (above 0): 4 at 5",
		"official 1 × 5 = 5; to pay 5",
		"price list standard, region *: price of vol in force always",
		"meter vol: 3700 /1000^0 = 4 GB",
		"meter vol at the cycle's end: 4 − 2.5 from packages = 1.5 GB",
		"tier 1 (above 0): 1.5 at 1",
		"official 1.5 × 1 = 1.5; to pay 1.5",
		"price list standard, region *: price of zip in force always",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestTraceCycleEnd(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	block := s.product("blk", books.Block, books.PerRegion)
	volume := s.product("vol", books.Volume, books.PerCustomer)
	s.price(block, "standard", "*", "..", "10 7 0 3", "- 5 0 4")
	s.price(volume, "standard", "*", "..", "- 2 9")
	b := s.open(month)
	b.use(block, "2026-09-02", 0, "x", "13")
	b.use(volume, "2026-09-02", 0, "x", "1.5")
	var steps []string
	b.rater.Trace = func(step tariff.DerivationStep) { steps = append(steps, step.String()) }
	b.reopen(0, month, b.rater.Positions(nil))
	b.end()
	want := []string{
		"meter blk/north at the cycle's end: 13 GB after packages",
		"price list standard, region *: price of blk in force always",
		"tier 2 (above 10): 13 at 5",
		"13 in blocks of 4: 4",
		"official 4 × 5 = 20; to pay 20",
		"meter vol at the cycle's end: 1.5 GB after packages",
		"price list standard, region *: price of vol in force always",
		"resource x: tier 1 (above 0): 1.5 at 2",
		"official 1.5 × 2 = 3; to pay 3",
		"tier 1 begins at 0, which was reached: flat fee 9",
		"official 1 × 9 = 9; to pay 9",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
