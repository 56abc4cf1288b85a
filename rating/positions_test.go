package rating_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.product("api", books.Graduated, books.PerRegion)
	s.product("vol", books.Volume, books.PerRegion)
	b := s.open(month)
	for _, c := range []struct {
		name string
		rows []table.PositionRow
		want string
	}{
		{"a meter twice", []table.PositionRow{
			{Kind: table.MeterPosition, Key: "api", Scope: "north", Count: q("1")},
			{Kind: table.MeterPosition, Key: "api", Scope: "north", Count: q("2")},
		}, "open customer ann in 2026-09: meter position of api: given twice"},
		{"a resource twice", []table.PositionRow{
			{Kind: table.GatherPosition, Key: "vol", Scope: "north", Resource: "x", Count: q("1")},
			{Kind: table.GatherPosition, Key: "vol", Scope: "north", Resource: "x", Count: q("1")},
		}, `open customer ann in 2026-09: gathered position of vol: resource "x" given twice`},
	} {
		err := b.rater.Open(0, must(period.ParseCycle(month)), c.rows)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

// TestPositionsKeepWhatTheyDoNotKnow checks that positions that are no longer in the books, and those of unknown kinds,
// are kept.
func TestPositionsKeepWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.product("api", books.Flat, books.PerRegion)
	b := s.open(month)
	rows := []table.PositionRow{
		{Kind: table.MeterPosition, Key: "api", Scope: "north", Count: q("1")}, // the product is now flat
		{Kind: table.MeterPosition, Key: "gone", Scope: "north", Count: q("1")},
		{Kind: table.PackagePosition, Key: "gone", Count: q("1"), At: 5},
		{Kind: 200, Key: "new"},
	}
	b.reopen(0, month, rows)
	if got := b.rater.Positions(nil); !slices.Equal(got, rows) {
		t.Errorf("positions %v, want %v", got, rows)
	}
	if got := rating.NextCycle(b.book, nil, rows, 0, must(period.ParseCycle("2026-10"))); len(got) != 0 {
		t.Errorf("next cycle opens with %v", got)
	}
}

// FuzzOpenDraws checks that draws in the text of a position are read back unchanged or refused.
func FuzzOpenDraws(f *testing.F) {
	for _, seed := range []string{"", "p:1", "p:1;q:2.5", "q:2;p:1", "p:1;p:2", "x:1", "p", "p:", "p:-1", ";", "p:1;",
		"a:b:3"} {
		f.Add(seed)
	}
	s := newShop(f, "Asia/Shanghai")
	sku := s.product("blk", books.Block, books.PerRegion)
	s.price(sku, "standard", "*", "..", "- 1 0 1")
	for _, id := range []string{"a:b", "p", "q"} {
		s.pack(id, []int32{sku}, "*", "100", books.ResetCycle, "..")
	}
	book := s.compile()
	f.Fuzz(func(t *testing.T, draws string) {
		here := *s
		here.t = t
		b := &bill{shop: &here, book: book, rater: rating.NewRater(book, func(i int32) string { return regions[i] })}
		rows := []table.PositionRow{{Kind: table.GatherPosition, Key: "blk", Scope: "north", Region: "north",
			Count: q("1"),
			Usage: q("1"), Draws: draws}}
		b.reopen(0, month, rows)
		if diff := cmp.Diff(draws, b.rater.Positions(nil)[0].Draws); diff != "" {
			t.Fatal(diff)
		}
		var objs []rating.Object
		if b.rater.CycleEnd(&b.out, &objs) != nil {
			return
		}
		read := b.rater.Positions(nil)
		b.reopen(0, month, read)
		b.out.Reset()
		if err := b.rater.CycleEnd(&b.out, &objs); err != nil {
			t.Fatalf("%q read and written as %q: %v", draws, read[0].Draws, err)
		}
		if again := b.rater.Positions(nil)[0].Draws; again != read[0].Draws {
			t.Fatalf("%q, then %q", read[0].Draws, again)
		}
	})
}
