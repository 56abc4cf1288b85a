package events

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// MoneyKey is the place of events about partners' money in the lake: one list of no cycle.
func MoneyKey() lake.FileKey {
	return lake.FileKey{Table: tables.PartnerEvents().Name, Bucket: lake.NoBucket}
}

// LoadMoney adds the events about partners' money of a lake file to the book, rejected ones among them: those of some
// feeds. What holds none of them is not read.
func (b *Book) LoadMoney(o tablefile.Opener, e lake.FileEntry, feedNames ...string) error {
	for _, name := range feedNames {
		err := EachMoney(o, e, name, nil, func(e *MoneyEvent) error {
			if b.Money[name] == nil {
				b.Money[name] = map[string]*MoneyEvent{}
			}
			b.Money[name][e.ID] = e
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EachMoney visits the events of a feed about partners' money in a lake file that are wanted (nil = all), rejected ones
// among them.
func EachMoney(o tablefile.Opener, f lake.FileEntry, feedName string, wanted func(c *parquet.Columns, i int) bool,
	visit func(*MoneyEvent) error) error {
	return tablefile.EachOf(o, f, tables.PartnerEvents(), tables.PartnerEventFeed, feedName,
		func(c *parquet.Columns, i int) error {
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
func moneyAt(c *parquet.Columns, i int) (*MoneyEvent, error) {
	col := c.C
	amount, err := amountAt(c, tables.PartnerEventAmount, i)
	if err != nil {
		return nil, err
	}
	e := &MoneyEvent{
		Feed:    col[tables.PartnerEventFeed].Word(i),
		ID:      string(col[tables.PartnerEventID].Text(i)),
		Partner: col[tables.PartnerEventPartner].Word(i),
		Type:    col[tables.PartnerEventType].Word(i),
		Time:    period.Instant(col[tables.PartnerEventTime].Ints[i]),
		Amount:  amount,
		Heads:   col[tables.PartnerEventHeads].Ints[i],
		Subject: string(col[tables.PartnerEventSubject].Text(i)),
		Other:   col[tables.PartnerEventOther].Word(i),
		Scope:   col[tables.PartnerEventScope].Word(i),
		Period:  col[tables.PartnerEventPeriod].Word(i),
		Detail:  string(col[tables.PartnerEventDetail].Text(i)),
		Note:    string(col[tables.PartnerEventNote].Text(i)),
		AsOf:    period.Instant(col[tables.PartnerEventAsOf].Ints[i]),
		Instant: period.Instant(col[tables.PartnerEventInstant].Ints[i]),
		File:    -1,
		From: Source{File: col[tables.PartnerEventFile].Word(i), Hash: col[tables.PartnerEventFileHash].Word(i),
			Row: col[tables.PartnerEventRow].Ints[i], Header: col[tables.PartnerEventHeader].Word(i),
			Raw: string(col[tables.PartnerEventRaw].Text(i))},
	}
	word := col[tables.PartnerEventReason].Word(i)
	why, known := reason.Parse(word)
	if word != "" && !known {
		return nil, fmt.Errorf("reason %q", word)
	}
	e.Verdict = verdict.Verdict{
		Why:    why,
		Column: col[tables.PartnerEventColumn].Word(i),
		Value:  string(col[tables.PartnerEventValue].Text(i)),
	}
	e.Past = e.Verdict
	return e, nil
}

// MoneyEvents lists the events of a feed about partners' money, by id.
func (b *Book) MoneyEvents(feedName string) []*MoneyEvent {
	list := make([]*MoneyEvent, 0, len(b.Money[feedName]))
	for _, e := range b.Money[feedName] {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *MoneyEvent) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// StoreMoney stores the events about partners' money with their verdicts, by feed and event_id. ledger writes those of
// LedgerFeed.
func (m *Maker) StoreMoney(b *Book, ledger func(write func(*MoneyEvent) error) error) error {
	w := tablefile.NewWriter(m.Txn, tables.PartnerEvents())
	w.Restart(MoneyKey())
	write := func(e *MoneyEvent) error {
		storeMoney(w.Cols, e)
		return w.Added()
	}
	names := append(slices.Collect(maps.Keys(b.Money)), LedgerFeed)
	slices.Sort(names)
	for _, name := range names {
		if name == LedgerFeed {
			if err := ledger(write); err != nil {
				return errors.Join(err, w.Abort())
			}
		}
		for _, e := range b.MoneyEvents(name) {
			if err := write(e); err != nil {
				return errors.Join(err, w.Abort())
			}
		}
	}
	files, err := w.Finish(nil)
	if err != nil {
		return err
	}
	return m.Txn.Next().Replace(MoneyKey(), files...)
}

// storeMoney appends an event to a batch of the partner_events table.
func storeMoney(c *parquet.Columns, e *MoneyEvent) {
	col := c.C
	for _, w := range [...]struct {
		at   int
		word string
	}{{tables.PartnerEventFeed, e.Feed}, {tables.PartnerEventPartner, e.Partner}, {tables.PartnerEventType, e.Type},
		{tables.PartnerEventOther, e.Other}, {tables.PartnerEventScope, e.Scope}, {tables.PartnerEventPeriod, e.Period},
		{tables.PartnerEventReason, e.Verdict.Why.String()}, {tables.PartnerEventColumn, e.Verdict.Column},
		{tables.PartnerEventFile, e.From.File}, {tables.PartnerEventFileHash, e.From.Hash},
		{tables.PartnerEventHeader, e.From.Header}} {
		col[w.at].AddWord(w.word)
	}
	for _, w := range [...]struct {
		at   int
		text string
	}{{tables.PartnerEventID, e.ID}, {tables.PartnerEventSubject, e.Subject}, {tables.PartnerEventDetail, e.Detail},
		{tables.PartnerEventNote, e.Note}, {tables.PartnerEventValue, e.Verdict.Value},
		{tables.PartnerEventRaw, e.From.Raw}} {
		col[w.at].AddText(w.text)
	}
	addInt(&col[tables.PartnerEventTime], int64(e.Time))
	addInt(&col[tables.PartnerEventAsOf], int64(e.AsOf))
	addInt(&col[tables.PartnerEventInstant], int64(e.Instant))
	addInt(&col[tables.PartnerEventHeads], e.Heads)
	addInt(&col[tables.PartnerEventRow], e.From.Row)
	col[tables.PartnerEventAmount].AddDec(e.Amount.Raw())
	c.N++
}
