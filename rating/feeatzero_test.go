package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestFeeAtZero checks that a meter that has a record or a subscriber, but no quantity to price, is charged the flat
// fee of tier 1, and that a meter with a quantity is charged the fee by its usage (§10.3).
func TestFeeAtZero(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	var skus []int32
	for _, p := range []struct {
		sku   string
		model books.Model
		meter books.Meter
	}{
		{"a-grad", books.Graduated, books.PerCustomer}, {"b-vol", books.Volume, books.PerRegion},
		{"c-step", books.Stairstep, books.PerResource}, {"d-share", books.Percentage, books.PerCustomer},
		{"e-last", books.Volume, books.PerCustomer},
	} {
		sku := s.product(p.sku, p.model, p.meter)
		s.b.Products[sku].FeeAtZero = true
		s.price(sku, "standard", "*", "..", "10 1 5", "- 2 7")
		skus = append(skus, sku)
	}
	s.b.Products[skus[4]].Aggregation = books.Last
	s.pack("p", skus[:2], "*", "100", books.ResetCycle, "..")
	always := period.Always()
	s.b.Subscribers = []books.Subscriber{
		{SKU: skus[2], Region: "north", Resource: "z", Valid: always},
		{SKU: skus[3], Region: "south", Valid: s.span("2026-10-01..")},
	}
	b := s.open(month)
	b.use(skus[0], "2026-09-02", 1, "x", "3")
	b.use(skus[1], "2026-09-02", 1, "x", "4")
	b.use(skus[2], "2026-09-02", 1, "x", "0")
	b.use(skus[2], "2026-09-02", 1, "y", "20")
	b.use(skus[4], "2026-09-02", 1, "x", "9")
	b.use(skus[4], "2026-09-03", 1, "x", "0")
	b.use(skus[3], "2026-09-02", 1, "x", "100")
	b.reopen(0, month, b.rater.Positions(nil))
	b.want("0 usage t1: 0 × 1 = 0 → 0 used 3 free 3 p:3",
		"6 usage t1: 10 × 1 = 10 → 10", "6 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"6 usage t2: 90 × 2 = 180 → 180", "6 flat_fee t2: 1 × 7 = 7 → 7 used 0")
	b.rater.Subscribe()
	b.end()
	b.want(
		"0 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"1 period t1: 0 × 1 = 0 → 0 used 4 free 4 p:4", "2 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"3 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"4 period t2: 1 × 7 = 7 → 7 used 20",
		"5 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"6 flat_fee t1: 1 × 5 = 5 → 5 used 0",
	)
	b.reopen(0, "2026-10", nil)
	for _, sku := range skus { // a retraction does not count as a record of its meter
		gone := rating.Record{SKU: sku, Resource: []byte("w"), ID: []byte("w"), Retracted: true,
			Start: s.at("2026-10-02"), End: s.at("2026-10-02")}
		if err := b.rater.Usage(&gone, 0, &b.out); err != nil {
			t.Fatal(err)
		}
	}
	b.reopen(0, "2026-10", b.rater.Positions(nil))
	b.lines()
	b.rater.Subscribe()
	b.end()
	b.want("0 flat_fee t1: 1 × 5 = 5 → 5 used 0", "1 flat_fee t1: 1 × 5 = 5 → 5 used 0")
}
