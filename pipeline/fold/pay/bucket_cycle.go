package pay

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/rated"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// bucketCycle is a bucket of an open cycle being paid.
type bucketCycle struct {
	w          *Worker
	at         place.Place
	bounds     period.Span
	clock      period.Clock
	next, base dayFiles
	all        bool // every day is to be paid again
	stale      bool // a held file was rated again, and does not say what paid its lines
	changed    map[period.Day]bool
	files      []*heldFile
	held       []*heldLine        // by day, customer, and in the order of time
	inAdvance  map[chargeKey]bool // charges in advance of which re-rating posted a difference into the place
	events     []*accountEvent    // by day, customer, instant and id
	reclaims   []*Reclaim         // by day, customer and in their order
	from       period.Day         // every day from this one on is to be paid again, for other coupons are issued
	days       int
	lines      int64
}

// place pays a bucket of a cycle, if it has to be.
func (w *Worker) place(ctx context.Context, at place.Place) error {
	zone := w.Books.Zone
	pl := &bucketCycle{w: w, at: at, bounds: zone.Bounds(at.Cycle), clock: zone.Clock(), next: w.next[at],
		base:    w.base[at],
		changed: make(map[period.Day]bool), all: w.Refold(at.Cycle)}
	pl.issued()
	if pl.isCash() {
		if _, has := pl.next[tableDay{table: tables.AccountEvents().Name}]; has && pl.all {
			pl.refuse(nil) // nothing is refused where nothing moves
		}
		return nil
	}
	clean, err := pl.clean()
	if err != nil {
		return err
	}
	if !clean {
		for _, step := range []func() error{pl.hold, pl.loadAccountEvents} {
			if err := step(); err != nil {
				return err
			}
		}
	}
	if err := pl.payDays(ctx, clean); err != nil {
		return err
	}
	if pl.days == 0 && !pl.stale {
		return nil
	}
	if err := pl.writeHeld(); err != nil {
		return err
	}
	pl.refuse(pl.refused())
	pl.hand()
	return nil
}

// isCash reports whether all lines of the place are cash, now and in the live state (CASH-1).
func (pl *bucketCycle) isCash() bool {
	if pl.w.Rules.Ledger || pl.w.opening.Path != "" || pl.w.was.Path != "" {
		return false
	}
	for _, customer := range pl.w.holders[pl.at.Bucket] {
		if pl.w.coupons.InForce(customer, pl.bounds) {
			return false
		}
	}
	for k := range pl.base {
		if k.table == balancesTable || k.table == entriesTable {
			return false
		}
	}
	return true
}

// clean reports whether nothing changed that payments of the place depend on, so far as files tell.
func (pl *bucketCycle) clean() (bool, error) {
	if pl.all || pl.w.carries() || pl.from <= pl.endDay() || len(pl.changed) > 0 {
		return false, nil
	}
	depends := func(k tableDay) bool { return k.table == tables.Lines().Name || k.table == tables.AccountEvents().Name }
	for _, pair := range [...][2]dayFiles{{pl.next, pl.base}, {pl.base, pl.next}} {
		for k, e := range pair[0] {
			if depends(k) && (e.Path != pair[1][k].Path || rated.Is(e)) {
				return false, nil
			}
		}
	}
	if _, has := pl.next[tableDay{tables.Lines().Name, manifest.ChargesDay}]; has && len(pl.w.recharged) > 0 {
		return false, nil
	}
	if len(pl.w.resplit) == 0 {
		return true, nil
	}
	orders, err := pl.w.orders.in(pl.at.Cycle)
	for _, o := range orders {
		if o.Type == ordering.Unsubscribe && pl.w.resplit[o.Base] {
			return false, err
		}
	}
	return true, err
}

// endDay stands for manifest.EndDay after the days of the cycle.
func (pl *bucketCycle) endDay() period.Day { return pl.at.Cycle.Last() + 1 }

// keyDay is a day as a file's key has it.
func (pl *bucketCycle) keyDay(d period.Day) manifest.Day {
	if d == pl.endDay() {
		return manifest.EndDay
	}
	return manifest.DayOf(d)
}

// dayOf is the day of the cycle on which an instant is paid.
func (pl *bucketCycle) dayOf(t period.Instant) period.Day {
	return min(max(pl.clock.Day(t), pl.at.Cycle.First()), pl.at.Cycle.Last())
}

// allDays are the days on which anything is or was paid, and marks those whose files of lines differ as changed.
func (pl *bucketCycle) allDays() ([]period.Day, error) {
	set := make(map[period.Day]bool)
	for _, files := range [...]dayFiles{pl.next, pl.base} {
		for k := range files {
			if k.table != tables.Lines().Name && k.table != balancesTable && k.table != entriesTable ||
				slices.Contains(heldDays[:], k.day) {
				continue
			}
			d := pl.endDay()
			if k.day != manifest.EndDay {
				var ok bool
				if d, ok = k.day.Calendar(); !ok {
					return nil, fmt.Errorf("%s of %s: no day of the calendar: %q", k.table, pl.at.Cycle, k.day)
				}
			}
			set[d] = true
			if e := pl.next[k]; k.table == tables.Lines().Name && (e.Path != pl.base[k].Path || rated.Is(e)) {
				pl.changed[d] = true
			}
		}
	}
	for _, l := range pl.held {
		set[l.day] = true
		if l.isRefund() && pl.w.resplit[l.order.Base] || l.isChargeRefund() && pl.w.recharged[l.charge.base()] {
			pl.changed[l.day] = true
		}
	}
	for _, e := range pl.events {
		set[e.day] = true
	}
	for _, e := range pl.reclaims {
		set[e.day] = true
	}
	for d := range pl.changed {
		set[d] = true
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// payDays pays the days that changed, and those after them until the balances come out as they were (CASH-3). With
// clean it only passes over the place.
func (pl *bucketCycle) payDays(ctx context.Context, clean bool) error {
	days, err := pl.allDays()
	if err != nil {
		return err
	}
	held, accounted, reclaimed := pl.held, pl.events, pl.reclaims
	for _, d := range days {
		n, m, k := 0, 0, 0
		for n < len(held) && held[n].day == d {
			n++
		}
		for m < len(accounted) && accounted[m].day == d {
			m++
		}
		for k < len(reclaimed) && reclaimed[k].day == d {
			k++
		}
		balances := tableDay{balancesTable, pl.keyDay(d)}
		if !clean && (pl.all || pl.changed[d] || d >= pl.from || pl.w.carries()) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := pl.payDay(d, happenings{held[:n], accounted[:m], reclaimed[:k]}); err != nil {
				return err
			}
			pl.days++
		} else if e, ok := pl.next[balances]; ok {
			pl.w.opening = e
		}
		if e, ok := pl.base[balances]; ok {
			pl.w.was = e
		}
		held, accounted, reclaimed = held[n:], accounted[m:], reclaimed[k:]
	}
	return nil
}

// refused are the ids of the account events that found too little on their balance.
func (pl *bucketCycle) refused() map[string]bool {
	ids := make(map[string]bool)
	for _, e := range pl.events {
		if e.Refused {
			ids[e.ID] = true
		}
	}
	return ids
}

// refuse hands the place's verdict over its account events to the result.
func (pl *bucketCycle) refuse(ids map[string]bool) {
	one := Refused{Cycle: pl.at.Cycle, IDs: [][]byte{}}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		one.IDs = append(one.IDs, []byte(id))
	}
	pl.w.result.Refused = append(pl.w.result.Refused, one)
}

// hand adds what was paid to the result.
func (pl *bucketCycle) hand() {
	r := pl.w.result
	r.Cycles = append(r.Cycles, pl.at.Cycle)
	r.Days, r.Lines = r.Days+pl.days, r.Lines+pl.lines
}

// key names a file of the place.
func (pl *bucketCycle) key(table string, day manifest.Day) manifest.FileKey {
	return manifest.FileKey{Table: table, Cycle: manifest.CycleOf(pl.at.Cycle), Day: day, Bucket: pl.at.Bucket}
}
