package rating_test

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// figureOf adds a product that is billed by one figure per cycle, such as the largest quantity.
func (s *shop) figureOf(sku string, a books.Aggregation, model books.Model, meter books.Meter) int32 {
	code := s.product(sku, model, meter)
	s.b.Products[code].Aggregation = a
	return code
}

// TestMaxAndLast checks the largest and the last quantity of a cycle, priced at its end by each model. Packages do not
// draw from them.
func TestMaxAndLast(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	flat := s.figureOf("a-flat", books.Max, books.Flat, books.PerCustomer)
	grad := s.figureOf("b-grad", books.Max, books.Graduated, books.PerRegion)
	last := s.figureOf("c-vol", books.Last, books.Volume, books.PerCustomer)
	block := s.figureOf("d-block", books.Last, books.Block, books.PerResource)
	step := s.figureOf("e-step", books.Max, books.Stairstep, books.PerCustomer)
	s.price(flat, "standard", "*", "..", "- 2")
	s.price(grad, "standard", "*", "..", "4 1 3", "- 0.5 1")
	s.price(last, "standard", "*", "..", "4 1", "- 0.5 10")
	s.price(block, "standard", "*", "..", "- 1 0 4")
	s.price(step, "standard", "*", "..", "5 0 20", "- 0 30")
	s.pack("p", []int32{flat, grad, last, block, step}, "*", "1000", books.ResetNone, "..")
	b := s.open(month)
	for _, sku := range []int32{flat, grad, last, block, step} {
		for _, quantity := range []string{"3", "7", "5"} {
			b.use(sku, "2026-09-02", 1, "x", quantity)
		}
	}
	b.reopen(0, month, b.rater.Positions(nil))
	b.end()
	b.want(
		"0 period t1: 7 × 2 = 14 → 14",
		"1 period t1: 4 × 1 = 4 → 4", "1 flat_fee t1: 1 × 3 = 3 → 3 used 0",
		"1 period t2: 3 × 0.5 = 1.5 → 1.5", "1 flat_fee t2: 1 × 1 = 1 → 1 used 0",
		"2 period t2: 5 × 0.5 = 2.5 → 2.5", "2 flat_fee t2: 1 × 10 = 10 → 10 used 0",
		"3 period t1: 2 × 1 = 2 → 2 used 5",
		"4 period t2: 1 × 30 = 30 → 30 used 7",
	)
	if o := b.objs; len(o) != 0 {
		t.Errorf("objects %v", o)
	}
}

// TestUniqueCount checks that a unique count counts each value once over all days of a meter, and that a count of 0 has
// no line.
func TestUniqueCount(t *testing.T) {
	t.Parallel()
	for _, meter := range []books.Meter{books.PerCustomer, books.PerRegion, books.PerResource} {
		s := newShop(t, "UTC")
		sku := s.figureOf("users", books.UniqueCount, books.Flat, meter)
		s.b.Products[sku].UniqueBy = "resource_tag"
		s.b.Products[sku].Convert = must(money.ParseConversion("*10"))
		s.price(sku, "standard", "*", "..", "- 1")
		b := s.open(month)
		b.use(sku, "2026-09-02", 1, "x", "5")
		b.use(sku, "2026-09-02", 1, "y", "0")
		b.reopen(0, month, b.rater.Positions(nil))
		b.use(sku, "2026-09-03", 1, "x", "1")
		gone := rating.Record{SKU: sku, Resource: []byte("z"), Tag: []byte("tag of z"), ID: []byte("w"),
			Retracted: true, Region: 2}
		if err := b.rater.Usage(&gone, 3, &b.out); err != nil {
			t.Fatal(err)
		}
		b.end()
		want := []string{"0 period t1: 20 × 1 = 20 → 20"}
		if meter == books.PerResource {
			want = []string{"0 period t1: 10 × 1 = 10 → 10", "1 period t1: 10 × 1 = 10 → 10"}
		}
		b.want(want...)
	}
}

// TestUniqueCountOfOwnColumn checks that the values of a custom column are counted, separately from the tag. A record
// without a value in it is an error.
func TestUniqueCountOfOwnColumn(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.figureOf("users", books.UniqueCount, books.Flat, books.PerCustomer)
	s.b.Products[sku].UniqueBy = "x_user"
	s.price(sku, "standard", "*", "..", "- 3")
	b := s.open(month)
	use := func(column, user, tag string) error {
		r := rating.Record{SKU: sku, Resource: []byte("web"), ID: []byte("r"), Region: 2, Start: s.at("2026-09-02"),
			Tag: books.AppendOwn(nil, []byte(tag), column, []byte(user)), Quantity: q("1")}
		return b.rater.Usage(&r, 3, &b.out)
	}
	for _, user := range [...]string{"ann", "bob", "ann"} {
		if err := use("x_user", user, "tag of "+user); err != nil {
			t.Fatal(err)
		}
	}
	if err := use("x_host", "web", ""); err == nil || !strings.Contains(err.Error(), "accepted without x_user") {
		t.Errorf("another column: error %v", err)
	}
	b.end()
	b.want("0 period t1: 2 × 3 = 6 → 6")
}

func TestUniqueCountPositions(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.figureOf("users", books.UniqueCount, books.Flat, books.PerRegion)
	s.price(sku, "standard", "*", "..", "- 1")
	b := s.open(month)
	b.use(sku, "2026-09-02", 1, "y", "5")
	b.use(sku, "2026-09-02", 0, "x", "5")
	b.use(sku, "2026-09-02", 0, "y", "5")
	want := []string{
		`gather users/north "" in north (, ) #0: 2 of 0 free 0 `,
		`gather users/south "" in south (, ) #0: 1 of 0 free 0 `,
		"seen users/north: x", "seen users/north: y", "seen users/south: y",
	}
	b.wantPositions(want...)
	b.reopen(0, month, b.rater.Positions(nil))
	b.wantPositions(want...)
}
