package percentile

import (
	"fmt"
	"math/big"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Slot is a number of five-minute intervals since 1970-01-01T00:00:00Z (§3.14).
type Slot int32

// SlotLength is the length of a slot, in the unit of period.Instant.
const SlotLength = 5 * period.Minute

// SlotOf returns the slot that contains t.
func SlotOf(t period.Instant) Slot {
	n := int64(t) / SlotLength
	if int64(t)%SlotLength < 0 {
		n--
	}
	return Slot(n)
}

// Start returns the slot's first instant.
func (s Slot) Start() period.Instant { return period.Instant(int64(s) * SlotLength) }

// slotFrom returns the first slot that starts at t or later.
func slotFrom(t period.Instant) Slot {
	s := SlotOf(t)
	if s.Start() < t {
		s++
	}
	return s
}

// Term is one row of links.csv for a billing object: when it is in force, and its size and commit in Mbps.
type Term struct {
	Valid        period.Span
	Size, Commit money.Quantity
}

// Link is one link of a billing object: the rows by which it belongs to the object, and its samples, one per slot, in
// ascending order of slots, all starting in the cycle and within a row. In and Out are bits per second, 0 to 10^15. If
// all values of the link are integers they are in In and Out, else in InExact and OutExact.
type Link struct {
	Terms             []Term
	Slots             []Slot
	In, Out           []int64
	InExact, OutExact []money.Quantity
}

// Object is a billing object: a link, or the links of a group (§4.7).
type Object struct {
	Links []Link
}

// Result is the measurement of an object for a cycle.
type Result struct {
	Method books.Method
	Points int // N: the points that counted
	// of the value among them or among the daily peaks, from the top, from 0; -1 = not a single value
	Index     int
	Value     *big.Rat       // Mbps, before the commit
	Slot      Slot           // the first in time that has the value; only where HasSlot
	HasSlot   bool           // false for means, for enhanced_p95 and if no point has the value
	Month     *big.Rat       // enhanced_p95: the month's value, before the floor; else nil
	Floor     *big.Rat       // enhanced_p95: the floor; else nil
	ValidDays int            // days with a point above 0
	Days      int            // X of the share X / MonthDays
	MonthDays int            // days in the month
	Commit    money.Quantity // Mbps
	Billed    *big.Rat       // Mbps: the larger of Value and Commit
	Quantity  money.Quantity // R10(Billed × Days / MonthDays)
}

// Meter measures one object after the other over one cycle and reuses its memory. One worker owns it.
type Meter struct {
	bounds period.Span
	first  Slot          // the first that starts in the cycle
	slots  int           // how many start in the cycle
	days   []period.Span // of the cycle
	dayAt  []int         // by day: its first slot, counted from first; one more at the end

	wide     bool // the object's values are in wideIn and wideOut, else in in and out
	in, out  []int64
	wideIn   []wide
	wideOut  []wide
	point    []bool // by slot: it counts
	valid    []bool // by day: it has a point above 0
	inForce  []bool // by day: a link is in force at some instant of it
	series   series
	other    series // transit_p95: out
	selected []int64
	ranked   []int32
}

// NewMeter makes a meter for a cycle in the contract zone.
func NewMeter(zone *period.Zone, cycle period.Cycle) *Meter {
	m := &Meter{bounds: zone.Bounds(cycle)}
	m.first = slotFrom(m.bounds.From)
	m.slots = int(slotFrom(m.bounds.To) - m.first)
	for d := cycle.First(); d <= cycle.Last(); d++ {
		span := zone.DaySpan(d)
		m.days = append(m.days, span)
		m.dayAt = append(m.dayAt, int(slotFrom(span.From)-m.first))
	}
	m.dayAt = append(m.dayAt, m.slots)
	m.point = make([]bool, m.slots)
	m.valid = make([]bool, len(m.days))
	m.inForce = make([]bool, len(m.days))
	return m
}

// Measure measures one object under a policy. An error means that the object is not as its types' comments ask, or that
// a result leaves the range of its type.
func (m *Meter) Measure(policy *books.Policy, o *Object) (Result, error) {
	if policy.Kilo < 1 || !below1(policy.Drop) {
		return Result{}, fmt.Errorf("policy %s: kilo %d, drop %s: out of range", policy.ID, policy.Kilo,
			policy.Drop.Trim())
	}
	if err := m.load(o); err != nil {
		return Result{}, err
	}
	m.markDays(o)
	if policy.MissingZero {
		m.fillZeros(o)
	}
	res := Result{Method: policy.Method, Index: -1, Value: new(big.Rat), MonthDays: len(m.days)}
	m.chooseSeries(policy)
	res.ValidDays = m.markValid(policy)
	if policy.ValidDaysOnly {
		m.dropInvalidDays()
	}
	for _, p := range m.point {
		if p {
			res.Points++
		}
	}
	switch {
	case policy.Method == books.EnhancedP95:
		m.enhanced(policy, o, &res)
	case res.Points > 0:
		m.measure(policy, &res)
	}
	return res, m.bill(policy, o, &res)
}

// below1 reports whether a share leaves a point to choose.
func below1(r money.Rate) bool {
	_, raw := r.Raw()
	return raw < 10_000_000_000
}

// bill finishes a result: commit, days, quantity.
func (m *Meter) bill(policy *books.Policy, o *Object, res *Result) error {
	for i := range o.Links {
		var largest money.Quantity
		for _, t := range o.Links[i].Terms {
			if t.Valid.Overlaps(m.bounds) && t.Commit.Cmp(largest) > 0 {
				largest = t.Commit
			}
		}
		var err error
		if res.Commit, err = res.Commit.Add(largest); err != nil {
			return fmt.Errorf("add the links' commits: %w", err)
		}
	}
	res.Billed = res.Value
	if commit := res.Commit.Rat(); commit.Cmp(res.Value) > 0 {
		res.Billed = commit
	}
	switch policy.Days {
	case books.DaysValid:
		res.Days = res.ValidDays
	case books.DaysInForce:
		res.Days = count(m.inForce)
	default:
		res.Days = res.MonthDays
	}
	share := new(big.Rat).Mul(res.Billed, big.NewRat(int64(res.Days), int64(res.MonthDays)))
	var err error
	if res.Quantity, err = money.QuantityFromRat(share); err != nil {
		return fmt.Errorf("quantity of %s Mbps over %d of %d days: %w", res.Billed.FloatString(10), res.Days,
			res.MonthDays, err)
	}
	return nil
}

func count(days []bool) int {
	n := 0
	for _, d := range days {
		if d {
			n++
		}
	}
	return n
}
