package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
)

func TestPackageOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	api := s.product("api", books.Flat, books.PerRegion)
	cdn := s.product("cdn", books.Graduated, books.PerRegion)
	s.price(api, "standard", "*", "..", "- 1")
	s.price(cdn, "standard", "*", "..", "5 2", "- 1")
	s.pack("a", []int32{api, cdn}, "*", "4", books.ResetNone, "2026-01-01..2027-01-01")
	s.pack("b", []int32{api}, "south", "3", books.ResetNone, "2026-01-01..2026-10-01")
	s.pack("c", []int32{api}, "*", "2", books.ResetNone, "2026-01-01..2026-10-01")
	s.pack("d", []int32{api, cdn}, "*", "100", books.ResetNone, "2026-09-20..")
	b := s.open(month)
	b.use(api, "2026-09-01", 0, "x", "1")  // c ends before a; b does not cover north
	b.use(api, "2026-09-02", 1, "x", "6")  // b before c by id, then a
	b.use(cdn, "2026-09-03", 0, "x", "10") // the rest of a
	b.use(cdn, "2026-09-19 23:59", 0, "x", "1")
	b.use(cdn, "2026-09-20", 0, "x", "1")
	b.use(cdn, "2026-09-21", 0, "x", "0")
	b.want("0 usage t1: 0 × 1 = 0 → 0 used 1 free 1 c:1", "1 usage t1: 0 × 1 = 0 → 0 used 6 free 6 b:3 c:1 a:2",
		"2 usage t1: 5 × 2 = 10 → 10 used 7 free 2 a:2", "2 usage t2: 3 × 1 = 3 → 3", "3 usage t2: 1 × 1 = 1 → 1",
		"4 usage t2: 0 × 1 = 0 → 0 used 1 free 1 d:1", "5 usage t2: 0 × 1 = 0 → 0")
	b.wantPositions("meter cdn/north: 9", "package a: 0 since 2025-12-31T16:00:00Z",
		"package b: 0 since 2025-12-31T16:00:00Z", "package c: 0 since 2025-12-31T16:00:00Z",
		"package d: 99 since 2026-09-19T16:00:00Z")
}

// TestPackageAtAnUpTo checks that the line of a record that a package covers completely has the tier of the next unit.
func TestPackageAtAnUpTo(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	cdn := s.product("cdn", books.Graduated, books.PerRegion)
	s.price(cdn, "standard", "*", "..", "5 2", "- 1 9")
	s.pack("a", []int32{cdn}, "*", "4", books.ResetCycle, "2026-09-02..")
	b := s.open(month)
	b.use(cdn, "2026-09-01", 0, "x", "5")
	b.use(cdn, "2026-09-02", 0, "x", "4")
	b.use(cdn, "2026-09-03", 0, "x", "1")
	b.want("0 usage t1: 5 × 2 = 10 → 10", "1 usage t2: 0 × 1 = 0 → 0 used 4 free 4 a:4", "2 usage t2: 1 × 1 = 1 → 1",
		"2 flat_fee t2: 1 × 9 = 9 → 9 used 0")
}

// TestPackageResets checks three packages with different refills, in two cycles that are opened with the positions of
// the previous one.
func TestPackageResets(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	a := s.product("a", books.Flat, books.PerRegion)
	c := s.product("c", books.Flat, books.PerRegion)
	n := s.product("n", books.Flat, books.PerRegion)
	for _, sku := range []int32{a, c, n} {
		s.price(sku, "standard", "*", "..", "- 1")
	}
	s.pack("anniversary", []int32{a}, "*", "10", books.ResetAnniversary, "2026-08-15..")
	s.pack("cycle", []int32{c}, "*", "10", books.ResetCycle, "2026-08-15..")
	s.pack("never", []int32{n}, "*", "10", books.ResetNone, "2026-08-15..")
	b := s.open(month)
	for _, day := range []string{"2026-09-14 23:59", "2026-09-15", "2026-09-30"} {
		for _, sku := range []int32{a, c, n} {
			b.use(sku, day, 0, "x", "7")
		}
	}
	b.want(
		"0 usage t1: 0 × 1 = 0 → 0 used 7 free 7 anniversary:7",
		"1 usage t1: 0 × 1 = 0 → 0 used 7 free 7 cycle:7",
		"2 usage t1: 0 × 1 = 0 → 0 used 7 free 7 never:7",
		"3 usage t1: 0 × 1 = 0 → 0 used 7 free 7 anniversary:7",
		"4 usage t1: 4 × 1 = 4 → 4 used 7 free 3 cycle:3",
		"5 usage t1: 4 × 1 = 4 → 4 used 7 free 3 never:3",
		"6 usage t1: 4 × 1 = 4 → 4 used 7 free 3 anniversary:3",
		"7 usage t1: 7 × 1 = 7 → 7",
		"8 usage t1: 7 × 1 = 7 → 7",
	)
	rows := rating.NextCycle(b.book, nil, b.rater.Positions(nil), 0, s.b.Zone.Cycle(s.at("2026-10-01")))
	b.reopen(0, "2026-10", rows)
	b.wantPositions("package anniversary: 0 since 2026-09-14T16:00:00Z", "package never: 0 since 2026-08-14T16:00:00Z")
	for _, day := range []string{"2026-10-01", "2026-10-15"} {
		for _, sku := range []int32{a, c, n} {
			b.use(sku, day, 0, "x", "7")
		}
	}
	b.want("9 usage t1: 7 × 1 = 7 → 7", "10 usage t1: 0 × 1 = 0 → 0 used 7 free 7 cycle:7",
		"11 usage t1: 7 × 1 = 7 → 7", "12 usage t1: 0 × 1 = 0 → 0 used 7 free 7 anniversary:7",
		"13 usage t1: 4 × 1 = 4 → 4 used 7 free 3 cycle:3", "14 usage t1: 7 × 1 = 7 → 7")
}

// TestAnniversaryClampsAndKeepsLocalTime checks that an anniversary on the 31st moves to the last day of shorter months
// and back to the 31st after them. The time of day is local, whatever the offset.
func TestAnniversaryClampsAndKeepsLocalTime(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Europe/Berlin")
	a := s.product("a", books.Flat, books.PerRegion)
	s.price(a, "standard", "*", "..", "- 1")
	s.pack("p", []int32{a}, "*", "1", books.ResetAnniversary, "2026-01-31T12:00:00+01:00..")
	for _, c := range []struct{ cycle, when, since string }{
		{"2026-02", "2026-02-28 11:59", "2026-01-31T11:00:00Z"},
		{"2026-02", "2026-02-28 12:00", "2026-02-28T11:00:00Z"},
		{"2026-03", "2026-03-31T09:59:59Z", "2026-02-28T11:00:00Z"},
		{"2026-03", "2026-03-31T10:00:00Z", "2026-03-31T10:00:00Z"}, // summer time
		{"2026-04", "2026-04-30T10:00:00Z", "2026-04-30T10:00:00Z"},
		{"2026-10", "2026-10-31T11:00:00Z", "2026-10-31T11:00:00Z"}, // winter time
		{"2028-02", "2028-02-29T11:00:00Z", "2028-02-29T11:00:00Z"},
	} {
		b := s.open(c.cycle)
		b.use(a, c.when, 0, "x", "1")
		b.wantPositions("package p: 0 since " + c.since)
	}
}

// TestPackageRowsAreSeparateQuotas checks that two rows with the same package_id are separate quotas.
func TestPackageRowsAreSeparateQuotas(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	a := s.product("a", books.Flat, books.PerRegion)
	s.price(a, "standard", "*", "..", "- 1")
	s.pack("p", []int32{a}, "*", "5", books.ResetCycle, "2026-09-01..2026-09-10")
	s.pack("p", []int32{a}, "*", "6", books.ResetCycle, "2026-09-10..")
	b := s.open(month)
	b.use(a, "2026-09-01", 0, "x", "4")
	b.use(a, "2026-09-10", 0, "x", "4")
	rows := b.rater.Positions(nil)
	b.reopen(0, month, rows)
	b.use(a, "2026-09-11", 0, "x", "4")
	b.want("0 usage t1: 0 × 1 = 0 → 0 used 4 free 4 p:4", "1 usage t1: 0 × 1 = 0 → 0 used 4 free 4 p:4",
		"2 usage t1: 2 × 1 = 2 → 2 used 4 free 2 p:2")
	b.wantPositions("package p: 1 since 2026-08-31T16:00:00Z", "package p: 0 since 2026-09-09T16:00:00Z")
}
