package closed

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// customerReplay bills one customer's closed cycle again, record by record, in the order in which it was billed: first
// what the close billed, then one batch of late records after the other. Draws of other cycles' records in between are
// those of their last re-rate (FOLD-6).
type customerReplay struct {
	re       *rerating
	customer int32
	then     map[Key]*Record // with what they drew when they were billed
	now      map[Key]*Record // with what they draw now
	gone     map[Key]bool    // reversed by a late record
	others   []*Record       // of other cycles, re-rated since, with what they drew when billed
	archived []archivedMove  // of records of archived cycles, which are not in others
	state    State
	charges  table.LineCharges
}

// byRecord rates the customers in apart record by record.
func (r *rerating) byRecord() error {
	if len(r.apart) == 0 {
		return nil
	}
	records, err := r.closedRecords()
	if err != nil {
		return err
	}
	others, err := r.others()
	if err != nil {
		return err
	}
	r.replacedBy = make(map[Key]*Row)
	for _, one := range r.step.All {
		if one.Replaces != "" {
			r.replacedBy[one.Target()] = one
		}
	}
	archived, err := archivedMoves(r, others)
	if err != nil {
		return err
	}
	for _, customer := range slices.Sorted(maps.Keys(r.apart)) {
		a := &customerReplay{re: r, customer: customer, then: make(map[Key]*Record),
			now: make(map[Key]*Record), gone: make(map[Key]bool), others: others[customer],
			archived: archived[customer]}
		if err := a.run(records[customer]); err != nil {
			return err
		}
	}
	return nil
}

// closedRecords returns the records that the close of the cycle billed for the customers in apart, in order.
func (r *rerating) closedRecords() (map[int32][]*Record, error) {
	byKey, err := ClosedRecords(r.late.State, r.bucket, r.origin, r.apart, func(*accept.Record) bool { return true })
	if err != nil {
		return nil, err
	}
	out := make(map[int32][]*Record)
	for key, one := range byKey {
		out[key.Customer] = append(out[key.Customer], one)
	}
	for _, list := range out {
		slices.SortFunc(list, (*Record).Compare)
	}
	return out, nil
}

func (a *customerReplay) run(own []*Record) error {
	a.state = State{Books: a.re.late.Books, Prices: a.re.late.Prices, Rater: a.re.late.Rater,
		Region: a.re.late.Regions.Name}
	if err := a.close(own); err != nil {
		return err
	}
	for _, batch := range a.re.late.Opening.Cycles(a.re.late.LateIn - 1) {
		if batch > a.re.origin {
			if err := a.batch(batch); err != nil {
				return err
			}
		}
	}
	if err := a.meters(); err != nil {
		return err
	}
	return a.leave()
}

// close bills the records that the close billed.
func (a *customerReplay) close(own []*Record) error {
	moves, err := a.moves(billing{a.re.origin, ownRecords})
	if err != nil {
		return err
	}
	rows, err := state.ApplyChanges(a.re.late.Books, a.customer, slices.Clone(a.re.openAt[a.customer]),
		a.changes(moves))
	if err != nil {
		return err
	}
	if err := a.re.late.Rater.Open(a.customer, a.re.origin, rows); err != nil {
		return err
	}
	for _, r := range own {
		now := *r
		a.then[r.Key()], a.now[r.Key()] = r, &now
		a.charges.Reset()
		if err := a.re.late.Rater.Usage(&now.Record, 0, &a.charges); err != nil {
			return err
		}
		if err := now.Draw(a.charges.Draws); err != nil {
			return err
		}
		if err := a.count(&now, false); err != nil {
			return err
		}
	}
	a.state.Open(a.customer)
	a.state.SetMeters(a.metersOf(a.re.late.Rater.Positions(nil)))
	return nil
}

// changes converts moves to deltas of the quota periods that continue into the cycle.
func (a *customerReplay) changes(moves map[QuotaPeriod]money.SignedQuantity) []state.PositionChange {
	w := a.re.late
	var out []state.PositionChange
	for f, by := range moves {
		c := state.PositionChange{
			PositionRow: table.PositionRow{
				Kind: table.PackagePosition, Key: w.Books.Packages[f.Package].ID, At: f.Start},
			Moves: true,
			Delta: by,
		}
		if rating.Continues(w.Prices, a.customer, &c.PositionRow, w.Books.Zone.Bounds(a.re.origin).From) {
			out = append(out, c)
		}
	}
	return out
}

// count adds the lines of a record that was just rated, and its quantity.
func (a *customerReplay) count(r *Record, reversal bool) error {
	q := r.Quantity.Signed()
	if reversal {
		q = q.Neg()
	}
	if rating.Summed(&a.re.late.Books.Products[r.SKU]) {
		owed := a.re.owed[a.customer]
		if err := owed.AddSigned(q); err != nil {
			return err
		}
		a.re.owed[a.customer] = owed
	}
	return a.re.charge(r, &a.charges, reversal)
}

func (a *customerReplay) metersOf(rows []table.PositionRow) map[Meter]money.Quantity {
	out := make(map[Meter]money.Quantity)
	for i := range rows {
		if sku := a.re.late.Books.SKU(rows[i].Key); IsCounter(rows[i].Kind) && sku >= 0 {
			m := Meter{Origin: a.re.origin, SKU: sku, Scope: rows[i].Scope}
			out[m.As(rows[i].Kind)] = rows[i].Count
		}
	}
	return out
}

// sourcesIn returns the sources as late billing in a cycle found them.
func (a *customerReplay) sourcesIn(billed period.Cycle, rows []*Record) (*Sources, error) {
	step := *a.re.step
	step.Cycle = billed
	src := &Sources{Step: &step, Shifted: billed}
	return src, src.Prepare(rows)
}

// batch bills the late records of a closed cycle again.
func (a *customerReplay) batch(billed period.Cycle) error {
	var rows []*Record
	archived := false
	for key, r := range a.re.step.All {
		if r.Billed != billed || key.Customer != a.customer {
			continue
		}
		if key.Origin != a.re.origin {
			if isArchived(a.re.late.Txn, key.Origin) {
				archived = true
				continue
			}
			rows = append(rows, &r.Record)
			continue
		}
		then := r.Record
		if err := then.ReadDraws(a.re.late.Books, r.DrewThen); err != nil {
			return err
		}
		now := then
		a.then[key], a.now[key] = &then, &now
		rows = append(rows, &now)
	}
	if !slices.ContainsFunc(rows, func(r *Record) bool { return r.Origin == a.re.origin }) {
		return nil
	}
	src, err := a.sourcesIn(billed, rows)
	if err != nil {
		return err
	}
	entries, err := Pending(rows, func(key Key) (*Record, error) {
		if r := a.now[key]; r != nil {
			return r, nil
		}
		return src.Billed(key)
	})
	if err != nil {
		return err
	}
	moves, err := a.moves(billing{billed, lateRecords})
	if err != nil {
		return err
	}
	if archived { // their records are earlier than those of the cycle
		if err := a.addBatchMoves(billed, moves); err != nil {
			return err
		}
	}
	a.state.Forget()
	a.state.Drawn = func(_ int32, f QuotaPeriod, span period.Span) (money.Quantity, error) {
		drawn, err := src.Drawn(a.customer, f, span)
		if err != nil {
			return drawn, err
		}
		return state.MovedCount(drawn, moves[f])
	}
	a.state.ForgetMetersBut(a.re.origin)
	a.state.Count = func(customer int32, m Meter) (money.Quantity, error) {
		if m.Origin == a.re.origin {
			return money.Quantity{}, nil
		}
		return src.Count(customer, m)
	}
	for i := range entries {
		if err := a.take(&entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// take bills one entry of a batch again; an entry of another cycle keeps its draws.
func (a *customerReplay) take(e *Entry) error {
	if e.Origin != a.re.origin {
		return a.state.Apply(e)
	}
	a.charges.Reset()
	if err := a.state.Take(e, &a.charges); err != nil {
		return err
	}
	if e.Reversal {
		a.gone[e.Key()] = true
	}
	return a.count(e.Record, e.Reversal)
}

// meters prices the customer's period-level meters.
func (a *customerReplay) meters() error {
	byMeter := make(map[Meter][]*Record)
	for key, r := range a.now {
		if key.Origin == a.re.origin && !a.gone[key] && !a.unbilled(key) &&
			a.re.late.Books.Products[r.SKU].MonthEnd() && !IsLevel(a.re.late.Books, &r.Record) {
			m := MeterOf(a.re.late.Books, r, a.re.late.Regions.Name)
			byMeter[m] = append(byMeter[m], r)
		}
	}
	list := a.re.late.Books.Subscribers.Of(a.customer)
	for i := range list {
		m := MeterOfSubscriber(a.re.late.Books, &list[i], a.re.origin)
		if byMeter[m] == nil && a.re.late.Books.Products[m.SKU].Aggregation != books.TimeWeighted {
			byMeter[m] = nil
		}
	}
	closing := Closing{Books: a.re.late.Books, Rater: a.re.late.Rater, Region: a.re.late.Regions.Name,
		Customer: a.customer, Counts: a.state.Meters()}
	for _, m := range slices.SortedFunc(maps.Keys(byMeter), CompareMeters) {
		charges, about, err := closing.Ends(m, byMeter[m])
		if err != nil {
			return err
		}
		if err := a.re.chargeEnds(a.customer, charges, about); err != nil {
			return err
		}
	}
	return nil
}

// unbilled reports whether a late record was replaced before its batch was billed.
func (a *customerReplay) unbilled(key Key) bool {
	one, by := a.re.step.All[key], a.re.replacedBy[key]
	return one != nil && by != nil && by.Billed == one.Billed
}

// leave notes the positions of meters and packages that differ from the stored ones, and what records draw.
func (a *customerReplay) leave() error {
	src, err := a.sourcesIn(a.re.late.LateIn, nil)
	if err != nil {
		return err
	}
	moves, err := a.moves(billing{a.re.late.LateIn, lateRecords})
	if err != nil {
		return err
	}
	b := a.re.late.Books
	for f, by := range moves {
		a.shift(table.PackagePosition, b.Packages[f.Package].ID, "", f.Start, by)
	}
	a.state.ForgetMetersBut(a.re.origin)
	counts := maps.Clone(a.state.Meters())
	maps.DeleteFunc(counts, func(_ Meter, count money.Quantity) bool { return count.IsZero() })
	known, err := src.Positions(MeterSet{Customer: a.customer, Origin: a.re.origin})
	if err != nil {
		return err
	}
	for _, m := range known {
		counts[m] = a.state.Meters()[m]
	}
	for i := range src.Shifts { // a meter at 0 has no position
		if h := &src.Shifts[i]; h.Customer == a.customer && h.Origin == a.re.origin && IsCounter(h.Kind) &&
			b.SKU(h.Key) >= 0 {
			m := Meter{Origin: a.re.origin, SKU: b.SKU(h.Key), Scope: h.Scope}.As(h.Kind)
			counts[m] = a.state.Meters()[m]
		}
	}
	for m, count := range counts {
		then, err := src.Count(a.customer, m)
		if err != nil {
			return err
		}
		by, err := count.Signed().Sub(then.Signed())
		if err != nil {
			return err
		}
		a.shift(m.Position(), b.Products[m.SKU].SKU, m.Scope, 0, by)
	}
	a.leaveDraws()
	return nil
}
