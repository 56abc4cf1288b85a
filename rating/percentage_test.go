package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
)

// percentage adds a product with a percentage price in one tier.
func (s *shop) percentage(percent string, terms books.PercentageTerms) int32 {
	s.t.Helper()
	sku := s.product("pct", books.Percentage, books.PerCustomer)
	s.price(sku, "standard", "*", "..", "- "+percent)
	s.b.Versions[len(s.b.Versions)-1].Tiers[0].Percentage = terms
	return sku
}

// TestPercentageAllowances checks 1.3 % plus 2 per record, for records of 50, 100, 250 and 400: three records and 250
// free, three records free, and nothing free. A vendor of billing software published the example.
func TestPercentageAllowances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		events, allowed string
		want            []string
	}{
		{"3", "250", []string{"0 × 0.013 = 0 → 0 used 50", "0 × 0.013 = 0 → 0 used 100",
			"150 × 0.013 = 3.95 → 3.95 used 250", "400 × 0.013 = 7.2 → 7.2"}},
		{"3", "", []string{"0 × 0.013 = 0 → 0 used 50", "0 × 0.013 = 0 → 0 used 100", "0 × 0.013 = 0 → 0 used 250",
			"400 × 0.013 = 7.2 → 7.2"}},
		{"", "250", []string{"0 × 0.013 = 0 → 0 used 50", "0 × 0.013 = 0 → 0 used 100",
			"150 × 0.013 = 3.95 → 3.95 used 250", "400 × 0.013 = 7.2 → 7.2"}},
		{"1", "250", []string{"0 × 0.013 = 0 → 0 used 50", "100 × 0.013 = 3.3 → 3.3", "250 × 0.013 = 5.25 → 5.25",
			"400 × 0.013 = 7.2 → 7.2"}},
		{"", "", []string{"50 × 0.013 = 2.65 → 2.65", "100 × 0.013 = 3.3 → 3.3", "250 × 0.013 = 5.25 → 5.25",
			"400 × 0.013 = 7.2 → 7.2"}},
	} {
		s := newShop(t, "UTC")
		terms := books.PercentageTerms{FixedFee: amount("2")}
		if c.events != "" {
			terms.FreeEvents, terms.HasEvents = q(c.events).Rat().Num().Int64(), true
		}
		if c.allowed != "" {
			terms.FreeAmount, terms.HasAllowed = q(c.allowed), true
		}
		sku := s.percentage("0.013", terms)
		b := s.open(month)
		var want []string
		for i, quantity := range []string{"50", "100", "250", "400"} {
			b.use(sku, "2026-09-05", 0, "x", quantity)
			want = append(want, string(rune('0'+i))+" usage t1: "+c.want[i])
		}
		b.want(want...)
	}
}

// TestPercentageBounds checks 2.99 % of 10, 80 and 10,000, with a minimum of 1.75 and a maximum of 12.
func TestPercentageBounds(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.percentage("0.0299", books.PercentageTerms{MinFee: amount("1.75"), MaxFee: amount("12"), HasMax: true})
	s.discount("half", books.Commercial, -1, -1, sku, "0.5", "2026-09-03..")
	s.discount("fixed", books.Commercial, -1, -1, sku, "=0.001", "..")
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "10")
	b.use(sku, "2026-09-02", 0, "x", "80")
	b.use(sku, "2026-09-02", 0, "x", "10000")
	b.use(sku, "2026-09-02", 0, "x", "0")
	b.use(sku, "2026-09-03", 0, "x", "10000")
	b.want("0 usage t1: 10 × 0.0299 = 1.75 → 1.75", "1 usage t1: 80 × 0.0299 = 2.392 → 2.392",
		"2 usage t1: 10000 × 0.0299 = 12 → 12", "3 usage t1: 0 × 0.0299 = 1.75 → 1.75",
		"4 usage t1: 10000 × 0.0299 = 12 − 6 half → 6")
	b.wantPositions("meter pct/: 20090", `counter 5 pct/: 5`)
}

// TestPercentageBoundsCrossed checks a maximum below the minimum: the fee is raised to the minimum, then lowered.
func TestPercentageBoundsCrossed(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.percentage("0.1", books.PercentageTerms{MinFee: amount("5"), MaxFee: amount("4"), HasMax: true})
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "10")
	b.use(sku, "2026-09-02", 0, "x", "100")
	b.want("0 usage t1: 10 × 0.1 = 4 → 4", "1 usage t1: 100 × 0.1 = 4 → 4")
}

// TestPercentageTiers checks that tiers divide an amount as graduated prices divide a quantity, and that prepaid
// packages do not draw.
func TestPercentageTiers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("pct", books.Percentage, books.PerCustomer)
	s.price(sku, "standard", "*", "..", "100 0.1 5", "- 0.02 1")
	s.pack("p", []int32{sku}, "*", "1000", books.ResetNone, "..")
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "60")
	b.use(sku, "2026-09-03", 0, "x", "90")
	b.want(
		"0 usage t1: 60 × 0.1 = 6 → 6", "0 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"1 usage t1: 40 × 0.1 = 4 → 4", "1 usage t2: 50 × 0.02 = 1 → 1", "1 flat_fee t2: 1 × 1 = 1 → 1 used 0",
	)
}

// TestPercentageReversal checks that a reversed record is refunded as if it were the last of its meter, which then has
// one record less, and that a retraction does not count as a record.
func TestPercentageReversal(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.percentage("0.01", books.PercentageTerms{FixedFee: amount("1"), FreeEvents: 1, HasEvents: true})
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "100")
	b.use(sku, "2026-09-03", 0, "x", "200")
	b.want("0 usage t1: 0 × 0.01 = 0 → 0 used 100", "1 usage t1: 200 × 0.01 = 3 → 3")
	rec := rating.Record{SKU: sku, Resource: []byte("x"), ID: []byte("r0"), Start: s.at("2026-09-02"),
		End: s.at("2026-09-02"), Quantity: q("100")}
	if err := b.rater.Reverse(&rec, q("0"), nil, 7, &b.out); err != nil {
		t.Fatal(err)
	}
	b.want("7 usage t1: -100 × 0.01 = -2 → -2") // as the second record, after an amount of 200
	b.wantPositions("meter pct/: 200", "counter 5 pct/: 1")
	gone := rec
	gone.Quantity, gone.Retracted = q("0"), true
	if err := b.rater.Usage(&gone, 8, &b.out); err != nil {
		t.Fatal(err)
	}
	b.want("8 usage t1: 0 × 0.01 = 0 → 0")
	b.wantPositions("meter pct/: 200", "counter 5 pct/: 1")
}

// TestPercentagePositions checks that a rater continues from stored positions (RATE-2).
func TestPercentagePositions(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.percentage("0.01", books.PercentageTerms{FreeEvents: 2, HasEvents: true})
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "100")
	rows := b.rater.Positions(nil)
	b.reopen(0, month, rows)
	b.use(sku, "2026-09-03", 0, "x", "100")
	b.reopen(0, month, b.rater.Positions(nil))
	b.use(sku, "2026-09-04", 0, "x", "100")
	b.want(
		"0 usage t1: 0 × 0.01 = 0 → 0 used 100", "1 usage t1: 0 × 0.01 = 0 → 0 used 100",
		"2 usage t1: 100 × 0.01 = 1 → 1",
	)
}
