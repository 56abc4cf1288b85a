package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
)

// unit is a record of a prorated product: start, end, quantity.
type unit struct{ from, to, quantity string }

func (b *bill) units(sku int32, list ...unit) {
	b.shop.t.Helper()
	for _, u := range list {
		rec := rating.Record{SKU: sku, Region: 1, Resource: []byte("x"), ID: []byte("r"), Start: b.shop.at(u.from),
			End: b.shop.at(u.to)}
		if rec.Negative = u.quantity[0] == '-'; rec.Negative {
			u.quantity = u.quantity[1:]
		}
		rec.Quantity = q(u.quantity)
		if err := b.rater.Usage(&rec, 0, &b.out); err != nil {
			b.shop.t.Fatal(err)
		}
	}
}

// TestProrate checks the example of §10.3: 35 + 13.33 + 10 − 11 + 150 = 197.33. Positions carry it from day to day.
func TestProrate(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("seats", books.Graduated, books.PerCustomer)
	s.b.Products[sku].Prorate = true
	s.price(sku, "standard", "*", "..", "5 10 100", "- 5 50")
	s.pack("p", []int32{sku}, "*", "1000", books.ResetNone, "..")
	b := s.open("2026-04")
	for _, u := range []unit{
		{"2026-04-10", "2026-05-01", "5"}, {"2026-04-15 13:00", "2026-05-01", "5"},
		{"2026-04-18", "2026-04-24", "10"}, {"2026-04-20", "2027-01-01", "-6"},
	} {
		b.units(sku, u)
		b.reopen(0, "2026-04", b.rater.Positions(nil))
	}
	b.end()
	b.want(
		"0 period t1: 3.5 × 10 = 35 → 35 used 5", "0 flat_fee t1: 1 × 100 = 100 → 100 used 0",
		"0 period t2: 2.4666666667 × 5 = 12.33333333 → 12.33333333 used 9",
		"0 flat_fee t2: 1 × 50 = 50 → 50 used 0",
	)
}

// TestProrateRemovals checks that a removal goes back through the tiers of the removed units. Quantities below zero are
// in the first tier and have no fee.
func TestProrateRemovals(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Australia/Lord_Howe") // April has a day of 24.5 hours there
	grad := s.product("a-grad", books.Graduated, books.PerCustomer)
	vol := s.product("b-vol", books.Volume, books.PerResource)
	s.b.Products[grad].Prorate, s.b.Products[vol].Prorate = true, true
	s.price(grad, "standard", "*", "..", "5 10 7", "- 4 3")
	s.price(vol, "standard", "*", "..", "2 10 4", "- 8 6")
	b := s.open("2026-04")
	b.units(grad, unit{"2026-04-01", "2026-05-01", "7"}, unit{"2026-04-16", "2026-05-01", "-9"})
	b.units(vol, unit{"2026-04-01", "2026-05-01", "3"}, unit{"2026-04-21", "2026-05-01", "-1"})
	b.end()
	b.want(
		// first 5, then −5 and 2 below zero for half of the month
		"0 period t1: 1.5 × 10 = 15 → 15 used -2", "0 flat_fee t1: 1 × 7 = 7 → 7 used 0",
		"0 period t2: 1 × 4 = 4 → 4 used 0", "0 flat_fee t2: 1 × 3 = 3 → 3 used 0",
		"1 period t1: 2.6666666667 × 10 = 26.66666667 → 26.66666667 used 2",
		"1 flat_fee t1: 1 × 4 = 4 → 4 used 0",
	)
	b.reopen(0, "2026-04", nil)
	b.units(grad, unit{"2026-04-16", "2026-05-01", "-2"})
	b.units(vol, unit{"2026-04-16", "2026-05-01", "-2"})
	b.end()
	b.want("0 period t1: -1 × 10 = -10 → -10 used -2", "1 period t1: -1 × 10 = -10 → -10 used -2")
	b.reopen(0, "2026-04", nil)
	b.units(grad, unit{"2026-04-16", "2026-05-01", "2"}, unit{"2026-04-16", "2026-05-01", "-2"})
	b.end()
	b.want("0 flat_fee t1: 1 × 7 = 7 → 7 used 0")
}
