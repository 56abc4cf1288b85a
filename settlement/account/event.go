package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// FundKind is the kind of an event of a fund (§9.4, §9.5).
type FundKind uint8

// The kinds of events.
const (
	FundApply FundKind = iota
	FundApprove
	FundRefuse
	FundRequestPayment
	FundInvoiceReceived
	FundPaid
	FundReturn
	FundRequest
	FundHold
	FundClaim
	FundAccept
)

var kindWords = [...]string{
	"apply",
	"approve",
	"refuse",
	"request_payment",
	"invoice_received",
	"paid",
	"return",
	"request",
	"hold",
	"claim",
	"accept",
}

// String is the event's word in the feed.
func (k FundKind) String() string { return kindWords[k] }

// ParseFundKind parses an event's word.
func ParseFundKind(word string) (FundKind, error) {
	if at := slices.Index(kindWords[:], word); at >= 0 {
		return FundKind(at), nil
	}
	return 0, fmt.Errorf("event %q: not one of %s", word, strings.Join(kindWords[:], ", "))
}

// Has reports whether funds of a kind have the event.
func (k FundKind) Has(marketing bool) bool {
	switch k {
	case FundApply, FundRequestPayment:
		return !marketing
	case FundRequest, FundHold, FundClaim, FundAccept:
		return marketing
	default:
		return true
	}
}

// Uses reports whether the event uses a column of the feed that not every event has.
func (k FundKind) Uses(marketing bool, column string) bool {
	switch column {
	case "claim_id":
		return marketing
	case "heads":
		return k == FundApply
	case "amount":
		return k == FundApply || k == FundApprove || k == FundRequest || k == FundClaim
	case "activity_type":
		return k == FundRequest
	case "activity_date":
		return k == FundHold
	}
	return false
}

// FundEvent is an accepted row of the feed fund_events. Partner and Fund are indexes in the books.
type FundEvent struct {
	Stamp
	ID            string
	Partner, Fund int32
	Period        FundPeriod
	Claim         string
	Kind          FundKind
	Heads         int64
	Amount        money.Amount
	Activity      string
	Day           period.Day // of the activity
	// Kept is the amount that a final event left reserved for its claim, or the value of the list for which it applied;
	// nil = it is computed from the books.
	Kept *money.Amount
}

func compareEvents(a, b *FundEvent) int {
	return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(a.ID, b.ID))
}

// FundLength is the length of a period in months.
type FundLength uint8

// The lengths of periods.
const (
	Month   FundLength = 1
	Quarter FundLength = 3
	Year    FundLength = 12
)

// FundPeriod is a month, quarter or year of a fund.
type FundPeriod struct {
	First  period.Cycle
	Length FundLength
}

// FundPeriodOf returns the period of a length that contains a cycle.
func FundPeriodOf(c period.Cycle, length FundLength) FundPeriod {
	_, month := c.Month()
	return FundPeriod{First: c.Add(-((month - 1) % int(length))), Length: length}
}

// ParseFundPeriod parses `2026-09`, `2026-Q3` or `2026`.
func ParseFundPeriod(text string) (FundPeriod, error) {
	wrong := fmt.Errorf("period %q: not a month (2026-09), a quarter (2026-Q3) or a year (2026)", text)
	year, rest, _ := strings.Cut(text, "-")
	first, err := period.ParseCycle(year + "-01")
	switch {
	case err != nil:
		return FundPeriod{}, wrong
	case text == year:
		return FundPeriod{first, Year}, nil
	case len(rest) == 2 && rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4':
		return FundPeriod{first.Add(3 * int(rest[1]-'1')), Quarter}, nil
	}
	month, err := period.ParseCycle(text)
	if err != nil {
		return FundPeriod{}, wrong
	}
	return FundPeriod{month, Month}, nil
}

// String returns the period as in files and tables.
func (p FundPeriod) String() string {
	year, month := p.First.Month()
	switch p.Length {
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", year, (month+2)/3)
	case Year:
		return fmt.Sprintf("%04d", year)
	default:
		return p.First.String()
	}
}

// Last returns the last cycle of the period.
func (p FundPeriod) Last() period.Cycle { return p.First.Add(int(p.Length) - 1) }

// Next returns the following period.
func (p FundPeriod) Next() FundPeriod { return FundPeriod{p.First.Add(int(p.Length)), p.Length} }

// Before returns the previous period.
func (p FundPeriod) Before() FundPeriod { return FundPeriod{p.First.Add(-int(p.Length)), p.Length} }

// Span returns the period's bounds in a zone.
func (p FundPeriod) Span(z *period.Zone) period.Span {
	return period.Span{From: z.Bounds(p.First).From, To: z.Bounds(p.Last()).To}
}

// Takes returns the length of the periods that an event of a fund names.
func (k FundKind) Takes(marketing, yearly bool) FundLength {
	switch {
	case marketing && yearly:
		return Year
	case marketing:
		return Quarter
	case k == FundApply || k == FundApprove || k == FundRefuse:
		return Month
	default:
		return Quarter
	}
}
