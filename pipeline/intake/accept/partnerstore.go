package accept

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StorePartners stores the transfers of every cycle that has new ones. It stores the incentive events if there are new
// ones or a verdict changed.
func (s *EventStore) StorePartners(b *EventBook) error {
	for _, c := range b.newTransfers() {
		key := lake.FileKey{Table: "transfers", Cycle: lake.CycleOf(c), Bucket: TransferBucket}
		if err := rows.PutFile(s.Txn, key, transfersOf(b, c).Any(), nil); err != nil {
			return err
		}
	}
	changed := slices.ContainsFunc(b.Turned, func(t EventTurn) bool { return t.Feed == IncentivesKey().Table })
	for _, e := range b.Incentives {
		changed = changed || e.File >= 0
	}
	if !changed {
		return nil
	}
	return rows.PutFile(s.Txn, IncentivesKey(), incentiveRows(b).Any(), nil)
}

// newTransfers lists the cycles with transfers of this run, ascending.
func (b *EventBook) newTransfers() []period.Cycle {
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
func (b *EventBook) NewCycles() []period.Cycle {
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
func transfersOf(b *EventBook, c period.Cycle) *parquet.Columns[tables.Transfer] {
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
func incentiveRows(b *EventBook) *parquet.Columns[tables.IncentiveEvent] {
	rows := parquet.NewColumns(tables.IncentiveEvents())
	for _, id := range slices.Sorted(maps.Keys(b.Incentives)) {
		b.Incentives[id].AppendTo(rows)
	}
	return rows
}

// LoadIncentives adds the incentive events of a lake file to the book, refused ones included.
func (b *EventBook) LoadIncentives(o rows.FileOpener, e lake.FileEntry) error {
	return EachIncentive(o, e, func(e *IncentiveEvent) { b.Incentives[e.ID] = e })
}
