package period

import "math"

// Instant is a point in time: microseconds since 1970-01-01T00:00:00Z.
type Instant int64

// Past and Forever are the limits of spans without a limit of their own.
const (
	Past    Instant = math.MinInt64
	Forever Instant = math.MaxInt64
)

// Second, Minute and Hour are durations in microseconds, the unit of Instant.
const (
	Second int64 = 1_000_000
	Minute       = 60 * Second
	Hour         = 60 * Minute
)

// Span is the half-open period [From, To).
type Span struct{ From, To Instant }

// Always returns the span without bounds.
func Always() Span { return Span{Past, Forever} }

// Holds reports whether t is in the span.
func (s Span) Holds(t Instant) bool { return s.From <= t && t < s.To }

// Overlaps reports whether two spans share an instant.
func (s Span) Overlaps(o Span) bool { return s.From < o.To && o.From < s.To }

// Day is a calendar day, independent of the zone: days since 1970-01-01 in the proleptic Gregorian calendar.
type Day int32

// Cycle is a calendar month: year×12 + month−1.
type Cycle int32
