package accept

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TransferBucket is the bucket in which all transfers of a cycle are stored, in one file: they are few and concern
// partners, whose customers are in every bucket. Bucket 0 always exists.
const TransferBucket = 0

// IncentivesKey returns the key of the lake file with all incentive events. The events concern periods of programmes,
// not cycles, and new ones can come after a cycle is closed (EV-8).
func IncentivesKey() lake.FileKey {
	return lake.FileKey{Table: "incentive_events", Bucket: lake.NoBucket}
}

// AppendTo appends the transfer to a batch of the transfers table.
func (t *TransferEvent) AppendTo(rows *parquet.Columns[tables.Transfer]) {
	rows.Text(tables.TransferTransferID).Add(t.ID)
	rows.Word(tables.TransferOwnCycle).Add(t.Own.String())
	rows.Word(tables.TransferFromPartnerID).Add(t.From)
	rows.Word(tables.TransferToPartnerID).Add(t.To)
	rows.Word(tables.TransferCustomerID).Add(t.Customer)
	rows.Amount(tables.TransferAmount).Add(t.Amount.Raw())
	rows.Time(tables.TransferAsOf).Add(t.AsOf)
	rows.N++
}

// AppendTo appends the event to a batch of the incentive_events table.
func (e *IncentiveEvent) AppendTo(rows *parquet.Columns[tables.IncentiveEvent]) {
	rows.Word(tables.IncentiveEventPartnerID).Add(e.Partner)
	rows.Word(tables.IncentiveEventProgrammeID).Add(e.Programme)
	rows.Word(tables.IncentiveEventPeriod).Add(e.Period)
	rows.Word(tables.IncentiveEventEvent).Add(e.Event)
	rows.Word(tables.IncentiveEventMet).Add(e.Met)
	rows.Word(tables.IncentiveEventFile).Add(e.From.File)
	rows.Word(tables.IncentiveEventFileHash).Add(e.From.Hash)
	rows.Word(tables.IncentiveEventHeader).Add(e.From.Header)
	rows.Text(tables.IncentiveEventEventID).Add(e.ID)
	rows.Text(tables.IncentiveEventRaw).Add(e.From.Raw)
	rows.Time(tables.IncentiveEventTime).Add(e.Time)
	rows.Time(tables.IncentiveEventAsOf).Add(e.AsOf)
	rows.Whole(tables.IncentiveEventRow).Add(e.From.Row)
	rows.Small(tables.IncentiveEventRefused).Add(tables.Flag(e.Refused))
	rows.N++
}

// EachTransfer visits the transfers of a lake file.
func EachTransfer(o rows.FileOpener, f lake.FileEntry, visit func(*TransferEvent)) error {
	return each(o, f, tables.Transfers(), nil, nil, func(c *parquet.Columns[tables.Transfer], i int,
		cycle period.Cycle) error {
		transfer, err := transferAt(c, i, cycle)
		if err == nil {
			visit(transfer)
		}
		return err
	})
}

// transferAt reads a row of the transfers table.
func transferAt(c *parquet.Columns[tables.Transfer], i int, cycle period.Cycle) (t *TransferEvent, err error) {
	t = &TransferEvent{File: -1, Cycle: cycle}
	t.ID, t.From, t.To = string(c.Text(tables.TransferTransferID).At(i)), c.Word(tables.TransferFromPartnerID).At(i),
		c.Word(tables.TransferToPartnerID).At(i)
	t.Customer, t.AsOf = c.Word(tables.TransferCustomerID).At(i), c.Time(tables.TransferAsOf).At(i)
	if t.Own, err = period.ParseCycle(c.Word(tables.TransferOwnCycle).At(i)); err != nil {
		return nil, err
	}
	t.Amount, err = amountAt(c, tables.TransferAmount, i)
	return t, err
}

// EachIncentive visits the incentive events of a lake file, refused ones included.
func EachIncentive(o rows.FileOpener, e lake.FileEntry, visit func(*IncentiveEvent)) error {
	return rows.EachRow(o, e, tables.IncentiveEvents(), nil, func(c *parquet.Columns[tables.IncentiveEvent],
		i int) error {
		e := &IncentiveEvent{ID: string(c.Text(tables.IncentiveEventEventID).At(i)),
			Partner:   c.Word(tables.IncentiveEventPartnerID).At(i),
			Programme: c.Word(tables.IncentiveEventProgrammeID).At(i),
			Period:    c.Word(tables.IncentiveEventPeriod).At(i), Event: c.Word(tables.IncentiveEventEvent).At(i),
			Time:    c.Time(tables.IncentiveEventTime).At(i),
			AsOf:    c.Time(tables.IncentiveEventAsOf).At(i),
			Refused: c.Small(tables.IncentiveEventRefused).At(i) == 1,
			Met:     c.Word(tables.IncentiveEventMet).At(i), File: -1,
			From: EventSource{File: c.Word(tables.IncentiveEventFile).At(i),
				Hash:   c.Word(tables.IncentiveEventFileHash).At(i),
				Row:    c.Whole(tables.IncentiveEventRow).At(i),
				Header: c.Word(tables.IncentiveEventHeader).At(i),
				Raw:    string(c.Text(tables.IncentiveEventRaw).At(i))}}
		visit(e)
		return nil
	})
}
