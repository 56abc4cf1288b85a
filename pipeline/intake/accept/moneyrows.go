package accept

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// MoneyKey returns the key of the lake files with events about partners' money: one list without a cycle.
func MoneyKey() lake.FileKey {
	return lake.FileKey{Table: tables.PartnerEvents().Name, Bucket: lake.NoBucket}
}

// EachMoney visits the events of one feed about partners' money in a lake file for which wanted returns true (nil =
// all), rejected ones included.
func EachMoney(o rows.FileOpener, f lake.FileEntry, feedName string,
	wanted func(c *parquet.Columns[tables.PartnerEvent], i int) bool,
	visit func(*MoneyEvent) error) error {
	return rows.EachRowOf(o, f, tables.PartnerEvents(), tables.PartnerEventFeed, feedName,
		func(c *parquet.Columns[tables.PartnerEvent], i int) error {
			if wanted != nil && !wanted(c, i) {
				return nil
			}
			e, err := moneyAt(c, i)
			if err != nil {
				return err
			}
			return visit(e)
		})
}

// moneyAt reads a row of the partner_events table.
func moneyAt(c *parquet.Columns[tables.PartnerEvent], i int) (*MoneyEvent, error) {
	amount, err := amountAt(c, tables.PartnerEventAmount, i)
	if err != nil {
		return nil, err
	}
	e := &MoneyEvent{
		Feed:    c.Word(tables.PartnerEventFeed).At(i),
		ID:      string(c.Text(tables.PartnerEventEventID).At(i)),
		Partner: c.Word(tables.PartnerEventPartnerID).At(i),
		Type:    c.Word(tables.PartnerEventType).At(i),
		Time:    c.Time(tables.PartnerEventTime).At(i),
		Amount:  amount,
		Heads:   c.Whole(tables.PartnerEventHeads).At(i),
		Subject: string(c.Text(tables.PartnerEventSubjectID).At(i)),
		Other:   c.Word(tables.PartnerEventOtherID).At(i),
		Scope:   c.Word(tables.PartnerEventScope).At(i),
		Period:  c.Word(tables.PartnerEventPeriod).At(i),
		Detail:  string(c.Text(tables.PartnerEventDetail).At(i)),
		Note:    string(c.Text(tables.PartnerEventNote).At(i)),
		AsOf:    c.Time(tables.PartnerEventAsOf).At(i),
		Instant: c.Time(tables.PartnerEventInstant).At(i),
		File:    -1,
		From: EventSource{File: c.Word(tables.PartnerEventFile).At(i), Hash: c.Word(tables.PartnerEventFileHash).At(i),
			Row: c.Whole(tables.PartnerEventRow).At(i), Header: c.Word(tables.PartnerEventHeader).At(i),
			Raw: string(c.Text(tables.PartnerEventRaw).At(i))},
	}
	word := c.Word(tables.PartnerEventReason).At(i)
	why, known := reason.Parse(word)
	if word != "" && !known {
		return nil, fmt.Errorf("reason %q", word)
	}
	e.Verdict = account.Verdict{
		Why:    why,
		Column: c.Word(tables.PartnerEventRejectColumn).At(i),
		Value:  string(c.Text(tables.PartnerEventRejectValue).At(i)),
	}
	e.Past = e.Verdict
	return e, nil
}

// AppendTo appends the event to a batch of the partner_events table.
func (e *MoneyEvent) AppendTo(c *parquet.Columns[tables.PartnerEvent]) {
	for _, w := range [...]struct {
		at   tables.WordColumn[tables.PartnerEvent]
		word string
	}{{tables.PartnerEventFeed, e.Feed}, {tables.PartnerEventPartnerID, e.Partner}, {tables.PartnerEventType, e.Type},
		{tables.PartnerEventOtherID, e.Other}, {tables.PartnerEventScope, e.Scope}, {tables.PartnerEventPeriod,
			e.Period},
		{tables.PartnerEventReason, e.Verdict.Why.String()}, {tables.PartnerEventRejectColumn, e.Verdict.Column},
		{tables.PartnerEventFile, e.From.File}, {tables.PartnerEventFileHash, e.From.Hash},
		{tables.PartnerEventHeader, e.From.Header}} {
		c.Word(w.at).Add(w.word)
	}
	for _, w := range [...]struct {
		at   tables.TextColumn[tables.PartnerEvent]
		text string
	}{{tables.PartnerEventEventID, e.ID}, {tables.PartnerEventSubjectID, e.Subject}, {tables.PartnerEventDetail,
		e.Detail},
		{tables.PartnerEventNote, e.Note}, {tables.PartnerEventRejectValue, e.Verdict.Value},
		{tables.PartnerEventRaw, e.From.Raw}} {
		c.Text(w.at).Add(w.text)
	}
	c.Time(tables.PartnerEventTime).Add(e.Time)
	c.Time(tables.PartnerEventAsOf).Add(e.AsOf)
	c.Time(tables.PartnerEventInstant).Add(e.Instant)
	c.Whole(tables.PartnerEventHeads).Add(e.Heads)
	c.Whole(tables.PartnerEventRow).Add(e.From.Row)
	c.Amount(tables.PartnerEventAmount).Add(e.Amount.Raw())
	c.N++
}

func amountAt[T any](c *parquet.Columns[T], col tables.AmountColumn[T], i int) (money.Amount, error) {
	d := c.Amount(col).At(i)
	return money.AmountFromRaw(d.Hi, d.Lo)
}
