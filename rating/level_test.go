package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// next carries the positions over to another cycle.
func (b *bill) next(cycle string) {
	b.shop.t.Helper()
	rows := rating.NextCycle(b.book, nil, b.rater.Positions(nil), 0, must(period.ParseCycle(cycle)))
	b.reopen(0, cycle, rows)
}

// set adds a level from an instant on, or a change of a level.
func (b *bill) set(sku int32, at, quantity string) { b.units(sku, unit{at, at, quantity}) }

// TestLevelAcrossCycles checks that 2,500 from 5 March are 2177.4193548387 in March, and that changes of −2,000 on 4
// April and −200 on 6 April give 533.3333333333 in April and 300 in May.
func TestLevelAcrossCycles(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.figureOf("held", books.TimeWeighted, books.Flat, books.PerCustomer)
	s.b.Products[sku].Delta = true
	s.price(sku, "standard", "*", "..", "- 1")
	b := s.open("2026-03")
	b.set(sku, "2026-03-05", "2500")
	b.reopen(0, "2026-03", b.rater.Positions(nil))
	b.end()
	b.want("0 period t1: 2177.4193548387 × 1 = 2177.41935484 → 2177.41935484")
	b.next("2026-04")
	b.set(sku, "2026-04-04", "-2000")
	b.reopen(0, "2026-04", b.rater.Positions(nil))
	b.set(sku, "2026-04-06", "-200")
	b.end()
	b.want("0 period t1: 533.3333333333 × 1 = 533.33333333 → 533.33333333")
	b.next("2026-05")
	b.end()
	b.want("0 period t1: 300 × 1 = 300 → 300")
	b.next("2026-06")
	b.set(sku, "2026-06-01", "-400") // a negative level counts as zero
	b.set(sku, "2026-06-16", "110")
	b.end()
	b.want("0 period t1: 5 × 1 = 5 → 5")
}

// TestLevels checks that levels of one meter are added up, last while the customer is in force, and are dropped after
// the cycle in which they end, that the later of two at one instant counts, and that a retraction has no level.
func TestLevels(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.figureOf("disk", books.TimeWeighted, books.Graduated, books.PerRegion)
	s.price(sku, "standard", "*", "..2026-06-01", "10 1", "- 0.5")
	s.b.Customers[0].Rows[0].Valid.To = s.at("2026-05-16")
	b := s.open("2026-04")
	b.use(sku, "2026-04-01", 1, "x", "99")
	b.use(sku, "2026-04-01", 1, "x", "12")
	b.use(sku, "2026-04-16", 1, "y", "6")
	gone := rating.Record{SKU: sku, Region: 1, Resource: []byte("x"), ID: []byte("w"), Retracted: true,
		Start: s.at("2026-04-20"), End: s.at("2026-04-20")}
	if err := b.rater.Usage(&gone, 0, &b.out); err != nil {
		t.Fatal(err)
	}
	b.end()
	b.want("0 period t1: 10 × 1 = 10 → 10", "0 period t2: 5 × 0.5 = 2.5 → 2.5") // 12 and 6 × 15/30
	b.next("2026-05")
	b.use(sku, "2026-05-01", 1, "y", "0")
	b.end()
	b.want("0 period t1: 5.8064516129 × 1 = 5.80645161 → 5.80645161") // 12 × 15/31
	b.use(sku, "2026-05-10", 1, "x", "0")
	b.next("2026-06")
	b.wantPositions()
	b.use(sku, "2026-06-01", 1, "x", "7") // the customer has left: no level counts and no price is needed
	b.end()
	b.want()
	b.shop.b.Customers[0].Rows[0].Valid.To = period.Forever
	if err := b.rater.CycleEnd(&b.out, &b.objs); err == nil {
		t.Error("a level without a price")
	}
}
