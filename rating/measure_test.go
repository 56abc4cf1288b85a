package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

func (s *shop) convert(sku int32, text string) {
	s.b.Products[sku].Convert = must(money.ParseConversion(text))
}

// TestConversion checks that records of 300, 300 and 500, in begun thousands, count 1, 0 and 1. If the first is
// reversed, C(1100) − C(800) = 1 is returned, whatever was billed later.
func TestConversion(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("req", books.Flat, books.PerCustomer)
	s.convert(sku, "/1000^0")
	s.price(sku, "standard", "*", "..", "- 2")
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "300")
	b.use(sku, "2026-09-03", 0, "x", "300")
	b.reopen(0, month, b.rater.Positions(nil))
	b.use(sku, "2026-09-04", 0, "x", "500")
	b.want("0 usage t1: 1 × 2 = 2 → 2", "1 usage t1: 0 × 2 = 0 → 0", "2 usage t1: 1 × 2 = 2 → 2")
	b.wantPositions("counter 4 req/: 1100")
	rec := rating.Record{SKU: sku, Resource: []byte("x"), ID: []byte("r0"), Start: s.at("2026-09-02"),
		End: s.at("2026-09-02"), Quantity: q("300")}
	if err := b.rater.Reverse(&rec, q("0"), nil, 3, &b.out); err != nil {
		t.Fatal(err)
	}
	b.want("3 usage t1: -1 × 2 = -2 → -2")
	b.wantPositions("counter 4 req/: 800")
	if used := b.rater.Used(); used != q("1") {
		t.Errorf("the reversed record counts %s", used.Trim())
	}
}

// TestConversionPackageAndTiers checks that 1,400 count as 2 begun thousands, or 1.5 after a package of 0.5. Tiers and
// prices apply after the conversion.
func TestConversionPackageAndTiers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	flat := s.product("flat", books.Flat, books.PerCustomer)
	grad := s.product("grad", books.Graduated, books.PerCustomer)
	vol := s.product("vol", books.Volume, books.PerCustomer)
	for _, sku := range []int32{flat, grad, vol} {
		s.convert(sku, "/1000^0")
		s.pack("p"+s.b.Products[sku].SKU, []int32{sku}, "*", "0.5", books.ResetCycle, "..")
	}
	s.price(flat, "standard", "*", "..", "- 1")
	s.price(grad, "standard", "*", "..", "1 10", "- 1")
	s.price(vol, "standard", "*", "..", "1 10", "- 1 3")
	b := s.open(month)
	b.use(flat, "2026-09-02", 0, "x", "1400")
	b.use(grad, "2026-09-02", 0, "x", "700")
	b.use(grad, "2026-09-02", 0, "x", "700")
	b.use(vol, "2026-09-02", 0, "x", "700")
	b.use(vol, "2026-09-02", 0, "y", "700")
	b.end()
	b.want(
		"0 usage t1: 1.5 × 1 = 1.5 → 1.5 used 2 free 0.5 pflat:0.5",
		"1 usage t1: 0.5 × 10 = 5 → 5 used 1 free 0.5 pgrad:0.5",
		"2 usage t1: 0.5 × 10 = 5 → 5", "2 usage t2: 0.5 × 1 = 0.5 → 0.5",
		"0 period t2: 1.5 × 1 = 1.5 → 1.5 used 2 free 0.5 pvol:0.5", "0 flat_fee t2: 1 × 3 = 3 → 3 used 0",
	)
	b.wantPositions(
		"meter grad/: 1.5", `gather vol/ "" in north (, ) #0: 0 of 1400 free 0.5 pvol:0.5`,
		"package pflat: 0 since 2026-09-01T00:00:00Z", "package pgrad: 0 since 2026-09-01T00:00:00Z",
		"package pvol: 0 since 2026-09-01T00:00:00Z",
		"counter 4 flat/: 1400", "counter 4 grad/: 1400", "counter 4 vol/: 1400",
	)
}

// TestConversionSplit checks that the quantities of a record add up to the same however it is split (§10.2).
func TestConversionSplit(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{{"7400"}, {"1", "7399"}, {"999", "1", "1", "6399"}, {"2466.6666666667",
		"2466.6666666667", "2466.6666666666"}} {
		s := newShop(t, "UTC")
		sku := s.product("req", books.Flat, books.PerResource)
		s.convert(sku, "/1000^0")
		s.price(sku, "standard", "*", "..", "- 1")
		b := s.open(month)
		sum := table.Charge{}.Quantity
		for _, part := range parts {
			b.use(sku, "2026-09-02", 0, "x", part)
		}
		for i := range b.out.List {
			sum = must(sum.Add(b.out.List[i].Quantity))
		}
		if sum.Trim() != "8" {
			t.Errorf("%v: %s", parts, sum.Trim())
		}
	}
}

// TestConversionReversalOfDraws checks that the draws of a reversed record are returned up to the quantity that the
// record counts now.
func TestConversionReversalOfDraws(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("req", books.Flat, books.PerCustomer)
	s.convert(sku, "/1000^0")
	s.price(sku, "standard", "*", "..", "- 2")
	s.pack("p", []int32{sku}, "*", "5", books.ResetCycle, "..")
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "300")
	b.use(sku, "2026-09-03", 0, "x", "300")
	b.want("0 usage t1: 0 × 2 = 0 → 0 used 1 free 1 p:1", "1 usage t1: 0 × 2 = 0 → 0")
	rec := rating.Record{SKU: sku, Resource: []byte("x"), ID: []byte("r0"), Start: s.at("2026-09-02"),
		End: s.at("2026-09-02"), Quantity: q("300")}
	draws := []table.PackageDraw{{Package: 0, Quantity: q("1")}}
	if err := b.rater.Reverse(&rec, q("1"), draws, 2, &b.out); err != nil {
		t.Fatal(err)
	}
	b.want("2 usage t1: 0 × 2 = 0 → 0") // C(600) − C(300) = 0
	b.wantPositions("package p: 4 since 2026-09-01T00:00:00Z", "counter 4 req/: 300")
}

// TestCount checks that a record counts 1, whatever its quantity, and a retraction 0, and that packages and tiers use
// the count as the quantity.
func TestCount(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("calls", books.Graduated, books.PerCustomer)
	s.b.Products[sku].Aggregation = books.Count
	s.price(sku, "standard", "*", "..", "2 5", "- 1")
	s.pack("p", []int32{sku}, "*", "0.5", books.ResetCycle, "..")
	b := s.open(month)
	for _, quantity := range []string{"900", "0", "3.5"} {
		b.use(sku, "2026-09-02", 0, "x", quantity)
	}
	gone := rating.Record{SKU: sku, Resource: []byte("x"), ID: []byte("w"), Start: s.at("2026-09-03"),
		End: s.at("2026-09-03"), Retracted: true}
	if err := b.rater.Usage(&gone, 3, &b.out); err != nil {
		t.Fatal(err)
	}
	b.want(
		"0 usage t1: 0.5 × 5 = 2.5 → 2.5 used 1 free 0.5 p:0.5", "1 usage t1: 1 × 5 = 5 → 5",
		"2 usage t1: 0.5 × 5 = 2.5 → 2.5", "2 usage t2: 0.5 × 1 = 0.5 → 0.5", "3 usage t2: 0 × 1 = 0 → 0",
	)
}
