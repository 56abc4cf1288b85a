package rating_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// use is one record in a random month.
type use struct {
	sku, region int32
	minute      int
	resource    string
	quantity    money.Quantity
}

// drawShop returns books with every usage model and meter, two versions of each price, packages and discounts.
func drawShop(t testing.TB, rt *rapid.T) *shop {
	s := newShop(t, rapid.SampledFrom([]string{"Asia/Shanghai", "America/Santiago"}).Draw(rt, "zone"))
	s.rules.Grain = tariff.Grain(rapid.IntRange(0, 1).Draw(rt, "grain"))
	s.rules.Mode = rapid.SampledFrom([]money.Mode{money.Truncate, money.HalfUp, money.HalfEven}).Draw(rt, "mode")
	var skus []int32
	for model := books.Flat; model <= books.Stairstep; model++ {
		for meter := books.PerRegion; meter <= books.PerResource; meter++ {
			sku := s.product(fmt.Sprintf("%c%d", 'a'+rune(model), meter), model, meter)
			skus = append(skus, sku)
			for _, valid := range []string{"..2026-09-10", "2026-09-10.."} {
				s.price(sku, "standard", "*", valid, drawTiers(rt, model)...)
			}
		}
	}
	for i, reset := range []books.PackageReset{books.ResetNone, books.ResetCycle, books.ResetAnniversary,
		books.ResetAnniversary} {
		named := slices.DeleteFunc(slices.Clone(skus), func(int32) bool { return rapid.Bool().Draw(rt, "left out") })
		region := rapid.SampledFrom([]string{"*", "north", "south"}).Draw(rt, "region")
		s.pack(fmt.Sprint("p", i), named, region, fmt.Sprint(rapid.IntRange(0, 20).Draw(rt, "quota")), reset,
			fmt.Sprintf("2026-08-%02d..2026-09-%02d", rapid.IntRange(1, 31).Draw(rt, "from"),
				rapid.IntRange(2, 30).Draw(rt, "to")))
	}
	for i := range rapid.IntRange(0, 4).Draw(rt, "discounts") {
		s.discount(fmt.Sprint("d", i), books.DiscountKind(i%2), all, all,
			int32(rapid.IntRange(-1, len(skus)-1).Draw(rt, "sku")),
			rapid.SampledFrom([]string{"0.5", "0.9", "=0.5", "=1.25"}).Draw(rt, "value"), "..")
	}
	return s
}

func drawTiers(rt *rapid.T, model books.Model) []string {
	var tiers []string
	n := 1
	if model != books.Flat {
		n = rapid.IntRange(1, 3).Draw(rt, "tiers")
	}
	upTo := 0
	for i := range n {
		upTo += rapid.IntRange(1, 12).Draw(rt, "step")
		bound := fmt.Sprint(upTo)
		if i == n-1 {
			bound = "-"
		}
		price, fee, block := rapid.SampledFrom([]string{"0", "0.5", "1.25", "0.37"}).Draw(rt, "price"), "0", "0"
		switch model {
		case books.Graduated, books.Volume:
			fee = rapid.SampledFrom([]string{"0", "3"}).Draw(rt, "fee")
		case books.Block:
			block = "4"
		case books.Stairstep:
			price, fee = "0", "7"
		}
		tiers = append(tiers, strings.Join([]string{bound, price, fee, block}, " "))
	}
	return tiers
}

// drawUses returns a month of records in order. Quantities have two decimals, so no line is rounded.
func drawUses(rt *rapid.T, skus int) []use {
	var uses []use
	for range rapid.IntRange(0, 60).Draw(rt, "records") {
		uses = append(uses, use{
			sku:      int32(rapid.IntRange(0, skus-1).Draw(rt, "sku")),
			region:   int32(rapid.IntRange(0, 2).Draw(rt, "region")),
			minute:   rapid.IntRange(0, 30*24*60-61).Draw(rt, "minute"), // 60: the shortest September has one hour less
			resource: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(rt, "resource"),
			quantity: q(rapid.SampledFrom([]string{"0", "0.01", "1", "2.5", "7", "15"}).Draw(rt, "quantity")),
		})
	}
	slices.SortStableFunc(uses, func(a, b use) int { return a.minute - b.minute })
	return uses
}

func (u use) record(s *shop) rating.Record {
	start := s.b.Zone.Bounds(must(period.ParseCycle(month))).From
	return rating.Record{
		SKU: u.sku, Region: u.region, Resource: []byte(u.resource), Name: []byte("name"), Tag: []byte(u.resource),
		Start: start + period.Instant(int64(u.minute)*period.Minute), Quantity: u.quantity,
	}
}

func (b *bill) useAll(uses []use) {
	for _, u := range uses {
		rec := u.record(b.shop)
		if err := b.rater.Usage(&rec, b.n, &b.out); err != nil {
			b.shop.t.Fatal(err)
		}
		b.n++
	}
}

// TestConservation checks that every line adds up, and that the used quantity is the sum of the priced and the drawn
// quantities (§4.2, §6.6). Invariants: RATE-3, RATE-4, LINE-1.
func TestConservation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShop(t, rt)
		uses := drawUses(rt, len(s.b.Products))
		b := s.open(month)
		b.useAll(uses)
		b.end()
		var used, lines, drawn money.QuantityTotal
		for _, u := range uses {
			add(rt, used.Add(u.quantity))
		}
		for i := range b.out.List {
			c := &b.out.List[i]
			add(rt, lines.AddSigned(c.UsageAmount))
			var draws money.QuantityTotal
			for _, d := range b.out.Draws[c.DrawsFrom:c.DrawsTo] {
				add(rt, draws.Add(d.Quantity))
			}
			add(rt, drawn.AddTotal(draws))
			adds(rt, s, c, draws)
		}
		if used != lines {
			rt.Fatalf("used %s, on lines %s", used, lines)
		}
		if most := must(used.Quantity()); must(drawn.Quantity()).Cmp(most) > 0 {
			rt.Fatalf("drawn %s of %s used", drawn, used)
		}
	})
}

func add(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// adds checks the equations of §4.2 for a line.
func adds(t *rapid.T, s *shop, c *table.Charge, draws money.QuantityTotal) {
	sum := must(must(c.Discount.Add(c.Truncated)).Add(c.Payment))
	if sum != c.Official || c.Free != must(draws.Quantity()).Signed() {
		t.Fatalf("official %s, parts %s; free %s, draws %s", c.Official, sum, c.Free, draws)
	}
	model := books.Flat
	if c.Version >= 0 {
		model = s.b.Products[s.b.Versions[c.Version].SKU].Model
	}
	if c.Kind != table.FlatFeeLine && model != books.Block && model != books.Stairstep &&
		must(c.Quantity.Add(c.Free)) != c.UsageAmount {
		t.Fatalf("quantity %s + free %s, used %s", c.Quantity, c.Free, c.UsageAmount)
	}
	if (c.DiscountID < 0) != c.Discount.IsZero() {
		t.Fatalf("discount %d of %s", c.DiscountID, c.Discount)
	}
}

// TestSittings checks that rating a cycle in any number of sittings, with raters that were used before, gives the same
// result as in one. Invariants: RATE-1, RATE-2.
func TestSittings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShop(t, rt)
		uses := drawUses(rt, len(s.b.Products))
		once, parts := s.open(month), s.open(month)
		once.useAll(uses)
		once.end()
		for len(uses) > 0 {
			n := rapid.IntRange(1, len(uses)).Draw(rt, "sitting")
			parts.useAll(uses[:n])
			uses = uses[n:]
			rows := parts.rater.Positions(nil)
			parts.reopen(1, month, nil)
			parts.reopen(0, month, rows)
			if diff := cmp.Diff(rows, parts.rater.Positions(nil), cmp.Comparer(func(a, b money.Quantity) bool {
				return a == b
			})); diff != "" {
				rt.Fatalf("positions opened and closed (-in +out):\n%s", diff)
			}
		}
		parts.end()
		if diff := cmp.Diff(once.positions(), parts.positions()); diff != "" {
			rt.Fatalf("positions in one sitting and many:\n%s", diff)
		}
		if diff := cmp.Diff(once.objs, parts.objs); diff != "" {
			rt.Fatalf("objects in one sitting and many:\n%s", diff)
		}
		if diff := cmp.Diff(once.lines(), parts.lines()); diff != "" {
			rt.Fatalf("lines in one sitting and many:\n%s", diff)
		}
	})
}

// TestCountsAddUp checks that the positions after records are those before, plus what the records alone count, for
// products whose positions add up (AddCounts). Invariant: RATE-2.
func TestCountsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t, "Asia/Shanghai")
		for model := books.Flat; model <= books.Graduated; model++ {
			for meter := books.PerRegion; meter <= books.PerResource; meter++ {
				sku := s.product(fmt.Sprintf("%c%d", 'a'+rune(model), meter), model, meter)
				s.price(sku, "standard", "*", "..", drawTiers(rt, model)...)
			}
		}
		uses := drawUses(rt, len(s.b.Products))
		whole, sum := s.open(month), []table.PositionRow(nil)
		whole.useAll(uses)
		for len(uses) > 0 {
			n := rapid.IntRange(1, len(uses)).Draw(rt, "sitting")
			part := s.open(month)
			part.useAll(uses[:n])
			uses = uses[n:]
			rows := part.rater.Positions(nil)
			if i := slices.IndexFunc(rows, func(r table.PositionRow) bool { return !table.PositionAdds(&r) }); i >= 0 {
				rt.Fatalf("%+v does not add up", rows[i])
			}
			var err error
			if sum, err = table.AddPositionCounts(sum, rows); err != nil {
				rt.Fatal(err)
			}
		}
		if want := whole.rater.Positions(nil); !slices.Equal(sum, want) {
			rt.Fatalf("the sums are %+v, want %+v", sum, want)
		}
	})
}

// TestSplitCostsTheSame checks that at grain cycle a record that is split in two within its tier costs the same. With
// the digits drawn here no line is rounded.
func TestSplitCostsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShop(t, rt)
		s.rules.Grain = tariff.PerCycle
		uses := drawUses(rt, len(s.b.Products))
		var halves []use
		for _, u := range uses {
			part := must(u.quantity.Sub(u.quantity.Min(q("0.01"))))
			rest := must(u.quantity.Sub(part))
			first, second := u, u
			first.quantity, second.quantity = part, rest
			halves = append(halves, first, second)
		}
		if whole, split := s.total(uses), s.total(halves); whole != split {
			rt.Fatalf("whole %s, split %s", whole, split)
		}
	})
}

// total returns the cost of a month's records.
func (s *shop) total(uses []use) string {
	b := s.open(month)
	b.useAll(uses)
	b.end()
	var official, payment money.AmountTotal
	for i := range b.out.List {
		if err := official.Add(b.out.List[i].Official); err != nil {
			s.t.Fatal(err)
		}
		if err := payment.Add(b.out.List[i].Payment); err != nil {
			s.t.Fatal(err)
		}
	}
	return official.String() + " " + payment.String()
}

// TestTraceChangesNothing checks that tracing does not change the result. Invariants: RATE-8, DERIV-1.
func TestTraceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShop(t, rt)
		uses := drawUses(rt, len(s.b.Products))
		plain, watched := s.open(month), s.open(month)
		plain.useAll(uses)
		plain.end()
		watched.rater.Trace = func(step tariff.DerivationStep) {
			if step.String() == "" {
				rt.Fatal("a step without words")
			}
		}
		watched.reopen(0, month, nil)
		watched.useAll(uses)
		watched.end()
		if diff := cmp.Diff(plain.lines(), watched.lines()); diff != "" {
			rt.Fatalf("lines unwatched and watched:\n%s", diff)
		}
	})
}
