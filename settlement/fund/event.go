package fund

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// Kind is the kind of an event of a fund (§9.4, §9.5).
type Kind uint8

// The kinds of events.
const (
	Apply Kind = iota
	Approve
	Refuse
	RequestPayment
	InvoiceReceived
	Paid
	Return
	Request
	Hold
	Claim
	Accept
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
func (k Kind) String() string { return kindWords[k] }

// ParseKind parses an event's word.
func ParseKind(word string) (Kind, error) {
	if at := slices.Index(kindWords[:], word); at >= 0 {
		return Kind(at), nil
	}
	return 0, fmt.Errorf("event %q: not one of %s", word, strings.Join(kindWords[:], ", "))
}

// Has reports whether funds of a kind have the event.
func (k Kind) Has(marketing bool) bool {
	switch k {
	case Apply, RequestPayment:
		return !marketing
	case Request, Hold, Claim, Accept:
		return marketing
	default:
		return true
	}
}

// Uses reports whether the event uses a column of the feed that not every event has.
func (k Kind) Uses(marketing bool, column string) bool {
	switch column {
	case "claim_id":
		return marketing
	case "heads":
		return k == Apply
	case "amount":
		return k == Apply || k == Approve || k == Request || k == Claim
	case "activity_type":
		return k == Request
	case "activity_date":
		return k == Hold
	}
	return false
}

// Event is an accepted row of the feed fund_events. Partner and Fund are indexes in the books.
type Event struct {
	verdict.Stamp
	ID            string
	Partner, Fund int32
	Period        Period
	Claim         string
	Kind          Kind
	Heads         int64
	Amount        money.Amount
	Activity      string
	Day           period.Day // of the activity
	// Kept is the amount that a final event left reserved for its claim, or the value of the list for which it applied;
	// nil = it is computed from the books.
	Kept *money.Amount
}

func compareEvents(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Instant, b.Instant), cmp.Compare(a.Time, b.Time), strings.Compare(a.ID, b.ID))
}

// Length is the length of a period in months.
type Length uint8

// The lengths of periods.
const (
	Month   Length = 1
	Quarter Length = 3
	Year    Length = 12
)

// Period is a month, quarter or year of a fund.
type Period struct {
	First  period.Cycle
	Length Length
}

// PeriodOf returns the period of a length that contains a cycle.
func PeriodOf(c period.Cycle, length Length) Period {
	_, month := c.Month()
	return Period{First: c.Add(-((month - 1) % int(length))), Length: length}
}

// ParsePeriod parses `2026-09`, `2026-Q3` or `2026`.
func ParsePeriod(text string) (Period, error) {
	wrong := fmt.Errorf("period %q: not a month (2026-09), a quarter (2026-Q3) or a year (2026)", text)
	year, rest, _ := strings.Cut(text, "-")
	first, err := period.ParseCycle(year + "-01")
	switch {
	case err != nil:
		return Period{}, wrong
	case text == year:
		return Period{first, Year}, nil
	case len(rest) == 2 && rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4':
		return Period{first.Add(3 * int(rest[1]-'1')), Quarter}, nil
	}
	month, err := period.ParseCycle(text)
	if err != nil {
		return Period{}, wrong
	}
	return Period{month, Month}, nil
}

// String returns the period as in files and tables.
func (p Period) String() string {
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
func (p Period) Last() period.Cycle { return p.First.Add(int(p.Length) - 1) }

// Next returns the following period.
func (p Period) Next() Period { return Period{p.First.Add(int(p.Length)), p.Length} }

// Before returns the previous period.
func (p Period) Before() Period { return Period{p.First.Add(-int(p.Length)), p.Length} }

// Span returns the period's bounds in a zone.
func (p Period) Span(z *period.Zone) period.Span {
	return period.Span{From: z.Bounds(p.First).From, To: z.Bounds(p.Last()).To}
}

// Takes returns the length of the periods that an event of a fund names.
func (k Kind) Takes(marketing, yearly bool) Length {
	switch {
	case marketing && yearly:
		return Year
	case marketing:
		return Quarter
	case k == Apply || k == Approve || k == Refuse:
		return Month
	default:
		return Quarter
	}
}
