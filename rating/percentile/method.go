package percentile

import (
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// fourth is the index of the fourth largest daily peak. The method needs at least one more day than that.
const fourth = 3

// five is the number of samples of a day and of days of a month that enhanced_p95 uses.
const five = 5

// measure sets a result's value for any method except enhanced_p95; there must be a point.
func (m *Meter) measure(policy *books.Policy, res *Result) {
	s := &m.series
	switch policy.Method {
	case books.DailyPeakMean:
		res.Value = m.mean(func(from, to int) int { return m.largest(s, from, to) })
	case books.DailyP95Mean:
		res.Value = m.mean(func(from, to int) int { at, _ := m.p95(s, policy.Drop, from, to); return at })
	case books.Monthly4thPeak:
		m.fourthPeak(res)
	case books.TransitP95:
		at, index := m.p95(s, policy.Drop, 0, m.slots)
		res.set(at, index, s, m.first)
		if at, index = m.p95(&m.other, policy.Drop, 0, m.slots); m.other.bps(at).Cmp(res.Value) > 0 {
			res.set(at, index, &m.other, m.first)
		}
	default:
		at, index := m.p95(s, policy.Drop, 0, m.slots)
		res.set(at, index, s, m.first)
	}
	res.Value.Quo(res.Value, megabit(policy))
}

// megabit returns the number of bits in a megabit.
func megabit(policy *books.Policy) *big.Rat {
	return new(big.Rat).SetInt64(int64(policy.Kilo) * int64(policy.Kilo))
}

// set sets the result to the value at a slot, in bits per second.
func (r *Result) set(at, index int, s *series, first Slot) {
	r.Value, r.Index = s.bps(at), index
	r.Slot, r.HasSlot = first+Slot(at), true
}

// p95 finds, among the points of [from, to), of which there must be at least one, the value at index floor(N × drop)
// from the top. It returns the first slot with that value, and the index.
func (m *Meter) p95(s *series, drop money.Rate, from, to int) (at, index int) {
	m.selected = m.selected[:0]
	for i := from; i < to; i++ {
		if m.point[i] {
			m.selected = append(m.selected, s.keys[i])
		}
	}
	_, raw := drop.Raw() // in units of 10^-10; N is at most a month's slots
	index = int(uint64(len(m.selected)) * raw / 10_000_000_000)
	key := nthLargest(m.selected, index)
	return m.firstWith(s, key, from, to), index
}

// firstWith returns the first point of [from, to) that has a key.
func (m *Meter) firstWith(s *series, key int64, from, to int) int {
	for i := from; i < to; i++ {
		if m.point[i] && s.keys[i] == key {
			return i
		}
	}
	return from
}

// largest returns the first of the largest points of [from, to); -1 if there is none.
func (m *Meter) largest(s *series, from, to int) int {
	best := -1
	for i := from; i < to; i++ {
		if m.point[i] && (best < 0 || s.keys[i] > s.keys[best]) {
			best = i
		}
	}
	return best
}

// hasPoint reports whether there is a point in [from, to).
func (m *Meter) hasPoint(from, to int) bool { return slices.Contains(m.point[from:to], true) }

// mean returns the mean, over the days with a point, of the value at each day's slot, in bits per second.
func (m *Meter) mean(daily func(from, to int) int) *big.Rat {
	sum, days := new(big.Rat), int64(0)
	for d := range m.days {
		if from, to := m.dayAt[d], m.dayAt[d+1]; m.hasPoint(from, to) {
			sum.Add(sum, m.series.bps(daily(from, to)))
			days++
		}
	}
	return sum.Quo(sum, new(big.Rat).SetInt64(days))
}

// fourthPeak sets the fourth largest daily peak; of equal ones the earliest day's. With fewer than four days it is 0.
func (m *Meter) fourthPeak(res *Result) {
	s := &m.series
	m.selected = m.selected[:0]
	for d := range m.days {
		if at := m.largest(s, m.dayAt[d], m.dayAt[d+1]); at >= 0 {
			m.selected = append(m.selected, s.keys[at])
		}
	}
	if len(m.selected) <= fourth {
		return
	}
	key := nthLargest(m.selected, fourth)
	for d := range m.days {
		if at := m.largest(s, m.dayAt[d], m.dayAt[d+1]); at >= 0 && s.keys[at] == key {
			res.set(at, fourth, s, m.first)
			return
		}
	}
}

// enhanced sets a result's month, floor and value for enhanced_p95. Without a point the month is 0 and the value is the
// floor (§4.7).
func (m *Meter) enhanced(policy *books.Policy, o *Object, res *Result) {
	res.Month, res.Floor = new(big.Rat), m.floor(policy, o)
	if res.Points > 0 {
		res.Month = m.enhancedMonth(policy)
	}
	res.Value.Set(res.Month)
	if res.Floor.Cmp(res.Value) > 0 {
		res.Value.Set(res.Floor)
	}
}

// enhancedMonth returns the month's value for enhanced_p95, before the floor; there must be a point. Truncating to
// integers keeps the order of values, so only the chosen days are truncated.
func (m *Meter) enhancedMonth(policy *books.Policy) *big.Rat {
	s := &m.series
	var daily []int // slots with the days' values
	for d := range m.days {
		from, to := m.dayAt[d], m.dayAt[d+1]
		m.selected = m.selected[:0]
		for i := from; i < to; i++ {
			if m.point[i] {
				m.selected = append(m.selected, s.keys[i])
			}
		}
		if n := len(m.selected); n > 0 {
			daily = append(daily, m.firstWith(s, nthLargest(m.selected, min(five, n)-1), from, to))
		}
	}
	slices.SortFunc(daily, func(a, b int) int {
		switch {
		case s.keys[a] > s.keys[b]:
			return -1
		case s.keys[a] < s.keys[b]:
			return 1
		}
		return 0
	})
	daily = daily[:min(five, len(daily))]
	sum := new(big.Rat)
	for _, at := range daily {
		sum.Add(sum, whole(new(big.Rat).Quo(s.bps(at), megabit(policy))))
	}
	return whole(sum.Quo(sum, new(big.Rat).SetInt64(int64(len(daily)))))
}

// whole truncates a non-negative number to an integer.
func whole(r *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Quo(r.Num(), r.Denom()))
}

// floor returns floor_share of the mean, over the days in force, of the sum of the links' largest sizes on the day,
// truncated to an integer number of Mbps.
func (m *Meter) floor(policy *books.Policy, o *Object) *big.Rat {
	var sum wide
	for d, day := range m.days {
		if !m.inForce[d] {
			continue
		}
		for i := range o.Links {
			var largest money.Quantity
			for j := range o.Links[i].Terms {
				t := &o.Links[i].Terms[j]
				if holdsDay(t, day) && t.Size.Cmp(largest) > 0 {
					largest = t.Size
				}
			}
			sum = sum.add(wideOf(largest))
		}
	}
	days := count(m.inForce)
	if days == 0 {
		return new(big.Rat)
	}
	mean := new(big.Rat).Quo(sum.rat(), new(big.Rat).SetInt64(int64(days)))
	return whole(mean.Mul(mean, policy.FloorShare.Rat()))
}

// nthLargest returns the value at index n from the top, from 0, of a list longer than n, which it rearranges. It
// narrows the list around pivots; after many bad pivots it sorts the rest, so that no input is slow.
func nthLargest(list []int64, n int) int64 {
	for tries := 0; tries < 64 && len(list) > 12; tries++ {
		pivot := median(list[0], list[len(list)/2], list[len(list)-1])
		above, equal := partition(list, pivot)
		switch {
		case n < above:
			list = list[:above]
		case n < above+equal:
			return pivot
		default:
			list, n = list[above+equal:], n-above-equal
		}
	}
	slices.Sort(list)
	return list[len(list)-1-n]
}

// partition moves values above the pivot to the front, then those equal to it, and returns both numbers.
func partition(list []int64, pivot int64) (above, equal int) {
	lo, hi := 0, len(list) // before lo: above; from hi on: below
	for i := 0; i < hi; {
		switch v := list[i]; {
		case v > pivot:
			list[i], list[lo] = list[lo], v
			lo++
			i++
		case v < pivot:
			hi--
			list[i], list[hi] = list[hi], v
		default:
			i++
		}
	}
	return lo, hi - lo
}

func median(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }
