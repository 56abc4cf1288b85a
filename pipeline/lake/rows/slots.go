package rows

import (
	"cmp"
	"math"

	"github.com/tollbook/tollbook/schemas/period"
)

// SlotLength is the length of a slot of the clock.
const SlotLength = period.Instant(60 * 60 * period.Second)

// SlotLines is the default of Slots.Fewest.
const SlotLines = 1 << 16

// LineSlots finds where row groups end in the lines of a day, in addition to those that are full: after a slot of the
// clock, an hour, in which a customer has many lines. Such places depend on the lines alone, and are found without
// the lines before the slot. A large customer's lines are divided there into slices, which several processes write.
type LineSlots[K comparable] struct {
	Fewest int64 // lines of a customer in a slot after which a row group ends; 0 = default, Never = none does

	customer K
	from     period.Instant
	lines    int64
}

// Never is a number of lines that no slot has.
const Never = math.MaxInt64

// SlotOf returns the start of the slot that contains an instant.
func SlotOf(t period.Instant) period.Instant {
	rest := t % SlotLength
	if rest < 0 {
		rest += SlotLength
	}
	return t - rest
}

// SlotAfter returns the start of the slot after that of an instant.
func SlotAfter(t period.Instant) period.Instant { return SlotOf(t) + SlotLength }

// Line takes the next line and reports whether a row group ends before it.
func (s *LineSlots[K]) Line(customer K, start period.Instant) bool {
	if s.lines > 0 && start >= s.from && start < s.from+SlotLength && customer == s.customer {
		s.lines++
		return false
	}
	ends := s.Full()
	s.customer, s.from, s.lines = customer, SlotOf(start), 1
	return ends
}

// Full reports whether a row group ends after the slot of the last line.
func (s *LineSlots[K]) Full() bool { return s.lines >= cmp.Or(s.Fewest, SlotLines) }

// Ends reports whether a row group ends before a line of the customer at or after the start of a slot.
func (s *LineSlots[K]) Ends(customer K, from period.Instant) bool {
	return s.Full() && customer == s.customer && from >= s.from+SlotLength
}

// LineSlot is the slot of the last line, and the number of the customer's lines in it.
type LineSlot struct {
	From  period.Instant `json:"from"`
	Lines int64          `json:"lines"`
}

// LineSlot returns the slot of the last line.
func (s *LineSlots[K]) Slot() LineSlot { return LineSlot{s.from, s.lines} }

// Skip sets the slot of the last line, of a customer, after lines that were not passed to Line.
func (s *LineSlots[K]) Skip(customer K, last LineSlot) {
	s.customer, s.from, s.lines = customer, last.From, last.Lines
}
