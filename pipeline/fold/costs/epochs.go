package costs

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// Epochs are the instants at which rules, customers, mark-ups or prices change, ascending.
type Epochs []period.Instant

// epochsOf returns the epochs of books.
func epochsOf(b *books.Books) Epochs {
	var list Epochs
	add := func(s period.Span) { list = append(list, s.From, s.To) }
	for i := range b.Allocations {
		add(b.Allocations[i].Valid)
	}
	for i := range b.Customers {
		for k := range b.Customers[i].Rows {
			add(b.Customers[i].Rows[k].Valid)
		}
	}
	for i := range b.Markups {
		add(b.Markups[i].Valid)
	}
	for i := range b.Versions {
		add(b.Versions[i].Valid)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Around returns the longest span around t in which nothing changes; with days it is within t's day of that zone.
func (e Epochs) Around(t period.Instant, days *period.Zone) period.Span {
	span := period.Always()
	at, found := slices.BinarySearch(e, t)
	if found {
		at++
	}
	if at > 0 {
		span.From = e[at-1]
	}
	if at < len(e) {
		span.To = e[at]
	}
	if days != nil {
		day := days.DaySpan(days.Day(t))
		span.From, span.To = max(span.From, day.From), min(span.To, day.To)
	}
	return span
}
