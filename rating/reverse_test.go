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
	"github.com/tollbook/tollbook/schemas/table"
)

// takeBack reverses a record. draws are `package index:quantity`.
func (b *bill) takeBack(sku int32, when string, region int32, resource, quantity string, draws ...string) {
	b.shop.t.Helper()
	if err := b.tryTakeBack(sku, when, region, resource, quantity, draws...); err != nil {
		b.shop.t.Fatal(err)
	}
}

func (b *bill) tryTakeBack(sku int32, when string, region int32, resource, quantity string, draws ...string) error {
	b.shop.t.Helper()
	at := b.shop.at(when)
	rec := rating.Record{SKU: sku, Region: region, Resource: []byte(resource), ID: []byte("old"), Start: at, End: at,
		Quantity: q(quantity)}
	var total money.Quantity
	var list []table.PackageDraw
	for _, text := range draws {
		var pack int32
		var part string
		if _, err := fmt.Sscanf(strings.Replace(text, ":", " ", 1), "%d %s", &pack, &part); err != nil {
			b.shop.t.Fatal(err)
		}
		total = must(total.Add(q(part)))
		if pack >= 0 { // -1: the package is no longer in the books
			list = append(list, table.PackageDraw{Package: pack, Quantity: q(part)})
		}
	}
	b.n++
	return b.rater.Reverse(&rec, total, list, b.n-1, &b.out)
}

// TestReverseFlat checks that a flat record is reversed at the price and with the discount of its own time, and with
// the same rounding.
func TestReverseFlat(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	vm := s.product("vm", books.Flat, books.PerRegion)
	s.price(vm, "standard", "*", "..2026-09-10", "- 0.333")
	s.price(vm, "standard", "*", "2026-09-10..", "- 9")
	s.discount("half", books.Commercial, all, all, all, "0.5", "..2026-09-10")
	b := s.open(month)
	b.use(vm, "2026-09-05", 0, "x", "5")
	b.takeBack(vm, "2026-09-05", 0, "x", "5")
	b.takeBack(vm, "2026-09-05", 0, "x", "0")
	b.want("0 usage t1: 5 × 0.333 = 1.665 − 0.8325 half − 0.0025 → 0.83",
		"1 usage t1: -5 × 0.333 = -1.665 − -0.8325 half − -0.0025 → -0.83", "2 usage t1: 0 × 0.333 = 0 → 0")
	b.wantPositions()
}

// TestReverseGraduated checks that a graduated record is reversed from the last range of the meter, by the version at
// its own usage_start, with the fee of each tier that starts in that range.
func TestReverseGraduated(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	api := s.product("api", books.Graduated, books.PerRegion)
	s.price(api, "standard", "*", "..2026-09-10", "10 1 5", "20 0.5 7", "- 0.25 9")
	s.price(api, "standard", "*", "2026-09-10..", "15 2", "- 1 4")
	b := s.open(month)
	b.use(api, "2026-09-01", 0, "x", "4")  // (0, 4]
	b.use(api, "2026-09-02", 0, "x", "18") // (4, 22]
	b.lines()
	b.takeBack(api, "2026-09-01", 0, "x", "4") // (18, 22], not (0, 4]
	b.want("2 usage t2: -2 × 0.5 = -1 → -1", "2 usage t3: -2 × 0.25 = -0.5 → -0.5",
		"2 flat_fee t3: -1 × 9 = -9 → -9 used 0")
	b.wantPositions("meter api/north: 18")
	b.takeBack(api, "2026-09-10", 0, "x", "5") // with the version of its own time: (13, 18]
	b.want("3 usage t1: -2 × 2 = -4 → -4", "3 usage t2: -3 × 1 = -3 → -3", "3 flat_fee t2: -1 × 4 = -4 → -4 used 0")
	b.use(api, "2026-09-01", 0, "x", "6") // its replacement: (13, 19]
	b.want("4 usage t2: 6 × 0.5 = 3 → 3")
	b.wantPositions("meter api/north: 19")
}

// TestReverseAtAnUpTo checks that the fee of a tier is refunded with the record that reaches its first unit, as Usage
// charges it: a range that ends at an up_to does not refund the next tier's fee, one that starts there does.
func TestReverseAtAnUpTo(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	api := s.product("api", books.Graduated, books.PerRegion)
	s.price(api, "standard", "*", "..", "10 1 5", "- 0.5 7")
	b := s.open(month)
	b.use(api, "2026-09-01", 0, "x", "10")
	b.use(api, "2026-09-02", 0, "x", "3")
	b.want("0 usage t1: 10 × 1 = 10 → 10", "0 flat_fee t1: 1 × 5 = 5 → 5 used 0", "1 usage t2: 3 × 0.5 = 1.5 → 1.5",
		"1 flat_fee t2: 1 × 7 = 7 → 7 used 0")
	b.takeBack(api, "2026-09-02", 0, "x", "3")
	b.takeBack(api, "2026-09-03", 0, "x", "0")
	b.takeBack(api, "2026-09-01", 0, "x", "10")
	b.want("2 usage t2: -3 × 0.5 = -1.5 → -1.5", "2 flat_fee t2: -1 × 7 = -7 → -7 used 0",
		"3 usage t2: 0 × 0.5 = 0 → 0", "4 usage t1: -10 × 1 = -10 → -10", "4 flat_fee t1: -1 × 5 = -5 → -5 used 0")
	b.wantPositions()
}

// TestReverseDraws checks that the draws of a reversed record are returned before the next record draws, and that they
// are on the first line of the reversal.
func TestReverseDraws(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	api := s.product("api", books.Graduated, books.PerRegion)
	vm := s.product("vm", books.Flat, books.PerRegion)
	s.price(api, "standard", "*", "..", "3 2", "- 1")
	s.price(vm, "standard", "*", "..", "- 10")
	s.pack("a", []int32{api, vm}, "*", "4", books.ResetNone, "2026-01-01..2026-12-01")
	s.pack("b", []int32{api}, "*", "2", books.ResetCycle, "2026-09-01..")
	b := s.open(month)
	b.use(api, "2026-09-02", 0, "x", "11")
	b.want("0 usage t1: 3 × 2 = 6 → 6 used 9 free 6 a:4 b:2", "0 usage t2: 2 × 1 = 2 → 2")
	b.reopen(0, month, b.rater.Positions(nil))
	b.takeBack(api, "2026-09-02", 0, "x", "11", "0:4", "1:2")
	b.wantPositions("package a: 4 since 2026-01-01T00:00:00Z", "package b: 2 since 2026-09-01T00:00:00Z")
	b.use(vm, "2026-09-02", 0, "x", "1")
	b.use(api, "2026-09-02", 0, "x", "6")
	b.want("1 usage t1: -3 × 2 = -6 → -6 used -9 free -6 a:4 b:2", "1 usage t2: -2 × 1 = -2 → -2",
		"2 usage t1: 0 × 10 = 0 → 0 used 1 free 1 a:1", "3 usage t1: 1 × 2 = 2 → 2 used 6 free 5 a:3 b:2")
	b.takeBack(vm, "2026-09-02", 0, "x", "1", "0:1") // the record was completely free
	b.want("4 usage t1: 0 × 10 = 0 → 0 used -1 free -1 a:1")
	b.wantPositions("meter api/north: 1", "package a: 1 since 2026-01-01T00:00:00Z",
		"package b: 0 since 2026-09-01T00:00:00Z")
}

// TestReverseDrawOfAnEarlierFilling checks that draws from a quota period that is over are available to the record that
// replaces the reversed one, but not after the sitting.
func TestReverseDrawOfAnEarlierFilling(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	vm := s.product("vm", books.Flat, books.PerRegion)
	s.price(vm, "standard", "*", "..", "- 10")
	s.pack("a", []int32{vm}, "*", "8", books.ResetAnniversary, "2026-08-15..")
	b := s.open(month)
	b.use(vm, "2026-09-14", 0, "x", "8")
	b.use(vm, "2026-09-15", 0, "x", "5")
	b.lines()
	b.reopen(0, month, b.rater.Positions(nil))
	b.use(vm, "2026-09-14", 0, "x", "1") // a late record: its quota period is no longer known
	b.takeBack(vm, "2026-09-14", 0, "x", "8", "0:8")
	b.use(vm, "2026-09-14", 0, "x", "3")
	b.use(vm, "2026-09-14", 0, "x", "6")
	b.use(vm, "2026-09-16", 0, "x", "4")
	b.want("2 usage t1: 1 × 10 = 10 → 10", "3 usage t1: 0 × 10 = 0 → 0 used -8 free -8 a:8",
		"4 usage t1: 0 × 10 = 0 → 0 used 3 free 3 a:3", "5 usage t1: 1 × 10 = 10 → 10 used 6 free 5 a:5",
		"6 usage t1: 1 × 10 = 10 → 10 used 4 free 3 a:3")
	b.wantPositions("package a: 0 since 2026-09-15T00:00:00Z")
}

// TestReverseDrawOfNothing checks that returning a draw changes no quota if the package is full, or not in the books at
// that time.
func TestReverseDrawOfNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	vm := s.product("vm", books.Flat, books.PerRegion)
	s.price(vm, "standard", "*", "..", "- 10")
	s.pack("a", []int32{vm}, "*", "8", books.ResetNone, "2026-08-15..2026-09-10")
	b := s.open(month)
	b.takeBack(vm, "2026-09-09", 0, "x", "8", "0:8")
	b.takeBack(vm, "2026-09-10", 0, "x", "8", "0:7")
	b.takeBack(vm, "2026-09-10", 0, "x", "8", "-1:6")
	b.want("0 usage t1: 0 × 10 = 0 → 0 used -8 free -8 a:8", "1 usage t1: -1 × 10 = -10 → -10 used -8 free -7 a:7",
		"2 usage t1: -2 × 10 = -20 → -20 used -8 free -6")
	b.wantPositions()
}

// TestReversePeriodLevel checks that a reversal in a period-level model has no line, and that the quantity that is
// priced at the end of the cycle decreases.
func TestReversePeriodLevel(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	blk := s.product("blk", books.Block, books.PerRegion)
	vol := s.product("vol", books.Volume, books.PerCustomer)
	s.price(blk, "standard", "*", "..", "- 5 0 4")
	s.price(vol, "standard", "*", "..", "10 2", "- 1")
	s.pack("a", []int32{vol}, "*", "3", books.ResetNone, "..")
	b := s.open(month)
	b.use(blk, "2026-09-02", 0, "x", "9")
	b.use(blk, "2026-09-03", 0, "x", "4")
	b.use(vol, "2026-09-02", 0, "x", "11") // 3 of them are free
	b.use(vol, "2026-09-03", 1, "y", "4")
	b.end()
	b.want("0 period t1: 4 × 5 = 20 → 20 used 13", "1 period t2: 8 × 1 = 8 → 8 used 11 free 3 a:3",
		"2 period t2: 4 × 1 = 4 → 4")
	b.reopen(0, month, b.rater.Positions(nil))
	b.takeBack(blk, "2026-09-02", 0, "x", "9")
	b.takeBack(vol, "2026-09-03", 1, "y", "4")
	b.want()
	b.end()
	b.want("0 period t1: 1 × 5 = 5 → 5 used 4", "1 period t1: 8 × 2 = 16 → 16 used 11 free 3 a:3")
	b.takeBack(vol, "2026-09-02", 0, "x", "11", "0:3")
	b.use(vol, "2026-09-02", 0, "x", "2")
	b.end()
	b.want("0 period t1: 1 × 5 = 5 → 5 used 4", "1 period t1: 0 × 2 = 0 → 0 used 2 free 2 a:2")
}

func TestReverseErrors(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	api := s.product("api", books.Graduated, books.PerRegion)
	vm := s.product("vm", books.Flat, books.PerRegion)
	vol := s.product("vol", books.Volume, books.PerCustomer)
	vps := s.product("vps", books.Subscription, books.PerRegion)
	s.price(api, "standard", "*", "..", "3 2", "- 1")
	s.price(vm, "standard", "north", "..", "- 10")
	s.price(vol, "standard", "*", "..", "- 10")
	s.pack("a", []int32{vol}, "*", "8", books.ResetNone, "..2026-09-10")
	for _, c := range []struct {
		name           string
		sku, region    int32
		quantity, draw string
		want           string
	}{
		{"more drawn than used", vm, 0, "1", "0:2",
			"reverse: rate record old of customer ann, sku vm: its draw: quantity 1.0000000000 − 2.0000000000: "},
		{"more than the meter counted", api, 0, "6", "0:0",
			"reverse: rate record old of customer ann, sku api: meter: quantity 5.0000000000 − 6.0000000000: "},
		{"no price", vm, 1, "1", "0:0",
			"reverse: rate record old of customer ann, sku vm: no price in region south at 2026-09-02T00:00:00Z"},
		{"a resource that was not counted", vol, 0, "1", "0:0",
			`reverse: rate record old of customer ann, sku vol: no quantity of resource "x" was counted`},
		{"not usage", vps, 0, "1", "0:0",
			"reverse: rate record old of customer ann, sku vps: its model takes no usage"},
	} {
		b := s.open(month)
		b.use(api, "2026-09-02", 0, "x", "5")
		err := b.tryTakeBack(c.sku, "2026-09-02", c.region, "x", c.quantity, c.draw)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
	b := s.open(month)
	b.use(vol, "2026-09-11", 0, "x", "5")
	err := b.tryTakeBack(vol, "2026-09-11", 0, "x", "5", "0:1")
	if err == nil || !strings.Contains(err.Error(), "sku vol: its draw: quantity 0.0000000000 − 1.0000000000: ") {
		t.Errorf("a draw that was not counted: %v", err)
	}
	rec := rating.Record{SKU: vm, Start: s.at("2026-09-02"), Quantity: q("5")}
	err = b.rater.Reverse(&rec, q("1"), []table.PackageDraw{{Package: 0, Quantity: q("2")}}, 0, &b.out)
	if err == nil ||
		!strings.HasPrefix(err.Error(), "reverse: rate record  of customer ann, sku vm: draws of more than 1: ") {
		t.Errorf("draws above the draw: %v", err)
	}
}

func TestReverseTrace(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	cdn := s.product("cdn", books.Graduated, books.PerRegion)
	s.price(cdn, "standard", "*", "..", "10 0.5", "- 0.25 3")
	s.pack("p", []int32{cdn}, "*", "2", books.ResetCycle, "2026-01-01..")
	b := s.open(month)
	b.use(cdn, "2026-09-02", 0, "x", "13")
	var steps []string
	b.rater.Trace = func(step tariff.DerivationStep) { steps = append(steps, step.String()) }
	b.reopen(0, month, b.rater.Positions(nil))
	b.takeBack(cdn, "2026-09-02", 0, "x", "13", "0:2")
	b.reopen(0, month, []table.PositionRow{{Kind: table.MeterPosition, Key: "cdn", Scope: "north", Count: q("1")}})
	b.takeBack(cdn, "2026-09-02", 0, "x", "1", "0:1")
	want := []string{
		"package p, quota period 2026-09-01T00:00:00Z to 2026-10-01T00:00:00Z: 0 left, 2 returned, 2 left after",
		"price list standard, region *: price of cdn in force always",
		"meter cdn/north: 11 − 11 = 0 GB",
		"tier 1 (above 0 up to 10): -10 at 0.5",
		"official -10 × 0.5 = -5; to pay -5",
		"tier 2 (above 10): -1 at 0.25",
		"official -1 × 0.25 = -0.25; to pay -0.25",
		"tier 2 begins at 10, which is reversed: flat fee -3",
		"official -1 × 3 = -3; to pay -3",
		"package p, quota period 2026-09-01T00:00:00Z to 2026-10-01T00:00:00Z: no draw is known of, the 1 given back " +
			"change nothing",
	}
	if diff := cmp.Diff(want, steps[:min(len(steps), len(want))]); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestReverseUndoesTheLast checks that the reversal of a customer's last record restores everything: it negates each of
// its lines, and meters, packages and the end of the cycle are as before. Invariant: RATE-9.
func TestReverseUndoesTheLast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawShop(t, rt)
		uses := drawUses(rt, len(s.b.Products))
		if len(uses) == 0 {
			return
		}
		b := s.open(month)
		b.useAll(uses[:len(uses)-1])
		b.lines()
		opening, beforeEnd := b.rater.Positions(nil), b.endLines()
		var draws []table.PackageDraw
		b.rater.Trace = func(step tariff.DerivationStep) {
			if step.Kind == tariff.StepDraw {
				pack := slices.IndexFunc(s.b.Packages, func(p books.Package) bool { return p.ID == step.Package })
				draws = append(draws, table.PackageDraw{Package: int32(pack), Quantity: step.Quantity})
			}
		}
		b.reopen(0, month, b.rater.Positions(nil))
		last := uses[len(uses)-1:]
		b.useAll(last)
		forward := b.lines()
		var total money.Quantity
		for _, d := range draws {
			total = must(total.Add(d.Quantity))
		}
		rec := last[0].record(s)
		if err := b.rater.Reverse(&rec, total, draws, 0, &b.out); err != nil {
			rt.Fatal(err)
		}
		for i := range b.out.List {
			ch := &b.out.List[i]
			ch.UsageAmount, ch.Free, ch.Quantity = ch.UsageAmount.Neg(), ch.Free.Neg(), ch.Quantity.Neg()
			ch.Official, ch.Discount, ch.Truncated, ch.Payment = ch.Official.Neg(), ch.Discount.Neg(),
				ch.Truncated.Neg(), ch.Payment.Neg()
			ch.Record = b.n - 1
		}
		if diff := cmp.Diff(forward, b.lines()); diff != "" {
			rt.Fatalf("lines and their reversal, negative:\n%s", diff)
		}
		closing := b.rater.Positions(nil)
		if diff := cmp.Diff(s.standing(opening, closing), s.standing(closing, closing)); diff != "" {
			rt.Fatalf("positions before and after:\n%s", diff)
		}
		if diff := cmp.Diff(beforeEnd, b.endLines()); diff != "" {
			rt.Fatalf("the cycle's end before and after:\n%s", diff)
		}
	})
}

// standing returns the positions that have an effect. It leaves out full packages, rows without usage, and the rest of
// quota periods that are over at the closing positions.
func (s *shop) standing(rows, closing []table.PositionRow) []string {
	var lines []string
	for _, p := range rows {
		full := slices.ContainsFunc(s.b.Packages, func(pack books.Package) bool {
			return pack.ID == p.Key && pack.Quota == p.Count
		})
		over := slices.ContainsFunc(closing, func(c table.PositionRow) bool {
			return c.Kind == p.Kind && c.Key == p.Key && c.At > p.At
		})
		if p.Kind == table.PackagePosition && (full || over) || p.Kind == table.GatherPosition && p.Usage.IsZero() {
			continue
		}
		lines = append(lines, showPosition(p))
	}
	return lines
}

// endLines returns the lines that the end of the cycle would have now.
func (b *bill) endLines() []string {
	kept := b.out
	b.out = table.LineCharges{}
	b.end()
	lines := b.lines()
	b.out = kept
	return lines
}
