package admin

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ArchiveWaits is a cycle that is old enough to be archived but has to stay.
type ArchiveWaits struct {
	Cycle string `json:"cycle"`
	Why   string `json:"why"`
}

// DueArchives lists, in order, the closed cycles before a given one that are complete in the state and can leave it. It
// stops at the first cycle that has to stay, and returns that as waits (ARCH-6).
func DueArchives(ctx context.Context, snap *lake.Snapshot, b *books.Books, before period.Cycle) (due []lake.Cycle,
	waits *ArchiveWaits, err error) {
	closed := snap.Manifest.ClosedThrough.Or(0)
	late := &lateUse{zone: b.Zone, snap: snap}
	for _, ref := range snap.Manifest.Cycles {
		c := ref.Period()
		if ref.Archived != nil || ref.Files == nil {
			continue
		}
		if c >= before {
			break
		}
		if why, err := late.needs(ctx, c, closed); err != nil || why != "" {
			return due, &ArchiveWaits{c.String(), why}, err
		}
		if last := rating.CommittedUntil(b, c); last > closed {
			why := fmt.Sprintf("a commitment counts it until %s, which is not closed", last)
			return due, &ArchiveWaits{c.String(), why}, nil
		}
		due = append(due, ref.Cycle)
	}
	return due, nil, nil
}

// lateUse finds the closed cycles whose late records and cost differences are billed in open cycles.
type lateUse struct {
	zone   *period.Zone
	snap   *lake.Snapshot
	read   bool
	oldest map[lake.Cycle]period.Cycle // by open cycle
}

// needs says why a cycle has to stay; "" = it can leave.
func (l *lateUse) needs(ctx context.Context, c, closed period.Cycle) (string, error) {
	_, month := c.Month()
	if quarter := c + period.Cycle(2-(month-1)%3); c > closed || quarter > closed {
		return fmt.Sprintf("%s, the end of its quarter, is not closed", max(c, quarter)), nil
	}
	if !l.read {
		if err := l.load(ctx, closed); err != nil {
			return "", err
		}
	}
	for _, ref := range l.snap.Manifest.Cycles {
		if oldest, ok := l.oldest[ref.Cycle]; ok && oldest <= c {
			return fmt.Sprintf("late records or restated costs of %s are billed in %s, which is open", oldest,
				ref.Cycle), nil
		}
	}
	return "", nil
}

// load reads the late records of open cycles, and what these cycles bill for cost files of closed ones.
func (l *lateUse) load(ctx context.Context, closed period.Cycle) error {
	l.read, l.oldest = true, make(map[lake.Cycle]period.Cycle)
	for _, ref := range l.snap.Manifest.Cycles {
		if ref.State == lake.CycleClosed {
			continue
		}
		files, err := l.snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		for _, e := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			switch e.Table {
			case tables.Late().Name:
				err = oldest(l, e, tables.Late(), tables.RecordOriginCycle.Of(),
					func(row rows.Row[tables.Record]) (period.Cycle, error) {
						return period.ParseCycle(row.Word(tables.RecordOriginCycle))
					})
			case tables.LateSamples().Name:
				err = oldest(l, e, tables.LateSamples(), tables.SampleSlot.Of(),
					func(row rows.Row[tables.Sample]) (period.Cycle, error) {
						return l.zone.Cycle(row.Time(tables.SampleSlot)), nil
					})
			case tables.CostPostings().Name:
				err = oldest(l, e, tables.CostPostings(), tables.CostPostingOriginCycle.Of(),
					func(row rows.Row[tables.CostPosting]) (period.Cycle, error) {
						return period.ParseCycle(row.Word(tables.CostPostingOriginCycle))
					})
			case tables.Margins().Name: // an unallocated cost has no posting
				if e.Day == lake.RestatedDay {
					err = oldest(l, e, tables.Margins(), tables.MarginOriginCycle.Of(),
						func(row rows.Row[tables.Margin]) (period.Cycle, error) {
							return period.ParseCycle(row.Word(tables.MarginOriginCycle))
						})
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// oldest records the oldest cycle to which rows of a file belong.
func oldest[T any](l *lateUse, e lake.FileEntry, def tables.Def[T], col tables.ColumnOf[T],
	of func(rows.Row[T]) (period.Cycle, error)) error {
	return rows.EachUnsorted(l.snap, e, def, tables.List[T]{col}, func(row rows.Row[T]) error {
		c, err := of(row)
		if known, ok := l.oldest[e.Cycle]; !ok || c < known {
			l.oldest[e.Cycle] = c
		}
		return err
	})
}
