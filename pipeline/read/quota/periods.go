package quota

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// periodsOf are the quota periods of a package that reach into a cycle, ascending, as rating counts them (§4.3);
// none continues beyond its package.
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

// nextRefill is the first refill after an instant; Forever where none comes.
func nextRefill(prices *tariff.Book, p *books.Package, t period.Instant) period.Instant {
	if !p.Valid.Holds(t) {
		return period.Forever
	}
	if next := prices.QuotaPeriod(p, t).To; next < p.Valid.To {
		return next
	}
	return period.Forever
}
