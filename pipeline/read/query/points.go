package query

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// point is one slot that counted: bits per second, summed over the object's links.
type point struct {
	slot    percentile.Slot
	in, out money.QuantityTotal
}

// valueOf returns a point's value in a series, in bits per second.
func (p *point) valueOf(series books.Series) (money.QuantityTotal, error) {
	switch {
	case series == books.SeriesSum:
		sum := p.in
		err := sum.AddTotal(p.out)
		return sum, err
	case series == books.SeriesIn, series == books.SeriesMax && p.in.Cmp(p.out) >= 0:
		return p.in, nil
	}
	return p.out, nil
}

// pointsOf returns the slots of the cycle that count, ascending: those with a sample of any link, or with missing zero
// every slot in force; only those of valid days if the policy says so.
func pointsOf(zone *period.Zone, cycle period.Cycle, policy *books.Policy, o *percentile.Object) ([]point, error) {
	at := make(map[percentile.Slot]*point)
	slotAt := func(s percentile.Slot) *point {
		if at[s] == nil {
			at[s] = &point{slot: s}
		}
		return at[s]
	}
	for i := range o.Links {
		if err := addLink(&o.Links[i], slotAt); err != nil {
			return nil, err
		}
		if policy.MissingZero {
			for _, t := range o.Links[i].Terms {
				eachSlot(t.Valid, zone.Bounds(cycle), func(s percentile.Slot) { slotAt(s) })
			}
		}
	}
	points := make([]point, 0, len(at))
	for _, p := range at {
		points = append(points, *p)
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.slot, b.slot) })
	if !policy.ValidDaysOnly {
		return points, nil
	}
	return validOnly(zone, policy, points)
}

func addLink(l *percentile.Link, slotAt func(percentile.Slot) *point) error {
	for j, s := range l.Slots {
		in, out := bps(l, j)
		p := slotAt(s)
		if err := p.in.Add(in); err != nil {
			return err
		}
		if err := p.out.Add(out); err != nil {
			return err
		}
	}
	return nil
}

// bps returns a link's j-th values.
func bps(l *percentile.Link, j int) (in, out money.Quantity) {
	if l.InExact != nil {
		return l.InExact[j], l.OutExact[j]
	}
	in, _ = money.QuantityFromInt(l.In[j]) // it was a quantity before
	out, _ = money.QuantityFromInt(l.Out[j])
	return in, out
}

// eachSlot visits the slots that start in both spans.
func eachSlot(a, b period.Span, visit func(percentile.Slot)) {
	from, to := max(a.From, b.From), min(a.To, b.To)
	for s := percentile.SlotOf(from); s.Start() < to; s++ {
		if s.Start() >= from {
			visit(s)
		}
	}
}

// validOnly keeps the points of days with a value above 0.
func validOnly(zone *period.Zone, policy *books.Policy, points []point) ([]point, error) {
	valid := make(map[period.Day]bool)
	clock := zone.Clock()
	for i := range points {
		p := &points[i]
		v, err := p.valueOf(policy.Series)
		if err != nil {
			return nil, err
		}
		if policy.Method == books.TransitP95 {
			if v = p.in; v.IsZero() {
				v = p.out
			}
		}
		if !v.IsZero() {
			valid[clock.Day(p.slot.Start())] = true
		}
	}
	return slices.DeleteFunc(points, func(p point) bool { return !valid[clock.Day(p.slot.Start())] }), nil
}

// sample is one point of the billed series.
type sample struct {
	slot percentile.Slot
	bps  money.QuantityTotal
}

// seriesOf returns the values of the points in a series.
func seriesOf(points []point, which books.Series) ([]sample, error) {
	out := make([]sample, len(points))
	for i := range points {
		v, err := points[i].valueOf(which)
		if err != nil {
			return nil, err
		}
		out[i] = sample{points[i].slot, v}
	}
	return out, nil
}

// EachPoint visits the points that count, in order of time: the slot's start and the value in Mbps.
func (a *Annex) EachPoint(visit func(at period.Instant, mbps *big.Rat)) {
	for _, p := range a.series {
		visit(p.slot.Start(), new(big.Rat).Quo(p.bps.Rat(), a.megabit))
	}
}

// downward sorts samples by value, the largest first, and equal ones by time.
func downward(list []sample) []sample {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b sample) int { return cmp.Or(b.bps.Cmp(a.bps), cmp.Compare(a.slot, b.slot)) })
	return list
}

// megabit returns the number of bits per megabit under the policy.
func megabit(p *books.Policy) *big.Rat {
	return new(big.Rat).SetInt64(int64(p.Kilo) * int64(p.Kilo))
}
