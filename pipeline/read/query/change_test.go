package query

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
)

// comparison returns a row of compared, with whole amounts and quantities.
func comparison(t testing.TB, keys string, sums ...int64) AnswerRow {
	t.Helper()
	r := AnswerRow{Keys: strings.Split(keys, "/")}
	for i, n := range sums {
		scale := []int{money.AmountScale, money.AmountScale, money.QuantityScale, money.QuantityScale, 0, 0}[i]
		total, err := money.NewTotal(scale)
		if err != nil {
			t.Fatal(err)
		}
		v := new(big.Int).Mul(big.NewInt(n), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		hi := new(big.Int).Rsh(v, 64)
		if err := total.Add(hi.Int64(), new(big.Int).Sub(v, new(big.Int).Lsh(hi, 64)).Uint64()); err != nil {
			t.Fatal(err)
		}
		r.Sums = append(r.Sums, total)
	}
	return r
}

// TestCauses checks each cause with figures calculated by hand. For example, 3 units cost 30 and 4 units cost 50: one
// unit cost 10, so volume is 10 of the difference of 20, and price is the rest.
func TestCauses(t *testing.T) {
	t.Parallel()
	rows, err := causes([]AnswerRow{
		comparison(t, "/both/ecs/vm", 30, 50, 3, 4, 1, 1),
		comparison(t, "/both/ecs/old", 7, 0, 1, 0, 1, 0),
		comparison(t, "/both/ecs/new", 0, 8, 0, 1, 0, 1),
		comparison(t, "/both/ecs/fee", 5, 9, 0, 0, 1, 1),
		comparison(t, "/both/ecs/same", 5, 5, 1, 1, 1, 1),
		comparison(t, "/both/ecs/free", 0, 0, 1, 2, 1, 1),
		comparison(t, "/gone/ecs/vm", 4, 0, 1, 0, 1, 0),
		comparison(t, "correction/gone/ecs/vm", 0, -2, 0, 0, 0, 1),
		comparison(t, "/come/ecs/vm", 0, 3, 0, 1, 0, 1),
	}, lake.Cycle{})
	if err != nil {
		t.Fatal(err)
	}
	want := `volume/both/ecs/vm 30 40 10
price/both/ecs/vm 0 10 10
lost_product/both/ecs/old 7 0 -7
new_product/both/ecs/new 0 8 8
volume/both/ecs/fee 5 5 0
price/both/ecs/fee 0 4 4
volume/both/ecs/same 5 5 0
lost_customer/gone/ecs/vm 4 0 -4
correction/gone/ecs/vm 0 -2 -2
new_customer/come/ecs/vm 0 3 3`
	if got := changesOf(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestCausesWithinLimits checks that new products and customers are determined by all lines of both cycles, regardless
// of limits. Within --service obs, old had only compute before: its 3 are a new product, not a new customer. Within a
// tag, tag had the product before without the tag: the 20 that are now within the limits are volume, and so are the 6
// that no longer are. come has nothing in the earlier cycle, gone nothing in the later one, and left lost the product.
func TestCausesWithinLimits(t *testing.T) {
	t.Parallel()
	rows, err := causes([]AnswerRow{
		comparison(t, "/old/obs/gb", 0, 3, 0, 1, 0, 1),
		comparison(t, "/tag/obs/gb", 0, 20, 0, 2, 0, 1),
		comparison(t, "/tag/obs/in", 6, 0, 3, 0, 1, 0),
		comparison(t, "/come/obs/gb", 0, 4, 0, 1, 0, 1),
		comparison(t, "/gone/obs/gb", 5, 0, 1, 0, 1, 0),
		comparison(t, "/left/obs/gb", 8, 0, 1, 0, 1, 0),
		comparison(t, "present/old/ecs/vm", 0, 0, 0, 0, 1, 0),
		comparison(t, "present/old/obs/gb", 0, 0, 0, 0, 0, 1),
		comparison(t, "present/tag/obs/gb", 0, 0, 0, 0, 7, 2),
		comparison(t, "present/tag/obs/in", 0, 0, 0, 0, 1, 1),
		comparison(t, "present/come/obs/gb", 0, 0, 0, 0, 0, 1),
		comparison(t, "present/gone/obs/gb", 0, 0, 0, 0, 1, 0),
		comparison(t, "present/left/obs/gb", 0, 0, 0, 0, 1, 0),
		comparison(t, "present/left/ecs/vm", 0, 0, 0, 0, 0, 1),
	}, lake.Cycle{})
	if err != nil {
		t.Fatal(err)
	}
	want := `new_product/old/obs/gb 0 3 3
volume/tag/obs/gb 0 20 20
volume/tag/obs/in 6 0 -6
new_customer/come/obs/gb 0 4 4
lost_customer/gone/obs/gb 5 0 -5
lost_product/left/obs/gb 8 0 -8`
	if got := changesOf(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// changesOf returns the rows with their amounts, one row per line.
func changesOf(rows []AnswerRow) string {
	var out []string
	for _, r := range rows {
		line := strings.Join(r.Keys, "/")
		for _, s := range r.Sums {
			line += " " + strings.TrimSuffix(s.String(), ".00000000")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// TestVolumeRounding checks rounding half to even for all signs.
func TestVolumeRounding(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]int64{{5, 2, 1, 2}, {7, 2, 1, 4}, {-5, 2, 1, -2}, {-7, 2, 1, -4}, {5, -2, 1, -2},
		{10, 3, 1, 3}, {11, 3, 1, 4}, {5, 0, 1, 5}, {5, 1, 0, 5}} {
		if got := volume(big.NewInt(c[0]), big.NewInt(c[1]), big.NewInt(c[2])); got.Int64() != c[3] {
			t.Errorf("%d × %d / %d: %s, want %d", c[0], c[2], c[1], got, c[3])
		}
	}
}

// TestCausesAddUp checks that for any rows the changes add up to the total change, and that the amounts add up too.
func TestCausesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		amount := rapid.Int64Range(-1000, 1000)
		count := rapid.Int64Range(0, 2)
		var rows []AnswerRow
		var was, is int64
		for i := range rapid.IntRange(0, 6).Draw(rt, "rows") {
			kind := rapid.SampledFrom([]string{"", "", correction}).Draw(rt, "kind")
			who := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "customer")
			before, now := amount.Draw(rt, "before"), amount.Draw(rt, "now")
			was, is = was+before, is+now
			rows = append(rows, comparison(t, kind+"/"+who+"/ecs/"+string(rune('a'+i)), before, now,
				amount.Draw(rt, "before quantity"), amount.Draw(rt, "quantity"), count.Draw(rt, "before lines"),
				count.Draw(rt, "lines")))
		}
		out, err := causes(rows, lake.Cycle{})
		if err != nil {
			rt.Fatal(err)
		}
		sums := [3]*big.Int{new(big.Int), new(big.Int), new(big.Int)}
		for _, r := range out {
			for i := range sums {
				sums[i].Add(sums[i], bigOf(r.Sums[i]))
			}
		}
		for i, want := range []int64{was, is, is - was} {
			if sums[i].Cmp(new(big.Int).Mul(big.NewInt(want), big.NewInt(1e8))) != 0 {
				rt.Errorf("sum %d is %s, want %d", i, sums[i], want)
			}
		}
	})
}
