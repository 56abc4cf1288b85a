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
		if err := m.file(lake.FileKey{Table: "transfers", Cycle: c.String(), Bucket: TransferBucket}, transfersOf(b, c),
			nil); err != nil {
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
	return m.file(IncentivesKey(), incentiveRows(b), nil)
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
func transfersOf(b *Book, c period.Cycle) *parquet.Columns {
	rows := parquet.NewColumns(tables.Transfers())
	for _, id := range slices.Sorted(maps.Keys(b.Transfers)) {
		t := b.Transfers[id]
		if t.Cycle != c {
			continue
		}
		col := rows.C
		col[tables.FTransferID].AddText(t.ID)
		col[tables.FOwnCycle].AddWord(t.Own.String())
		col[tables.FFromPartnerID].AddWord(t.From)
		col[tables.FToPartnerID].AddWord(t.To)
		col[tables.FCustomerID].AddWord(t.Customer)
		col[tables.FAmount].AddDec(t.Amount.Raw())
		addInt(&col[tables.FAsOf], int64(t.AsOf))
		rows.N++
	}
	return rows
}

// incentiveRows are all incentive events, by id.
func incentiveRows(b *Book) *parquet.Columns {
	rows := parquet.NewColumns(tables.IncentiveEvents())
	for _, id := range slices.Sorted(maps.Keys(b.Incentives)) {
		e := b.Incentives[id]
		col := rows.C
		for i, word := range map[int]string{tables.VPartnerID: e.Partner, tables.VProgrammeID: e.Programme,
			tables.VPeriod: e.Period, tables.VEvent: e.Event, tables.VMet: e.Met, tables.VFile: e.From.File,
			tables.VFileHash: e.From.Hash, tables.VHeader: e.From.Header} {
			col[i].AddWord(word)
		}
		col[tables.VEventID].AddText(e.ID)
		col[tables.VRaw].AddText(e.From.Raw)
		for i, v := range map[int]int64{tables.VTime: int64(e.Time), tables.VAsOf: int64(e.AsOf),
			tables.VRow: e.From.Row} {
			addInt(&col[i], v)
		}
		col[tables.VRefused].Codes = append(col[tables.VRefused].Codes, flag(e.Refused))
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
func (b *Book) loadTransfer(c *parquet.Columns, i int, cycle period.Cycle, _ *books.Books) (err error) {
	t := &Transfer{File: -1, Cycle: cycle}
	col := c.C
	t.ID, t.From, t.To = string(col[tables.FTransferID].Text(i)), col[tables.FFromPartnerID].Word(i),
		col[tables.FToPartnerID].Word(i)
	t.Customer, t.AsOf = col[tables.FCustomerID].Word(i), period.Instant(col[tables.FAsOf].Ints[i])
	if t.Own, err = period.ParseCycle(col[tables.FOwnCycle].Word(i)); err != nil {
		return err
	}
	t.Amount, err = money.AmountFromRaw(col[tables.FAmount].Decs[i].Hi, col[tables.FAmount].Decs[i].Lo)
	b.Transfers[t.ID] = t
	return err
}

// LoadIncentives adds the incentive events of a lake file to the book, refused ones among them.
func (b *Book) LoadIncentives(o tablefile.Opener, e lake.FileEntry) error {
	return tablefile.Each(o, e, tables.IncentiveEvents(), nil, func(c *parquet.Columns, i int) error {
		col := c.C
		e := &IncentiveEvent{ID: string(col[tables.VEventID].Text(i)), Partner: col[tables.VPartnerID].Word(i),
			Programme: col[tables.VProgrammeID].Word(i),
			Period:    col[tables.VPeriod].Word(i), Event: col[tables.VEvent].Word(i),
			Time: period.Instant(col[tables.VTime].Ints[i]),
			AsOf: period.Instant(col[tables.VAsOf].Ints[i]), Refused: col[tables.VRefused].Codes[i] == 1,
			Met: col[tables.VMet].Word(i), File: -1,
			From: Source{File: col[tables.VFile].Word(i), Hash: col[tables.VFileHash].Word(i),
				Row:    col[tables.VRow].Ints[i],
				Header: col[tables.VHeader].Word(i), Raw: string(col[tables.VRaw].Text(i))}}
		b.Incentives[e.ID] = e
		return nil
	})
}
