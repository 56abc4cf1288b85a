package pay

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// bucketCycle pays a bucket of an open cycle.
type bucketCycle struct {
	w          *Worker
	at         lake.Place
	bounds     period.Span
	clock      period.Clock
	next, base dayFiles
	all        bool // every day must be paid again
	stale      bool // a held file was rated again and does not contain what paid its lines
	changed    map[period.Day]bool
	moved      map[sale]bool // a line or a refund of it is new or gone
	files      []*heldFile
	held       []*heldLine        // by day, customer, and in the order of time
	inAdvance  map[chargeKey]bool // charges in advance for which re-rating posted a difference into the place
	events     []*accountEvent    // by day, customer, instant and id
	reclaims   []*Reclaim         // by day, customer and in their order
	from       period.Day         // every day from this one on must be paid again, because issued coupons changed
	days       int
	lines      int64
}

// place pays a bucket of a cycle, if necessary.
func (w *Worker) place(ctx context.Context, at lake.Place) error {
	zone := w.Books.Zone
	pl := &bucketCycle{w: w, at: at, bounds: zone.Bounds(at.Cycle), clock: zone.Clock(), next: w.next[at],
		base:    w.base[at],
		changed: make(map[period.Day]bool), moved: make(map[sale]bool), all: w.Refold(at.Cycle)}
	pl.issued()
	if pl.isCash() {
		if _, has := pl.next[tableDay{table: tables.AccountEvents().Name}]; has && pl.all {
			pl.refuse(nil) // without a ledger or coupons no event is refused
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

// clean reports whether nothing changed that payments of the place depend on, judging by files only.
func (pl *bucketCycle) clean() (bool, error) {
	if pl.all || pl.w.carries() || pl.from <= pl.endDay() || len(pl.changed) > 0 {
		return false, nil
	}
	depends := func(k tableDay) bool { return k.table == tables.Lines().Name || k.table == tables.AccountEvents().Name }
	for _, pair := range [...][2]dayFiles{{pl.next, pl.base}, {pl.base, pl.next}} {
		for k, e := range pair[0] {
			if depends(k) && (e.Path != pair[1][k].Path || state.IsRated(e)) {
				return false, nil
			}
		}
	}
	if _, has := pl.next[tableDay{tables.Lines().Name, lake.ChargesDay}]; has && len(pl.w.recharged) > 0 {
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

// endDay represents lake.EndDay. It follows the days of the cycle.
func (pl *bucketCycle) endDay() period.Day { return pl.at.Cycle.Last() + 1 }

// keyDay returns a day as in the key of a file.
func (pl *bucketCycle) keyDay(d period.Day) lake.Day {
	if d == pl.endDay() {
		return lake.EndDay
	}
	return lake.DayOf(d)
}

// dayOf returns the day of the cycle on which an instant is paid.
func (pl *bucketCycle) dayOf(t period.Instant) period.Day {
	return min(max(pl.clock.Day(t), pl.at.Cycle.First()), pl.at.Cycle.Last())
}

// allDays returns the days on which something is or was paid. It marks those whose files of lines differ as changed.
func (pl *bucketCycle) allDays() ([]period.Day, error) {
	set := make(map[period.Day]bool)
	for _, files := range [...]dayFiles{pl.next, pl.base} {
		for k := range files {
			if k.table != tables.Lines().Name && k.table != balancesTable && k.table != entriesTable ||
				slices.Contains(heldDays[:], k.day) {
				continue
			}
			d := pl.endDay()
			if k.day != lake.EndDay {
				var ok bool
				if d, ok = k.day.Calendar(); !ok {
					return nil, fmt.Errorf("%s of %s: no day of the calendar: %q", k.table, pl.at.Cycle, k.day)
				}
			}
			set[d] = true
			if e := pl.next[k]; k.table == tables.Lines().Name && (e.Path != pl.base[k].Path || state.IsRated(e)) {
				pl.changed[d] = true
			}
		}
	}
	for _, l := range pl.held {
		set[l.day] = true
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

// payDays pays the changed days, and the days after them until the closing balances are equal to the stored ones
// (CASH-3). With clean it pays nothing and only keeps track of the balances.
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

// refused returns the ids of the account events that were refused because the balance was too low.
func (pl *bucketCycle) refused() map[string]bool {
	ids := make(map[string]bool)
	for _, e := range pl.events {
		if e.Refused {
			ids[e.ID] = true
		}
	}
	return ids
}

// refuse adds the refused account events of the place to the result.
func (pl *bucketCycle) refuse(ids map[string]bool) {
	one := Refused{Cycle: pl.at.Cycle, IDs: [][]byte{}}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		one.IDs = append(one.IDs, []byte(id))
	}
	pl.w.result.Refused = append(pl.w.result.Refused, one)
}

// hand adds the paid cycle to the result.
func (pl *bucketCycle) hand() {
	r := pl.w.result
	r.Cycles = append(r.Cycles, pl.at.Cycle)
	r.Days, r.Lines = r.Days+pl.days, r.Lines+pl.lines
}

// key names a file of the place.
func (pl *bucketCycle) key(table string, day lake.Day) lake.FileKey {
	return lake.FileKey{Table: table, Cycle: lake.CycleOf(pl.at.Cycle), Day: day, Bucket: pl.at.Bucket}
}
