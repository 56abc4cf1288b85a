package rating_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// costBill rates cost groups of the shop's first customer in September and returns their lines. Basis costs are passed
// as costs, as rationals, and as both in turn, which must give the same lines.
func costBill(s *shop, groups ...string) *bill {
	s.t.Helper()
	never := func(int) bool { return false }
	asCosts := costBillOf(s, never, groups).lines()
	for _, wide := range []func(int) bool{func(int) bool { return true }, func(i int) bool { return i%2 == 1 }} {
		if diff := cmp.Diff(asCosts, costBillOf(s, wide, groups).lines()); diff != "" {
			s.t.Errorf("lines of costs and of rationals differ:\n%s", diff)
		}
	}
	return costBillOf(s, never, groups)
}

func costBillOf(s *shop, wide func(int) bool, groups []string) *bill {
	s.t.Helper()
	book := s.compile()
	b := &bill{shop: s, book: book}
	rater := rating.NewCostRater(book)
	if err := rater.Open(0, must(period.ParseCycle("2026-09"))); err != nil {
		s.t.Fatal(err)
	}
	for i, text := range groups {
		f := strings.Fields(text) // time, sku, basis or quantity
		at := s.at(f[0])
		g := rating.CostGroup{SKU: s.b.SKU(f[1]), Region: "north", ID: text, Start: at, End: at}
		basis, _, err := money.ParseCost(f[2])
		if g.Cost = basis; wide(i) || err != nil {
			g.Cost = money.Cost{}
			g.Basis, _ = new(big.Rat).SetString(f[2])
		}
		if s.b.Products[g.SKU].Model != books.PassThrough {
			g.Quantity = must(money.ParseSignedQuantity(f[2]))
		}
		if err := rater.Rate(&g, int32(i), &b.out); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := rater.CycleEnd(&b.out, &b.objs); err != nil {
		s.t.Fatal(err)
	}
	return b
}

func TestPassThrough(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	cloud := s.product("cloud", books.PassThrough, books.PerRegion)
	s.price(cloud, "standard", "*", "2026-01-01..", "- 1.1")
	costBill(s, "2026-09-01 cloud 0.3000000001", "2026-09-02 cloud -11", "2026-09-03 cloud 0",
		"2026-10-02 cloud 0.00000000001").want(
		// R8(0.3000000001 × 1.1 = 0.33000000011)
		"0 usage t1: 0.3000000001 × 1.1 = 0.33 → 0.33",
		"1 usage t1: -11 × 1.1 = -12.1 → -12.1",
		"3 usage t1: 0 × 1.1 = 0 → 0",
	)
}

func TestPassThroughTiers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	cloud := s.product("cloud", books.PassThrough, books.PerRegion)
	s.price(cloud, "standard", "*", "2026-01-01..", "100 1.2 5", "150 1.1 7", "- 1 9")
	costBill(s, "2026-09-01 cloud 80", "2026-09-02 cloud 60", "2026-09-03 cloud -160", "2026-09-04 cloud 30").want(
		"0 usage t1: 80 × 1.2 = 96 → 96",
		"1 usage t1: 20 × 1.2 = 24 → 24", "1 usage t2: 40 × 1.1 = 44 → 44", // 80 to 140
		"2 usage t1: -120 × 1.2 = -144 → -144", "2 usage t2: -40 × 1.1 = -44 → -44", // 140 down to -20
		"3 usage t1: 30 × 1.2 = 36 → 36", // -20 up to 10: below zero is in tier 1
		// the highest position, 140, is above the lower bounds of tiers 1 and 2
		"0 flat_fee t1: 1 × 5 = 5 → 5 used 0", "0 flat_fee t2: 1 × 7 = 7 → 7 used 0",
	)
}

func TestPassThroughDiscounts(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	s.rules.Grain, s.rules.Mode = tariff.PerLine, money.Truncate
	cloud := s.product("cloud", books.PassThrough, books.PerRegion)
	s.price(cloud, "standard", "*", "2026-01-01..", "- 1.1")
	s.discount("d", books.Commercial, 0, -1, cloud, "0.9", "2026-01-01..")
	s.discount("f", books.Commercial, 0, -1, cloud, "=0.5", "2026-01-01..") // fixed prices do not apply
	costBill(s, "2026-09-01 cloud 10.01", "2026-09-02 cloud -10.01").want(
		"0 usage t1: 10.01 × 1.1 = 11.011 − 1.1011 d − 0.0099 → 9.9",
		"1 usage t1: -10.01 × 1.1 = -11.011 − -1.1011 d − -0.0099 → -9.9",
	)
}

func TestCostsOfUsageModels(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	flat := s.product("flat", books.Flat, books.PerRegion)
	grad := s.product("grad", books.Graduated, books.PerCustomer)
	vol := s.product("vol", books.Volume, books.PerCustomer)
	s.price(flat, "standard", "*", "2026-01-01..", "- 2")
	s.price(grad, "standard", "*", "2026-01-01..", "10 2", "- 1")
	s.price(vol, "standard", "*", "2026-01-01..", "10 2", "- 1 3")
	costBill(s, "2026-09-01 flat 3", "2026-09-01 flat -3", "2026-09-01 grad 8", "2026-09-01 grad 8",
		"2026-09-01 vol 6", "2026-09-01 vol 6").want(
		"0 usage t1: 3 × 2 = 6 → 6", "1 usage t1: -3 × 2 = -6 → -6",
		"2 usage t1: 8 × 2 = 16 → 16", "3 usage t1: 2 × 2 = 4 → 4", "3 usage t2: 6 × 1 = 6 → 6",
		"0 period t2: 12 × 1 = 12 → 12", "1 flat_fee t2: 1 × 3 = 3 → 3 used 0",
	)
}
