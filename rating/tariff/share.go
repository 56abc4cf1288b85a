package tariff

import (
	"math/big"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// EveryMonths returns the span between two anniversaries of start that contains t ≥ start. Anniversaries are the given
// number of months apart; each is computed from start.
func EveryMonths(zone *period.Zone, start period.Instant, months int, t period.Instant) period.Span {
	n := int(zone.Cycle(t)-zone.Cycle(start)) / months
	span := func(n int) period.Span {
		return period.Span{From: zone.AddMonths(start, n*months), To: zone.AddMonths(start, (n+1)*months)}
	}
	at := span(n)
	for ; t < at.From; at = span(n) {
		n--
	}
	for ; t >= at.To; at = span(n) {
		n++
	}
	return at
}

// ShareOf returns the share of a part in a period: by the days between local dates, by elapsed time, or 1. It is 0 if
// the period begins and ends on one local date: nothing is charged for it by days.
func ShareOf(zone *period.Zone, by books.Proration, part, of period.Span) *big.Rat {
	switch by {
	case books.ByDays:
		days := DaysOf(zone, of)
		if days == 0 {
			return new(big.Rat)
		}
		return big.NewRat(DaysOf(zone, part), days)
	case books.BySeconds:
		return big.NewRat(int64(part.To-part.From), int64(of.To-of.From))
	default:
		return big.NewRat(1, 1)
	}
}

// DaysOf returns the number of days of a span: the difference of the local dates of its bounds (§10).
func DaysOf(zone *period.Zone, s period.Span) int64 { return int64(zone.Day(s.To) - zone.Day(s.From)) }

// Shared returns R8(price × quantity × share).
func (s *Sale) Shared(price money.UnitPrice) (money.Amount, error) {
	exact := new(big.Rat).Mul(price.Rat(), s.Charge.Quantity.Rat())
	return money.RoundRat(exact.Mul(exact, s.Share), money.AmountScale)
}
