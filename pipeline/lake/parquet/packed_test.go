package parquet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/table"
)

func TestPackedGivesTheRowsThatWerePacked(t *testing.T) {
	t.Parallel()
	def := definition()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		c := sorted(def, r, rapid.IntRange(1, 9).Draw(t, "customers"), rapid.IntRange(0, 20).Draw(t, "most"))
		all := table.List[table.Any]{0, 1, 2, 3, 4, 5, 6, 7}
		from := r.IntN(c.N + 1)
		to := from + r.IntN(c.N-from+1)
		got := NewColumns(table.Untyped(def))
		p := Pack(c, all)
		p.Append(got, all, from, to)
		p.Append(got, all, 0, c.N) // append to a batch that already has rows
		if !sameRows(part(got, 0, to-from), part(c, from, to)) || !sameRows(part(got, to-from, got.N), c) {
			t.Fatalf("rows %d to %d of %d differ", from, to, c.N)
		}
	})
}

// TestPackedDecimals tests the limits of 128 bits and the boundaries of each byte.
func TestPackedDecimals(t *testing.T) {
	t.Parallel()
	def := definition()
	want := []Dec{{0, 0}, {-1, math.MaxUint64}, {math.MaxInt64, math.MaxUint64}, {math.MinInt64, 0},
		{0, math.MaxUint64}, {-1, 0}, {1, 0}, {math.MinInt64, 1}}
	for shift := range 64 {
		want = append(want, Dec{0, 1 << shift}, Dec{0, 1<<shift - 1}, Dec{1 << shift, 0}, Dec{-1, -(1 << shift)})
	}
	c := NewColumns(table.Untyped(def))
	for _, d := range want {
		c.c[4].AddDec(d.Hi, d.Lo)
		c.N++
	}
	got := NewColumns(table.Untyped(def))
	p := Pack(c, table.List[table.Any]{4})
	p.Append(got, table.List[table.Any]{4}, 0, len(want))
	if !slices.Equal(got.c[4].Decs, want) {
		t.Errorf("%v, want %v", got.c[4].Decs, want)
	}
	if def.Columns[4].Type != table.Amount && def.Columns[4].Type != table.Quantity {
		t.Error("column 4 of the definition is no decimal")
	}
	one := NewColumns(table.Untyped(def))
	one.c[4].AddDec(0, 5)
	one.N = 1
	if w := Pack(one, table.List[table.Any]{4}).Weight(); w != 48+3 {
		t.Errorf("5 takes %d bytes, want 3: how, how long, and the digit", w-48)
	}
}
