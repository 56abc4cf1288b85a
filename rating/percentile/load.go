package percentile

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// maxBps is the largest value of a sample, in bits per second (§1.1, Quantity).
const maxBps = 1_000_000_000_000_000

// narrowLinks is the number of links whose total, in and out together, always fits an int64.
const narrowLinks = 4_000

// wide is a sum of quantities in units of 10^-10. It cannot overflow for any realistic number of links.
type wide struct{ hi, lo uint64 }

func wideOf(q money.Quantity) wide {
	hi, lo := q.Raw()
	return wide{uint64(hi), lo}
}

// wideWhole returns n ≥ 0 bits per second.
func wideWhole(n int64) wide {
	hi, lo := bits.Mul64(uint64(n), 10_000_000_000)
	return wide{hi, lo}
}

func (a wide) add(b wide) wide {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, _ := bits.Add64(a.hi, b.hi, carry)
	return wide{hi, lo}
}

func (a wide) cmp(b wide) int {
	switch {
	case a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo):
		return -1
	case a == b:
		return 0
	}
	return 1
}

func (a wide) rat() *big.Rat {
	n := new(big.Int).SetUint64(a.hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(a.lo))
	return new(big.Rat).SetFrac(n, big.NewInt(10_000_000_000))
}

// load adds up the links' samples by slot and marks the slots that have one.
func (m *Meter) load(o *Object) error {
	m.wide = len(o.Links) > narrowLinks
	for i := range o.Links {
		m.wide = m.wide || o.Links[i].InExact != nil || o.Links[i].OutExact != nil
	}
	clear(m.point)
	if m.wide {
		m.wideIn, m.wideOut = zeroed(m.wideIn, m.slots), zeroed(m.wideOut, m.slots)
	} else {
		m.in, m.out = zeroed(m.in, m.slots), zeroed(m.out, m.slots)
	}
	for i := range o.Links {
		l := &o.Links[i]
		if err := m.check(l); err != nil {
			return fmt.Errorf("link %d of %d: %w", i+1, len(o.Links), err)
		}
		for j, slot := range l.Slots {
			at := slot - m.first
			m.point[at] = true
			switch {
			case !m.wide:
				m.in[at] += l.In[j]
				m.out[at] += l.Out[j]
			case l.InExact != nil:
				m.wideIn[at] = m.wideIn[at].add(wideOf(l.InExact[j]))
				m.wideOut[at] = m.wideOut[at].add(wideOf(l.OutExact[j]))
			default:
				m.wideIn[at] = m.wideIn[at].add(wideWhole(l.In[j]))
				m.wideOut[at] = m.wideOut[at].add(wideWhole(l.Out[j]))
			}
		}
	}
	return nil
}

// zeroed returns s with n zeros.
func zeroed[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// check checks that a link's samples meet the requirements of Link.
func (m *Meter) check(l *Link) error {
	n := len(l.Slots)
	if l.InExact != nil || l.OutExact != nil {
		if len(l.InExact) != n || len(l.OutExact) != n || l.In != nil || l.Out != nil {
			return fmt.Errorf("%d slots with %d exact values in and %d out", n, len(l.InExact), len(l.OutExact))
		}
	} else if len(l.In) != n || len(l.Out) != n {
		return fmt.Errorf("%d slots with %d values in and %d out", n, len(l.In), len(l.Out))
	}
	last := m.first - 1
	for _, s := range l.Slots {
		if s <= last {
			return fmt.Errorf("slot at %s: before the cycle, or not after the slot before it", s.Start())
		}
		last = s
	}
	if int(last-m.first) >= m.slots {
		return fmt.Errorf("slot at %s: after the cycle", last.Start())
	}
	for i := range l.In {
		if uint64(l.In[i]) > maxBps || uint64(l.Out[i]) > maxBps {
			return fmt.Errorf("slot at %s: %d in and %d out bits per second: outside 0 to 10^15", l.Slots[i].Start(),
				l.In[i], l.Out[i])
		}
	}
	return nil
}

// holdsDay reports whether a term is in force at any instant of a day. A day that the zone skips has no instants.
func holdsDay(t *Term, day period.Span) bool { return day.From < day.To && t.Valid.Overlaps(day) }

// markDays marks the days on which a link is in force.
func (m *Meter) markDays(o *Object) {
	clear(m.inForce)
	for i := range o.Links {
		for j := range o.Links[i].Terms {
			for d, day := range m.days {
				m.inForce[d] = m.inForce[d] || holdsDay(&o.Links[i].Terms[j], day)
			}
		}
	}
}

// fillZeros makes every slot whose start is in force for any link a point (missing: zero).
func (m *Meter) fillZeros(o *Object) {
	for i := range o.Links {
		for _, t := range o.Links[i].Terms {
			from := slotFrom(max(t.Valid.From, m.bounds.From)) - m.first
			to := slotFrom(min(t.Valid.To, m.bounds.To)) - m.first
			for at := from; at < to; at++ {
				m.point[at] = true
			}
		}
	}
}

// series has one value per slot. Keys have the order of the values, and are positive if the values are.
type series struct {
	keys   []int64
	values []wide // nil: the keys are the values, in bits per second
}

// bps returns the value at a slot in bits per second.
func (s *series) bps(at int) *big.Rat {
	if s.values != nil {
		return s.values[at].rat()
	}
	return new(big.Rat).SetInt64(s.keys[at])
}

// chooseSeries builds the series that the policy uses; transit_p95 uses both directions separately.
func (m *Meter) chooseSeries(policy *books.Policy) {
	if policy.Method == books.TransitP95 {
		m.makeSeries(&m.series, books.SeriesIn)
		m.makeSeries(&m.other, books.SeriesOut)
		return
	}
	m.makeSeries(&m.series, policy.Series)
}

func (m *Meter) makeSeries(s *series, which books.Series) {
	s.keys = zeroed(s.keys, m.slots)
	if m.wide {
		s.values = zeroed(s.values, m.slots)
		for i := range s.values {
			s.values[i] = pickWide(which, m.wideIn[i], m.wideOut[i])
		}
		m.rank(s)
		return
	}
	s.values = nil
	switch which {
	case books.SeriesIn:
		copy(s.keys, m.in)
	case books.SeriesOut:
		copy(s.keys, m.out)
	case books.SeriesSum:
		for i := range s.keys {
			s.keys[i] = m.in[i] + m.out[i]
		}
	default:
		for i := range s.keys {
			s.keys[i] = max(m.in[i], m.out[i])
		}
	}
}

func pickWide(which books.Series, in, out wide) wide {
	switch {
	case which == books.SeriesSum:
		return in.add(out)
	case which == books.SeriesIn, which == books.SeriesMax && in.cmp(out) >= 0:
		return in
	}
	return out
}

// rank sets the keys of wide values to their ranks.
func (m *Meter) rank(s *series) {
	m.ranked = m.ranked[:0]
	for i := range s.values {
		m.ranked = append(m.ranked, int32(i))
	}
	slices.SortFunc(m.ranked, func(a, b int32) int { return s.values[a].cmp(s.values[b]) })
	var last wide // a value of 0 has the rank 0
	rank := int64(0)
	for _, at := range m.ranked {
		if s.values[at] != last {
			last = s.values[at]
			rank++
		}
		s.keys[at] = rank
	}
}

// markValid marks and counts the days with a point above 0; for transit_p95 in or out (§4.7).
func (m *Meter) markValid(policy *books.Policy) int {
	for d := range m.days {
		m.valid[d] = false
		for at := m.dayAt[d]; at < m.dayAt[d+1]; at++ {
			if m.point[at] && (m.series.keys[at] > 0 || (policy.Method == books.TransitP95 && m.other.keys[at] > 0)) {
				m.valid[d] = true
				break
			}
		}
	}
	return count(m.valid)
}

// dropInvalidDays removes the points of all days that are not valid (valid_days_only).
func (m *Meter) dropInvalidDays() {
	for d := range m.days {
		if !m.valid[d] {
			clear(m.point[m.dayAt[d]:m.dayAt[d+1]])
		}
	}
}
