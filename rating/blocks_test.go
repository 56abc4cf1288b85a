package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
)

// TestBlockRoundingAndFill checks 25 units with blocks of 10 up to 20 and of 3 above. The tier of the total prices all
// (9 blocks of 3), or each tier its part (2 blocks of 10, 2 of 3). Begun blocks are charged or free.
func TestBlockRoundingAndFill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		down, each bool
		want       []string
	}{
		{false, false, []string{"0 period t2: 9 × 1 = 9 → 9 used 25"}},
		{true, false, []string{"0 period t2: 8 × 1 = 8 → 8 used 25"}},
		{false, true, []string{"0 period t1: 2 × 5 = 10 → 10 used 25", "0 period t2: 2 × 1 = 2 → 2 used 0"}},
		{true, true, []string{"0 period t1: 2 × 5 = 10 → 10 used 25", "0 period t2: 1 × 1 = 1 → 1 used 0"}},
	} {
		s := newShop(t, "UTC")
		sku := s.product("blk", books.Block, books.PerCustomer)
		s.b.Products[sku].BlockDown, s.b.Products[sku].BlockEach = c.down, c.each
		s.price(sku, "standard", "*", "..", "20 5 0 10", "- 1 0 3")
		b := s.open(month)
		b.use(sku, "2026-09-02", 0, "x", "25")
		b.end()
		b.want(c.want...)
	}
}

// TestBlockEachWithPackage checks that packages draw before blocks are counted, and that usage and free quantity are on
// the first line.
func TestBlockEachWithPackage(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	sku := s.product("blk", books.Block, books.PerCustomer)
	s.b.Products[sku].BlockEach = true
	s.price(sku, "standard", "*", "..", "20 5 0 10", "- 1 0 3")
	s.pack("p", []int32{sku}, "*", "4", books.ResetNone, "..")
	b := s.open(month)
	b.use(sku, "2026-09-02", 0, "x", "25")
	b.end()
	b.want("0 period t1: 2 × 5 = 10 → 10 used 25 free 4 p:4", "0 period t2: 1 × 1 = 1 → 1 used 0")
}
