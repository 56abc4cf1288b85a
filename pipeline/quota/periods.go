package quota

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// periodsOf are the quota periods of a package that reach into the cycle, ascending. A period begins no earlier than its
// package and ends no later; that of a quota that is never refilled is the package's validity (spec §4.3).
func periodsOf(zone *period.Zone, p *books.Package, cycle period.Cycle) []period.Span {
	bounds := zone.Bounds(cycle)
	if !p.Valid.Overlaps(bounds) {
		return nil
	}
	switch {
	case p.Reset == books.ResetCycle:
		return []period.Span{{From: max(bounds.From, p.Valid.From), To: min(bounds.To, p.Valid.To)}}
	case p.Reset != books.ResetAnniversary || p.Valid.From == period.Past:
		return []period.Span{p.Valid}
	}
	var out []period.Span
	n := max(0, int(cycle-zone.Cycle(p.Valid.From))-1)
	for from := zone.AddMonths(p.Valid.From, n); from < min(bounds.To, p.Valid.To); n++ {
		to := zone.AddMonths(p.Valid.From, n+1)
		if to > bounds.From {
			out = append(out, period.Span{From: from, To: min(to, p.Valid.To)})
		}
		from = to
	}
	return out
}

// nextRefill is the first refill after an instant; Forever where none comes.
func nextRefill(zone *period.Zone, p *books.Package, t period.Instant) period.Instant {
	next := period.Forever
	switch {
	case p.Reset == books.ResetCycle:
		next = zone.Bounds(zone.Cycle(t)).To
	case p.Reset == books.ResetAnniversary && p.Valid.From != period.Past:
		for n := max(1, int(zone.Cycle(t)-zone.Cycle(p.Valid.From))-1); ; n++ {
			if next = zone.AddMonths(p.Valid.From, n); next > t {
				break
			}
		}
	}
	if next >= p.Valid.To || next <= p.Valid.From {
		return period.Forever
	}
	return next
}
