package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

const month = "2026-09"

// TestFlatTruncatesEachLine checks the published example: 10 GB for 25,874 s at 0.00064 per GB-hour.
func TestFlatTruncatesEachLine(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	sku := s.product("disk", books.Flat, books.PerRegion)
	s.price(sku, "standard", "*", "..", "- 0.0006400000")
	b := s.open(month)
	b.use(sku, "2026-09-05", 0, "d1", "71.8722222222")
	b.want("0 usage t1: 71.8722222222 × 0.00064 = 0.04599822 − 0.00599822 → 0.04")
	b.use(sku, "2026-09-05", 0, "d1", "0")
	b.want("1 usage t1: 0 × 0.00064 = 0 → 0")
}

func TestFlatCutsAfterTheDiscount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rules tariff.Rules
		price string
		want  string
	}{
		{"truncate", tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}, "512.12456789",
			"0 usage t1: 2 × 512.12456789 = 1024.24913578 − 512.12456789 half − 0.00456789 → 512.12"},
		{"half up", tariff.Rules{Grain: tariff.PerLine, Mode: money.HalfUp, Digits: 2}, "10.275",
			"0 usage t1: 2 × 10.275 = 20.55 − 10.275 half − -0.005 → 10.28"},
		{"half even", tariff.Rules{Grain: tariff.PerLine, Mode: money.HalfEven, Digits: 2}, "10.265",
			"0 usage t1: 2 × 10.265 = 20.53 − 10.265 half − 0.005 → 10.26"},
		{"no digits", tariff.Rules{Grain: tariff.PerLine, Mode: money.HalfUp, Digits: 0}, "1023.5",
			"0 usage t1: 2 × 1023.5 = 2047 − 1023.5 half − -0.5 → 1024"},
		{"grain cycle", tariff.Rules{Grain: tariff.PerCycle, Mode: money.Truncate, Digits: 2}, "512.12456789",
			"0 usage t1: 2 × 512.12456789 = 1024.24913578 − 512.12456789 half → 512.12456789"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "Asia/Shanghai")
			s.rules = c.rules
			sku := s.product("vm", books.Flat, books.PerRegion)
			s.price(sku, "standard", "*", "..", "- "+c.price)
			s.discount("half", books.Commercial, -1, -1, -1, "0.5", "..")
			b := s.open(month)
			b.use(sku, "2026-09-05", 0, "d1", "2")
			b.want(c.want)
		})
	}
}

// TestPriceChain checks that the customer's list precedes standard, that the exact region precedes any region, and that
// a version ends at its valid_to.
func TestPriceChain(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("vm", books.Flat, books.PerRegion)
	s.price(sku, "gold", "north", "2026-09-10..2026-09-20", "- 1")
	s.price(sku, "gold", "*", "2026-09-15..2026-09-25", "- 2")
	s.price(sku, "standard", "*", "..", "- 4")
	s.price(sku, "standard", "north", "2026-09-01..2026-09-12", "- 3")
	s.price(sku, "standard", "north", "2026-09-12..2026-09-13", "- 3.5")
	s.b.Customers[0].Rows = []books.CustomerRow{
		{PriceList: "gold", Valid: s.span("..2026-09-24")},
		{PriceList: "lead", Valid: s.span("2026-09-24..")},
	}
	b := s.open(month)
	for _, c := range []struct {
		when   string
		region int32
		want   string
	}{
		{"2026-09-01", 0, "3"},       // list standard, region north
		{"2026-09-01", 1, "4"},       // list standard, any region
		{"2026-09-09 23:59", 0, "3"}, // gold is not in force yet
		{"2026-09-10", 0, "1"},       // gold, north: its first instant
		{"2026-09-12", 0, "1"},       // gold precedes the new version of standard
		{"2026-09-15", 1, "2"},       // gold, any region
		{"2026-09-19 23:59", 0, "1"},
		{"2026-09-20", 0, "2"}, // gold, north has ended: gold, any region
		{"2026-09-24", 0, "4"}, // standard, any region: the new list has no prices, and standard, north has ended
		{"2026-09-30", 2, "4"},
	} {
		b.use(sku, c.when, c.region, "x", "1")
		if got := b.out.List[0].UnitPrice.Trim(); got != c.want {
			t.Errorf("%s region %s: unit price %s, want %s", c.when, regions[c.region], got, c.want)
		}
		b.lines()
	}
}

// TestPriceAtTheStart checks that a record that spans a price change has the price that is in force at its start
// (§4.4). Invariant: RATE-5.
func TestPriceAtTheStart(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	flat, tiers := s.product("vm", books.Flat, books.PerRegion), s.product("api", books.Graduated, books.PerRegion)
	for _, sku := range []int32{flat, tiers} {
		s.price(sku, "standard", "*", "..2026-09-15", "- 1")
		s.price(sku, "standard", "*", "2026-09-15..", "- 2")
	}
	b := s.open(month)
	for _, sku := range []int32{flat, tiers} {
		rec := rating.Record{SKU: sku, Resource: []byte("x"), ID: []byte("r"), Start: s.at("2026-09-14 23:00"),
			End: s.at("2026-09-15 01:00"), Quantity: q("3")}
		if err := b.rater.Usage(&rec, b.n, &b.out); err != nil {
			t.Fatal(err)
		}
		b.n++
	}
	b.want("0 usage t1: 3 × 1 = 3 → 3", "1 usage t1: 3 × 1 = 3 → 3")
}

func TestPriced(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	flat := s.product("vm", books.Flat, books.PerRegion)
	volume := s.product("vol", books.Volume, books.PerRegion)
	none := s.product("zzz", books.Flat, books.PerRegion)
	s.price(flat, "standard", "north", "2026-09-10..2026-09-20", "- 1")
	s.price(volume, "gold", "north", "2026-09-15..", "- 1")
	s.price(volume, "standard", "north", "2026-10-01..", "- 1")
	s.b.Customers[0].Rows = []books.CustomerRow{{PriceList: "gold", Valid: s.span("2026-09-03..")}}
	bk := s.compile()
	september, august := s.span("2026-09-01..2026-10-01"), s.span("2026-08-01..2026-09-01")
	north, south := bk.Region("north"), bk.Region("south")
	for _, c := range []struct {
		name          string
		customer, sku int32
		region        int32
		when          string
		cycle         string
		want          bool
	}{
		{"first instant", 0, flat, north, "2026-09-10", "", true},
		{"before", 0, flat, north, "2026-09-09 23:59", "", false},
		{"end", 0, flat, north, "2026-09-20", "", false},
		{"other region", 0, flat, south, "2026-09-10", "", false},
		{"no version at all", 0, none, north, "2026-09-10", "", false},
		{"begins in the cycle, list of the customer's first row", 0, volume, north, "2026-09-02", "", true},
		{"begins in the cycle, but in a list the customer does not have", 1, volume, north, "2026-09-20", "", false},
		{"begins after the cycle", 0, volume, north, "2026-08-31", "august", false},
	} {
		bounds := september
		if c.cycle != "" {
			bounds = august
		}
		if got := bk.Priced(c.customer, c.sku, c.region, s.at(c.when), bounds); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestGraduatedSplits checks the published example: of 8 minutes, 3 cost 0.3 each and the rest 0.2.
func TestGraduatedSplits(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("call", books.Graduated, books.PerRegion)
	s.price(sku, "standard", "*", "..", "3 0.3", "- 0.2")
	b := s.open(month)
	b.use(sku, "2026-09-05", 0, "x", "8")
	b.want("0 usage t1: 3 × 0.3 = 0.9 → 0.9", "0 usage t2: 5 × 0.2 = 1 → 1")
}

// TestGraduatedContinues checks the published example: 90 GB after 10,200 GB; the first 10,240 cost 0.24, the rest
// 0.23. The cycle costs 2469.10.
func TestGraduatedContinues(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("cdn", books.Graduated, books.PerCustomer)
	s.price(sku, "standard", "*", "..", "10240 0.24", "- 0.23")
	b := s.open(month)
	b.use(sku, "2026-09-05", 0, "x", "10200")
	b.use(sku, "2026-09-06", 1, "y", "90")
	b.want("0 usage t1: 10200 × 0.24 = 2448 → 2448", "1 usage t1: 40 × 0.24 = 9.6 → 9.6",
		"1 usage t2: 50 × 0.23 = 11.5 → 11.5")
	b.wantPositions("meter cdn/: 10290")
}

func TestGraduatedEdges(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("api", books.Graduated, books.PerRegion)
	s.price(sku, "standard", "*", "..", "10 1 5", "20 0.5 7", "30 0.25", "- 0.1 9")
	b := s.open(month)
	b.use(sku, "2026-09-01", 0, "x", "0")  // before the first unit: no fee
	b.use(sku, "2026-09-02", 0, "x", "10") // up to the bound: tier 2 is not reached
	b.use(sku, "2026-09-03", 0, "x", "0")  // at the bound: the next tier
	b.use(sku, "2026-09-04", 0, "x", "0.0000000001")
	b.use(sku, "2026-09-05", 0, "x", "25")
	b.use(sku, "2026-09-06", 0, "x", "1")
	b.want(
		"0 usage t1: 0 × 1 = 0 → 0",
		"1 usage t1: 10 × 1 = 10 → 10",
		"1 flat_fee t1: 1 × 5 = 5 → 5 used 0",
		"2 usage t2: 0 × 0.5 = 0 → 0",
		"3 usage t2: 0.0000000001 × 0.5 = 0 → 0",
		"3 flat_fee t2: 1 × 7 = 7 → 7 used 0",
		"4 usage t2: 9.9999999999 × 0.5 = 5 → 5",
		"4 usage t3: 10 × 0.25 = 2.5 → 2.5",
		"4 usage t4: 5.0000000001 × 0.1 = 0.5 → 0.5",
		"4 flat_fee t4: 1 × 9 = 9 → 9 used 0",
		"5 usage t4: 1 × 0.1 = 0.1 → 0.1",
	)
}

// TestGraduatedVersionsChangeInTheCycle checks that the tiers of a new version apply to the same meter, and that its
// fees are charged for its own lower bounds.
func TestGraduatedVersionsChangeInTheCycle(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("api", books.Graduated, books.PerRegion)
	s.price(sku, "standard", "*", "..2026-09-15", "100 1 3", "- 0.5 3")
	s.price(sku, "standard", "*", "2026-09-15..", "50 2 4", "60 1 4", "- 0.1 4")
	b := s.open(month)
	b.use(sku, "2026-09-14 23:59", 0, "x", "50")
	b.use(sku, "2026-09-15", 0, "x", "30")
	b.want("0 usage t1: 50 × 1 = 50 → 50", "0 flat_fee t1: 1 × 3 = 3 → 3 used 0", "1 usage t2: 10 × 1 = 10 → 10",
		"1 flat_fee t2: 1 × 4 = 4 → 4 used 0", "1 usage t3: 20 × 0.1 = 2 → 2", "1 flat_fee t3: 1 × 4 = 4 → 4 used 0")
}

func TestMeterScopes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		meter books.Meter
		want  []string
	}{
		{books.PerRegion, []string{"meter api/north: 3", "meter api/south: 4"}},
		{books.PerCustomer, []string{"meter api/: 7"}},
		{books.PerResource, []string{"meter api/x: 5", "meter api/y: 2"}},
	} {
		s := newShop(t, "Asia/Shanghai")
		sku := s.product("api", books.Graduated, c.meter)
		s.price(sku, "standard", "*", "..", "- 1")
		b := s.open(month)
		b.use(sku, "2026-09-01", 0, "x", "1")
		b.use(sku, "2026-09-02", 0, "y", "2")
		b.use(sku, "2026-09-03", 1, "x", "4")
		b.wantPositions(c.want...)
		b.reopen(1, month, nil)
		b.wantPositions()
	}
}

func TestNoPriceIsAnError(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("api", books.Flat, books.PerRegion)
	b := s.open(month)
	err := b.rater.Usage(&rating.Record{SKU: sku, ID: []byte("r1"), Start: s.at("2026-09-01"), Quantity: q("1")}, 0,
		&b.out)
	want := "rate record r1 of customer ann, sku api: no price in region north at 2026-08-31T16:00:00Z"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
