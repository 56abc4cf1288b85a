package rating

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// QuotaPeriod is the period around t, an instant of the package's validity, that one refill of its quota lasts
// (§4.3).
func (bk *Book) QuotaPeriod(p *books.Package, t period.Instant) period.Span {
	zone := bk.books.Zone
	switch {
	case p.Reset == books.ResetCycle:
		bounds := zone.Bounds(zone.Cycle(t))
		return period.Span{From: max(bounds.From, p.Valid.From), To: bounds.To}
	case p.Reset == books.ResetAnniversary && p.Valid.From != period.Past:
		return anniversary(zone, p.Valid.From, t)
	default:
		return p.Valid
	}
}
