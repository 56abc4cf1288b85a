package percentile_test

import (
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// drawObject returns up to three links with samples in few slots and of few values, so that ties are common.
func drawObject(t *rapid.T, zone *period.Zone, cycle period.Cycle) percentile.Object {
	var o percentile.Object
	first := percentile.SlotOf(zone.DaySpan(cycle.First()).From)
	for range rapid.IntRange(1, 3).Draw(t, "links") {
		var l percentile.Link
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 8000), 0, 40, rapid.ID).Draw(t, "slots") {
			l.Slots = append(l.Slots, first+percentile.Slot(n))
		}
		slices.Sort(l.Slots)
		for range l.Slots {
			l.In = append(l.In, rapid.Int64Range(0, 5).Draw(t, "in")*700_000)
			l.Out = append(l.Out, rapid.Int64Range(0, 5).Draw(t, "out")*700_000)
		}
		l.Terms = []percentile.Term{{
			Valid: zone.DaySpan(cycle.First() + period.Day(rapid.IntRange(0, 27).Draw(t, "term"))),
			Size:  must(money.QuantityFromInt(rapid.Int64Range(0, 9).Draw(t, "size"))), Commit: q("1"),
		}}
		o.Links = append(o.Links, l)
	}
	return o
}

func drawPolicy(t *rapid.T) books.Policy {
	return books.Policy{
		Method:        books.Method(rapid.IntRange(0, 5).Draw(t, "method")),
		Series:        books.Series(rapid.IntRange(0, 3).Draw(t, "series")),
		MissingZero:   rapid.Bool().Draw(t, "zero"),
		ValidDaysOnly: rapid.Bool().Draw(t, "valid"),
		Kilo:          rapid.SampledFrom([]int{1000, 1024}).Draw(t, "kilo"),
		Drop:          rate(rapid.SampledFrom([]string{"0", "0.05", "0.3", "0.999"}).Draw(t, "drop")),
		Days:          books.DayShare(rapid.IntRange(0, 2).Draw(t, "days")),
		FloorShare:    rate("0.3"),
	}
}

// TestMeasureIsAFunction checks that the result does not depend on the order of links, on the way of calculation, or on
// earlier measurements. Invariants: PCT-1, PCT-5.
func TestMeasureIsAFunction(t *testing.T) {
	t.Parallel()
	zone := must(period.LoadZone("America/Sao_Paulo"))
	cycle := must(period.ParseCycle("2018-11")) // midnight of the 4th does not exist
	used := percentile.NewMeter(zone, cycle)
	rapid.Check(t, func(t *rapid.T) {
		o, policy := drawObject(t, zone, cycle), drawPolicy(t)
		want := must(percentile.NewMeter(zone, cycle).Measure(&policy, &o))
		slices.Reverse(o.Links)
		same(t, "reversed", want, must(used.Measure(&policy, &o)))
		for i := range o.Links {
			l := &o.Links[i]
			for j := range l.In {
				l.InExact = append(l.InExact, must(money.QuantityFromInt(l.In[j])))
				l.OutExact = append(l.OutExact, must(money.QuantityFromInt(l.Out[j])))
			}
			if l.InExact != nil {
				l.In, l.Out = nil, nil
			}
		}
		same(t, "exact", want, must(used.Measure(&policy, &o)))
	})
}

func same(t *rapid.T, what string, a, b percentile.Result) {
	for _, pair := range [][2]*big.Rat{{a.Value, b.Value}, {a.Billed, b.Billed}} {
		if pair[0].Cmp(pair[1]) != 0 {
			t.Fatalf("%s: %s, %s", what, pair[0], pair[1])
		}
	}
	a.Value, a.Billed, a.Month, a.Floor = nil, nil, nil, nil
	b.Value, b.Billed, b.Month, b.Floor = nil, nil, nil, nil
	if a != b {
		t.Fatalf("%s: %+v, %+v", what, a, b)
	}
}

// TestMonthlyP95AgainstSorting compares the value with that from sorting rationals, as the rule describes.
func TestMonthlyP95AgainstSorting(t *testing.T) {
	t.Parallel()
	zone := must(period.LoadZone("Asia/Shanghai"))
	cycle := must(period.ParseCycle("2026-09"))
	meter := percentile.NewMeter(zone, cycle)
	rapid.Check(t, func(t *rapid.T) {
		o, policy := drawObject(t, zone, cycle), drawPolicy(t)
		policy.Method, policy.MissingZero, policy.ValidDaysOnly = books.MonthlyP95, false, false
		in, out := map[percentile.Slot]int64{}, map[percentile.Slot]int64{}
		for _, l := range o.Links {
			for i, s := range l.Slots {
				in[s] += l.In[i]
				out[s] += l.Out[i]
			}
		}
		var values []*big.Rat
		for s := range in {
			v := map[books.Series]int64{
				books.SeriesMax: max(in[s], out[s]), books.SeriesIn: in[s], books.SeriesOut: out[s],
				books.SeriesSum: in[s] + out[s],
			}[policy.Series]
			values = append(values, big.NewRat(v, int64(policy.Kilo*policy.Kilo)))
		}
		slices.SortFunc(values, func(a, b *big.Rat) int { return b.Cmp(a) })
		want := new(big.Rat)
		if len(values) > 0 {
			index := new(big.Rat).Mul(policy.Drop.Rat(), big.NewRat(int64(len(values)), 1))
			want = values[new(big.Int).Quo(index.Num(), index.Denom()).Int64()]
		}
		if got := must(meter.Measure(&policy, &o)).Value; got.Cmp(want) != 0 {
			t.Fatalf("value %s, want %s", got, want)
		}
	})
}

// TestWinnerIgnoresOrder checks that the result does not depend on the number and order of samples. Invariant: PCT-3.
func TestWinnerIgnoresOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := drawPolicy(t)
		policy.Duplicates = books.Duplicates(rapid.IntRange(0, 1).Draw(t, "duplicates"))
		var samples []percentile.Sample
		for range rapid.IntRange(1, 6).Draw(t, "samples") {
			samples = append(samples, percentile.Sample{
				Time: period.Instant(rapid.Int64Range(0, 2).Draw(t, "time")),
				In:   must(money.QuantityFromInt(rapid.Int64Range(0, 3).Draw(t, "in"))),
				Out:  must(money.QuantityFromInt(rapid.Int64Range(0, 3).Draw(t, "out"))),
			})
		}
		best := func() percentile.Sample {
			w := samples[0]
			for _, s := range samples[1:] {
				w = percentile.Winner(&policy, w, s)
			}
			return w
		}
		want := best()
		samples = rapid.Permutation(samples).Draw(t, "order")
		if got := best(); got != want {
			t.Fatalf("%v, then %v", want, got)
		}
	})
}

// BenchmarkMeasure measures a month of one link with a sample every five minutes.
func BenchmarkMeasure(b *testing.B) {
	zone := must(period.LoadZone("Asia/Shanghai"))
	cycle := must(period.ParseCycle("2026-08"))
	var l percentile.Link
	first := percentile.SlotOf(zone.DaySpan(cycle.First()).From)
	seed := uint64(1)
	for n := range 8928 {
		seed = seed*6364136223846793005 + 1442695040888963407
		l.Slots = append(l.Slots, first+percentile.Slot(n))
		l.In = append(l.In, int64(seed>>34))
		l.Out = append(l.Out, int64(seed>>35))
	}
	l.Terms = []percentile.Term{{Valid: zone.Bounds(cycle), Size: q("1000"), Commit: q("10")}}
	o := percentile.Object{Links: []percentile.Link{l}}
	for i, name := range []string{"monthly_p95", "daily_peak_mean", "daily_p95_mean", "monthly_4th_peak", "transit_p95",
		"enhanced_p95"} {
		b.Run("method="+name, func(b *testing.B) {
			meter := percentile.NewMeter(zone, cycle)
			policy := books.Policy{Method: books.Method(i), Kilo: 1000, Drop: rate("0.05"), FloorShare: rate("0.2")}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := meter.Measure(&policy, &o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(l.Slots))*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
