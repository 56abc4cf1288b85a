package query

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// periodsOf returns the quota periods of a package that overlap a cycle, ascending, by the rules of rating (§4.3). None
// continues beyond its package.
func periodsOf(prices *tariff.Book, p *books.Package, cycle period.Span) []period.Span {
	var out []period.Span
	for t := max(cycle.From, p.Valid.From); t < min(cycle.To, p.Valid.To); {
		span := prices.QuotaPeriod(p, t)
		span.To = min(span.To, p.Valid.To)
		out = append(out, span)
		t = span.To
	}
	return out
}

// nextRefill returns the first refill after an instant; Forever if there is none.
func nextRefill(prices *tariff.Book, p *books.Package, t period.Instant) period.Instant {
	if !p.Valid.Holds(t) {
		return period.Forever
	}
	if next := prices.QuotaPeriod(p, t).To; next < p.Valid.To {
		return next
	}
	return period.Forever
}
