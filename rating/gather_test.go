package rating_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// TestVolume checks the published example of 400 and 1,000 units: up to 500 at 0.6, then 0.58.
func TestVolume(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ used, want string }{
		{"400", "0 period t1: 400 × 0.6 = 240 → 240"},
		{"500", "0 period t1: 500 × 0.6 = 300 → 300"},
		{"1000", "0 period t2: 1000 × 0.58 = 580 → 580"},
	} {
		s := newShop(t, "Asia/Shanghai")
		sku := s.product("vol", books.Volume, books.PerRegion)
		s.price(sku, "standard", "*", "..", "500 0.6", "- 0.58")
		b := s.open(month)
		b.use(sku, "2026-09-05", 0, "x", c.used)
		b.end()
		b.want(c.want)
	}
}

func wantObjects(t *testing.T, b *bill, objs ...rating.Object) {
	t.Helper()
	if diff := cmp.Diff(objs, b.objs); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// TestVolumeResources checks that there is one line per resource, at the tier of their sum, and one fee per meter. The
// region is that of the meter's first record.
func TestVolumeResources(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("vol", books.Volume, books.PerCustomer)
	s.price(sku, "standard", "*", "..", "- 9")
	s.price(sku, "standard", "south", "..", "10 2 1", "- 1 5")
	s.pack("p", []int32{sku}, "*", "3", books.ResetCycle, "..")
	b := s.open(month)
	b.use(sku, "2026-09-05", 1, "y", "1")
	b.use(sku, "2026-09-06", 0, "x", "8")
	b.use(sku, "2026-09-07", 0, "y", "4")
	b.use(sku, "2026-09-08", 0, "z", "0")
	b.use(sku, "2026-09-09", 0, "w", "1")
	b.want()
	b.end()
	y := rating.Object{SKU: sku, Region: "south", Resource: "y", Name: "name of y", Tag: "tag of y"}
	x := rating.Object{SKU: sku, Region: "south", Resource: "x", Name: "name of x", Tag: "tag of x"}
	w := rating.Object{SKU: sku, Region: "south", Resource: "w", Name: "name of w", Tag: "tag of w"}
	wantObjects(t, b, y, x, w, rating.Object{SKU: sku, Region: "south"})
	b.want("0 period t2: 4 × 1 = 4 → 4 used 5 free 1 p:1", "1 period t2: 6 × 1 = 6 → 6 used 8 free 2 p:2",
		"2 period t2: 1 × 1 = 1 → 1", "3 flat_fee t2: 1 × 5 = 5 → 5 used 0")
	b.wantPositions(
		`gather vol/ "w" in south (name of w, tag of w) #3: 1 of 1 free 0 `,
		`gather vol/ "x" in south (name of x, tag of x) #1: 6 of 8 free 2 p:2`,
		`gather vol/ "y" in south (name of y, tag of y) #0: 4 of 5 free 1 p:1`,
		`gather vol/ "z" in south (name of z, tag of z) #2: 0 of 0 free 0 `,
		"package p: 0 since 2026-08-31T16:00:00Z",
	)
}

// TestVolumePerResource checks that for a meter per resource the line of the fee also has the resource.
func TestVolumePerResource(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	sku := s.product("vol", books.Volume, books.PerResource)
	s.price(sku, "standard", "*", "..", "10 2 1", "- 1 5")
	b := s.open(month)
	b.use(sku, "2026-09-05", 1, "y", "1")
	b.use(sku, "2026-09-06", 0, "x", "11")
	b.use(sku, "2026-09-06", 0, "y", "1")
	b.end()
	wantObjects(t, b,
		rating.Object{SKU: sku, Region: "north", Resource: "x", Name: "name of x", Tag: "tag of x"},
		rating.Object{SKU: sku, Region: "south", Resource: "y", Name: "name of y", Tag: "tag of y"},
	)
	b.want("0 period t2: 11 × 1 = 11 → 11", "0 flat_fee t2: 1 × 5 = 5 → 5 used 0", "1 period t1: 2 × 2 = 4 → 4",
		"1 flat_fee t1: 1 × 1 = 1 → 1 used 0")
}

// TestPeriodLevelNothingLeft checks that a record that packages cover completely has a line with quantity 0 at tier 1
// and no fee. A product without records has no line.
func TestPeriodLevelNothingLeft(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	block := s.product("a", books.Block, books.PerRegion)
	stair := s.product("b", books.Stairstep, books.PerRegion)
	volume := s.product("c", books.Volume, books.PerRegion)
	unused := s.product("d", books.Volume, books.PerRegion)
	s.price(block, "standard", "*", "..", "10 2 0 5", "- 1 0 5")
	s.price(stair, "standard", "*", "..", "10 0 20", "- 0 30")
	s.price(volume, "standard", "*", "..", "10 2 7", "- 1 7")
	s.pack("p", []int32{block, stair, volume}, "*", "100", books.ResetCycle, "..")
	b := s.open(month)
	b.use(block, "2026-09-05", 0, "x", "20")
	b.use(stair, "2026-09-05", 0, "x", "20")
	b.use(volume, "2026-09-05", 0, "x", "15")
	b.use(volume, "2026-09-05", 0, "y", "5")
	b.use(unused, "2026-09-05", 0, "x", "0")
	b.end()
	b.want("0 period t1: 0 × 2 = 0 → 0 used 20 free 20 p:20", "1 period t1: 0 × 20 = 0 → 0 used 20 free 20 p:20",
		"2 period t1: 0 × 2 = 0 → 0 used 15 free 15 p:15", "3 period t1: 0 × 2 = 0 → 0 used 5 free 5 p:5")
}

func TestBlock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ used, want string }{
		{"0.0000000001", "0 period t1: 1 × 20 = 20 → 20 used 0.0000000001"},
		{"100", "0 period t1: 1 × 20 = 20 → 20 used 100"},
		{"100.0000000001", "0 period t1: 2 × 20 = 40 → 40 used 100.0000000001"},
		{"1000", "0 period t1: 10 × 20 = 200 → 200 used 1000"},
		{"1001", "0 period t2: 3 × 80 = 240 → 240 used 1001"},
	} {
		s := newShop(t, "Asia/Shanghai")
		sku := s.product("blk", books.Block, books.PerRegion)
		s.price(sku, "standard", "*", "..", "1000 20 0 100", "- 80 0 500")
		b := s.open(month)
		b.use(sku, "2026-09-05", 0, "x", c.used)
		b.end()
		b.want(c.want)
	}
}

func TestStairstep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ used, want string }{
		{"1", "0 period t1: 1 × 20 = 20 → 20"},
		{"10", "0 period t1: 1 × 20 = 20 → 20 used 10"},
		{"10.5", "0 period t2: 1 × 30 = 30 → 30 used 10.5"},
	} {
		s := newShop(t, "Asia/Shanghai")
		sku := s.product("st", books.Stairstep, books.PerCustomer)
		s.price(sku, "standard", "*", "..", "10 0 20", "- 0 30")
		s.discount("fixed", books.Commercial, all, all, all, "=1", "..")
		b := s.open(month)
		b.use(sku, "2026-09-05", 0, "x", c.used)
		b.end()
		b.want(c.want)
	}
}

// TestPeriodLevelOffers checks the discounts and the association at the first instant of the cycle, the fixed price of
// a block, and the rounding.
func TestPeriodLevelOffers(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	block := s.product("a", books.Block, books.PerRegion)
	volume := s.product("c", books.Volume, books.PerRegion)
	s.price(block, "standard", "*", "..", "- 20 0 100")
	s.price(volume, "standard", "*", "..", "- 1 3.333")
	s.associate(0, 0, books.Resale, "2026-09-01..2026-09-02")
	s.discount("early", books.Commercial, all, all, all, "0.1", "..2026-09-01")
	s.discount("fixed", books.Commercial, all, all, block, "=15", "2026-09-01..2026-09-02")
	s.discount("late", books.Commercial, all, all, all, "0.1", "2026-09-02..")
	s.discount("mate", books.PartnerOffer, all, 0, all, "0.9", "..")
	b := s.open(month)
	b.use(block, "2026-09-05", 0, "x", "250")
	b.use(volume, "2026-09-05", 0, "x", "1.111")
	b.end()
	b.want("0 period t1: 3 × 20 = 60 − 15 fixed → 45 used 250",
		"1 period t1: 1.111 × 1 = 1.111 − 0.1111 mate − 0.0099 → 0.99",
		"2 flat_fee t1: 1 × 3.333 = 3.333 − 0.3333 mate − 0.0097 → 2.99 used 0")
}

// TestVersionOfTheCycle checks that the version in force at the cycle's first instant applies, otherwise the first
// version of the chain that starts within the cycle.
func TestVersionOfTheCycle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		prices func(s *shop, sku int32)
		want   string
	}{
		{"first instant", func(s *shop, sku int32) {
			s.price(sku, "gold", "north", "2026-09-02..", "- 1")
			s.price(sku, "standard", "*", "..2026-09-02", "- 2")
		}, "2"},
		{"earliest to begin", func(s *shop, sku int32) {
			s.price(sku, "gold", "north", "2026-09-20..", "- 1")
			s.price(sku, "standard", "*", "2026-09-05..2026-09-06", "- 2")
			s.price(sku, "standard", "north", "2026-09-06..", "- 3")
		}, "2"},
		{"two that begin together", func(s *shop, sku int32) {
			s.price(sku, "standard", "*", "2026-09-05..", "- 2")
			s.price(sku, "standard", "north", "2026-09-05..", "- 3")
		}, "3"},
		{"ended before", func(s *shop, sku int32) {
			s.price(sku, "standard", "*", "..2026-09-01", "- 2")
			s.price(sku, "standard", "north", "2026-09-30 23:59..", "- 3")
		}, "3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "Asia/Shanghai")
			sku := s.product("vol", books.Volume, books.PerRegion)
			s.b.Customers[0].Rows = []books.CustomerRow{
				{PriceList: "gold", Valid: s.span("2026-09-03..2026-09-08")},
				{PriceList: "", Valid: s.span("2026-09-08..")},
			}
			c.prices(s, sku)
			b := s.open(month)
			b.use(sku, "2026-09-05", 0, "x", "1")
			b.end()
			b.want("0 period t1: 1 × " + c.want + " = " + c.want + " → " + c.want)
		})
	}
}

// TestGatherContinues checks that rating a cycle in two sittings gives the same result as in one.
func TestGatherContinues(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	block := s.product("a", books.Block, books.PerResource)
	volume := s.product("c", books.Volume, books.PerRegion)
	s.price(block, "standard", "*", "..", "- 2 0 10")
	s.price(volume, "standard", "*", "..", "10 2", "- 1")
	s.pack("p", []int32{block, volume}, "*", "5", books.ResetCycle, "2026-09-01..")
	s.pack("q", []int32{volume}, "*", "2.5", books.ResetCycle, "2026-09-02..")
	first := func(b *bill) {
		b.use(volume, "2026-09-01", 0, "y", "3")
		b.use(volume, "2026-09-01", 0, "x", "1")
		b.use(block, "2026-09-01", 0, "y", "4")
	}
	second := func(b *bill) {
		b.use(volume, "2026-09-02", 0, "z", "1")
		b.use(volume, "2026-09-02", 0, "y", "10")
		b.use(block, "2026-09-02", 1, "y", "4")
	}
	once, twice := s.open(month), s.open(month)
	first(once)
	second(once)
	once.end()
	onePositions, oneLines := once.positions(), once.lines()

	first(twice)
	twice.reopen(0, month, twice.rater.Positions(nil))
	second(twice)
	twice.reopen(0, month, twice.rater.Positions(nil))
	twice.end()
	if diff := cmp.Diff(onePositions, twice.positions()); diff != "" {
		t.Errorf("positions in one sitting and two (-one +two):\n%s", diff)
	}
	wantLines := []string{
		"0 period t1: 1 × 2 = 2 → 2 used 8 free 1 p:1",
		"1 period t1: 8.5 × 2 = 17 → 17 used 13 free 4.5 p:3 q:1.5",
		"2 period t1: 0 × 2 = 0 → 0 used 1 free 1 p:1",
		"3 period t1: 0 × 2 = 0 → 0 used 1 free 1 q:1",
	}
	if diff := cmp.Diff(wantLines, oneLines); diff != "" {
		t.Errorf("lines in one sitting (-want +got):\n%s", diff)
	}
	twice.want(wantLines...)
}
