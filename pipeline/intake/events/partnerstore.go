package events

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StorePartners stores the transfers of every cycle that has new ones. It stores the incentive events if there are new
// ones or a verdict changed.
func (s *Store) StorePartners(b *Book) error {
	for _, c := range b.newTransfers() {
		key := manifest.FileKey{Table: "transfers", Cycle: manifest.CycleOf(c), Bucket: event.TransferBucket}
		if err := tablefile.Put(s.Txn, key, transfersOf(b, c).Any(), nil); err != nil {
			return err
		}
	}
	changed := slices.ContainsFunc(b.Turned, func(t Turn) bool { return t.Feed == event.IncentivesKey().Table })
	for _, e := range b.Incentives {
		changed = changed || e.File >= 0
	}
	if !changed {
		return nil
	}
	return tablefile.Put(s.Txn, event.IncentivesKey(), incentiveRows(b).Any(), nil)
}

// newTransfers lists the cycles with transfers of this run, ascending.
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

// NewCycles lists the cycles with account events or transfers of this run, ascending.
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

// transfersOf returns the rows of a cycle's transfers, by id.
func transfersOf(b *Book, c period.Cycle) *parquet.Columns[tables.Transfer] {
	rows := parquet.NewColumns(tables.Transfers())
	for _, id := range slices.Sorted(maps.Keys(b.Transfers)) {
		t := b.Transfers[id]
		if t.Cycle != c {
			continue
		}
		t.AppendTo(rows)
	}
	return rows
}

// incentiveRows returns the rows of all incentive events, by id.
func incentiveRows(b *Book) *parquet.Columns[tables.IncentiveEvent] {
	rows := parquet.NewColumns(tables.IncentiveEvents())
	for _, id := range slices.Sorted(maps.Keys(b.Incentives)) {
		b.Incentives[id].AppendTo(rows)
	}
	return rows
}

// LoadIncentives adds the incentive events of a lake file to the book, refused ones included.
func (b *Book) LoadIncentives(o tablefile.Opener, e manifest.FileEntry) error {
	return event.EachIncentive(o, e, func(e *event.Incentive) { b.Incentives[e.ID] = e })
}
