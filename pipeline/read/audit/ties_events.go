package audit

import (
	"context"
	"errors"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// claim identifies a claim on a marketing fund.
type claim struct{ partner, programme, period, id string }

// events holds what the events of partners that count add up to.
type events struct {
	rows     int64
	since    period.Instant // clock of the first run that accepted an event
	payments sums[tiesDebt] // of statements
	moves    sums[move]
	invoices sums[document]
	claims   map[claim]bool
	coupons  map[string]string // that were issued, by the event's id
}

// events reads partner_events.
func (a *Audit) events(ctx context.Context) (*events, error) {
	e := &events{payments: sums[tiesDebt]{}, moves: sums[move]{}, invoices: sums[document]{}, claims: map[claim]bool{},
		coupons: map[string]string{}}
	columns := tables.Columns(tables.PartnerEventFeed, tables.PartnerEventEventID, tables.PartnerEventPartnerID,
		tables.PartnerEventType, tables.PartnerEventAmount, tables.PartnerEventSubjectID, tables.PartnerEventOtherID,
		tables.PartnerEventScope, tables.PartnerEventPeriod, tables.PartnerEventAsOf, tables.PartnerEventInstant,
		tables.PartnerEventReason)
	return e, each(ctx, a, tables.PartnerEvents(), columns, e.add)
}

// add adds an event.
func (e *events) add(row rows.Row[tables.PartnerEvent]) error {
	e.clock(row.Time(tables.PartnerEventAsOf))
	if row.Word(tables.PartnerEventReason) != "" {
		return nil
	}
	partner, word := row.Word(tables.PartnerEventPartnerID), row.Word(tables.PartnerEventType)
	scope, subject := row.Word(tables.PartnerEventScope), string(row.Text(tables.PartnerEventSubjectID))
	amount, err := row.Amount(tables.PartnerEventAmount)
	if err != nil {
		return err
	}
	month := monthOf(row.Time(tables.PartnerEventInstant))
	switch row.Word(tables.PartnerEventFeed) {
	case "partner_accounts":
		if word == "statement_payment" {
			err = e.payments.add(tiesDebt{scope, partner}, amount)
		}
		if word == "statement_payment" || word == "recharge" || word == "convert_rebate" {
			err = errors.Join(err, e.moves.add(move{partner, word, month}, amount))
		}
	case "withdrawals":
		if word == "request" {
			err = e.moves.add(move{partner, "withdraw_request", month}, amount)
		}
	case "fund_events":
		if word == "request" {
			e.claims[claim{partner, scope, row.Word(tables.PartnerEventPeriod), subject}] = true
		}
	case "invoices":
		of := Sale{scope, partner, row.Word(tables.PartnerEventOtherID)}
		err = e.invoices.add(document{of, word}, amount)
	case "coupons":
		if word != "reclaim" {
			e.coupons[string(row.Text(tables.PartnerEventEventID))] = subject
		}
	}
	return err
}

// Since returns the month, in UTC, of the day after a run accepted the first event of a partner; "" without events. In
// no zone was that month closed before: runs that keep partners' money paid its lines.
func Since(ctx context.Context, snap *lake.Snapshot) (string, error) {
	e := &events{}
	columns := tables.Columns(tables.PartnerEventAsOf)
	err := each(ctx, &Audit{Snap: snap}, tables.PartnerEvents(), columns,
		func(row rows.Row[tables.PartnerEvent]) error {
			e.clock(row.Time(tables.PartnerEventAsOf))
			return nil
		})
	if err != nil || e.rows == 0 {
		return "", err
	}
	return monthOf(e.since + period.Instant((24 * time.Hour).Microseconds())), nil
}

// clock counts an event and notes the clock of the run that accepted it.
func (e *events) clock(at period.Instant) {
	if e.rows == 0 || at < e.since {
		e.since = at
	}
	e.rows++
}

// monthOf returns the month of an instant in UTC.
func monthOf(t period.Instant) string { return time.UnixMicro(int64(t)).UTC().Format("2006-01") }
