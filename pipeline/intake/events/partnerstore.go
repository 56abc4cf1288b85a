package events

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TransferBucket is the bucket of transfers: they are about partners, who have customers in every bucket, and are few,
// so one file a cycle holds them all; bucket 0 is always there.
const TransferBucket = 0

// IncentivesKey is the place of incentive events in the lake: one file for all. They are about periods of programmes
// and no cycle, and closing a cycle does not end what can be said of them (EV-8).
func IncentivesKey() lake.FileKey {
	return lake.FileKey{Table: "incentive_events", Bucket: lake.NoBucket}
}

// StorePartners stores the transfers of every cycle that has new ones, and the incentive events if one is new or
// decided otherwise.
func (m *Maker) StorePartners(b *Book) error {
	for _, c := range b.newTransfers() {
		key := lake.FileKey{Table: "transfers", Cycle: c.String(), Bucket: TransferBucket}
		if err := tablefile.Put(m.Txn, key, transfersOf(b, c).Any(), nil); err != nil {
			return err
		}
	}
	changed := slices.ContainsFunc(b.Turned, func(t Turn) bool { return t.Feed == IncentivesKey().Table })
	for _, e := range b.Incentives {
		changed = changed || e.File >= 0
	}
	if !changed {
		return nil
	}
	return tablefile.Put(m.Txn, IncentivesKey(), incentiveRows(b).Any(), nil)
}

// newTransfers are the cycles with transfers of this run, ascending.
func (b *Book) newTransfers() []period.Cycle {
	var cycles []period.Cycle
	for _, t := range b.Transfers {
		if t.File >= 0 {
			cycles = append(cycles, t.Cycle)
		}
	}
	slices.Sort(cycles)
	return slices.Compact(cycles)
}

// NewCycles are the cycles with account events or transfers of this run, ascending.
func (b *Book) NewCycles() []period.Cycle {
	all := b.newTransfers()
	for _, e := range b.Accounts {
		if e.File >= 0 {
			all = append(all, e.Cycle)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// transfersOf are the rows of a cycle's transfers, by id.
func transfersOf(b *Book, c period.Cycle) *parquet.Columns[tables.Transfer] {
	rows := parquet.NewColumns(tables.Transfers())
	for _, id := range slices.Sorted(maps.Keys(b.Transfers)) {
		t := b.Transfers[id]
		if t.Cycle != c {
			continue
		}
		rows.Text(tables.TransferTransferID).Add(t.ID)
		rows.Word(tables.TransferOwnCycle).Add(t.Own.String())
		rows.Word(tables.TransferFromPartnerID).Add(t.From)
		rows.Word(tables.TransferToPartnerID).Add(t.To)
		rows.Word(tables.TransferCustomerID).Add(t.Customer)
		rows.Amount(tables.TransferAmount).Add(t.Amount.Raw())
		rows.Time(tables.TransferAsOf).Add(t.AsOf)
		rows.N++
	}
	return rows
}

// incentiveRows are all incentive events, by id.
func incentiveRows(b *Book) *parquet.Columns[tables.IncentiveEvent] {
	rows := parquet.NewColumns(tables.IncentiveEvents())
	for _, id := range slices.Sorted(maps.Keys(b.Incentives)) {
		e := b.Incentives[id]
		for i, word := range map[tables.WordColumn[tables.IncentiveEvent]]string{
			tables.IncentiveEventPartnerID: e.Partner, tables.IncentiveEventProgrammeID: e.Programme,
			tables.IncentiveEventPeriod: e.Period, tables.IncentiveEventEvent: e.Event,
			tables.IncentiveEventMet: e.Met, tables.IncentiveEventFile: e.From.File,
			tables.IncentiveEventFileHash: e.From.Hash, tables.IncentiveEventHeader: e.From.Header} {
			rows.Word(i).Add(word)
		}
		rows.Text(tables.IncentiveEventEventID).Add(e.ID)
		rows.Text(tables.IncentiveEventRaw).Add(e.From.Raw)
		for i, v := range map[int]int64{int(tables.IncentiveEventTime): int64(e.Time),
			int(tables.IncentiveEventAsOf): int64(e.AsOf),
			int(tables.IncentiveEventRow):  e.From.Row} {
			addInt(&rows.C[i], v)
		}
		rows.Small(tables.IncentiveEventRefused).Add(flag(e.Refused))
		rows.N++
	}
	return rows
}

// flag is how a yes or no is stored.
func flag(yes bool) int32 {
	if yes {
		return 1
	}
	return 0
}

// loadTransfer adds a row of the transfers table to the book.
func (b *Book) loadTransfer(c *parquet.Columns[tables.Any], i int, cycle period.Cycle, _ *books.Books) (err error) {
	t := &Transfer{File: -1, Cycle: cycle}
	col := c.C
	t.ID, t.From, t.To = string(col[tables.TransferTransferID].Text(i)), col[tables.TransferFromPartnerID].Word(i),
		col[tables.TransferToPartnerID].Word(i)
	t.Customer, t.AsOf = col[tables.TransferCustomerID].Word(i), period.Instant(col[tables.TransferAsOf].Ints[i])
	if t.Own, err = period.ParseCycle(col[tables.TransferOwnCycle].Word(i)); err != nil {
		return err
	}
	t.Amount, err = money.AmountFromRaw(col[tables.TransferAmount].Decs[i].Hi, col[tables.TransferAmount].Decs[i].Lo)
	b.Transfers[t.ID] = t
	return err
}

// LoadIncentives adds the incentive events of a lake file to the book, refused ones among them.
func (b *Book) LoadIncentives(o tablefile.Opener, e lake.FileEntry) error {
	return tablefile.Each(o, e, tables.IncentiveEvents(), nil, func(c *parquet.Columns[tables.IncentiveEvent],
		i int) error {
		e := &IncentiveEvent{ID: string(c.Text(tables.IncentiveEventEventID).At(i)),
			Partner:   c.Word(tables.IncentiveEventPartnerID).At(i),
			Programme: c.Word(tables.IncentiveEventProgrammeID).At(i),
			Period:    c.Word(tables.IncentiveEventPeriod).At(i), Event: c.Word(tables.IncentiveEventEvent).At(i),
			Time:    c.Time(tables.IncentiveEventTime).At(i),
			AsOf:    c.Time(tables.IncentiveEventAsOf).At(i),
			Refused: c.Small(tables.IncentiveEventRefused).At(i) == 1,
			Met:     c.Word(tables.IncentiveEventMet).At(i), File: -1,
			From: Source{File: c.Word(tables.IncentiveEventFile).At(i),
				Hash:   c.Word(tables.IncentiveEventFileHash).At(i),
				Row:    c.Whole(tables.IncentiveEventRow).At(i),
				Header: c.Word(tables.IncentiveEventHeader).At(i),
				Raw:    string(c.Text(tables.IncentiveEventRaw).At(i))}}
		b.Incentives[e.ID] = e
		return nil
	})
}
