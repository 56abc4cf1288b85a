package closed

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// billing is the step in which records are billed: a cycle's late records are billed before its own.
type billing struct {
	cycle period.Cycle
	part  billingPart
}

type billingPart uint8

const (
	lateRecords billingPart = iota
	ownRecords
)

func (b billing) before(o billing) bool {
	return cmp.Or(cmp.Compare(b.cycle, o.cycle), cmp.Compare(b.part, o.part)) < 0
}

// reratedDraws holds the draws that re-rates posted in a cycle changed.
type reratedDraws struct {
	posted period.Cycle
	draws  map[Key]string
}

// others returns, for customers in apart, the records of other cycles that were re-rated after they were billed, with
// what they drew when billed. archivedMoves covers those that the close of an archived cycle billed.
func (r *rerating) others() (map[int32][]*Record, error) {
	for _, c := range r.late.Opening.Cycles(r.late.LateIn) {
		one := reratedDraws{c, make(map[Key]string)}
		if err := r.step.RedrawnIn(c, one.draws); err != nil {
			return nil, err
		}
		r.reratedDraws = append(r.reratedDraws, one)
	}
	if err := r.keep(); err != nil {
		return nil, err
	}
	out := make(map[int32][]*Record)
	closed := make(map[period.Cycle]map[Key]bool)
	for key := range r.step.ReratedDraws {
		if key.Origin == r.origin || !r.apart[key.Customer] {
			continue
		}
		if one := r.step.All[key]; one != nil {
			then := one.Record
			if err := then.ReadDraws(r.late.Books, one.DrewThen); err != nil {
				return nil, err
			}
			out[key.Customer] = append(out[key.Customer], &then)
			continue
		}
		if isArchived(r.late.Txn, key.Origin) {
			continue
		}
		if closed[key.Origin] == nil {
			closed[key.Origin] = make(map[Key]bool)
		}
		closed[key.Origin][key] = true
	}
	step := *r.step
	step.ReratedDraws = nil // as they were billed
	src := &Sources{Step: &step, Own: make(map[Key]*Record)}
	for origin, keys := range closed {
		if err := src.ReadBilled(origin, keys); err != nil {
			return nil, err
		}
		for key := range keys {
			then, err := src.Billed(key)
			if err != nil {
				return nil, err
			}
			out[key.Customer] = append(out[key.Customer], then)
		}
	}
	return out, nil
}

// moves returns how much more was drawn in quota periods before a billing than was known then. The customer's records
// that were billed before it and not reversed count with what they draw now, those of other cycles as last re-rated
// (FOLD-6). What was known includes the re-rates posted up to the cycle of the billing.
func (a *customerReplay) moves(at billing) (map[QuotaPeriod]money.SignedQuantity, error) {
	out := make(map[QuotaPeriod]money.SignedQuantity)
	move := func(then *Record, draws []table.PackageDraw) error {
		key := then.Key()
		if next := a.re.replacedBy[key]; !a.billedIn(key).before(at) || a.unbilled(key) ||
			next != nil && a.billedIn(next.Key()).before(at) {
			return nil
		}
		known, by, err := a.drewBy(then, at.cycle)
		if err != nil {
			return err
		}
		known = slices.DeleteFunc(slices.Clone(known), func(d table.PackageDraw) bool {
			return a.re.otherPeriod(d, then.Start, by)
		})
		if err := a.add(out, then.Start, draws, false); err != nil {
			return err
		}
		return a.add(out, then.Start, known, true)
	}
	for key, then := range a.then {
		if err := move(then, a.now[key].Draws); err != nil {
			return nil, err
		}
	}
	for _, then := range a.others {
		now, _, err := a.drewBy(then, a.re.late.LateIn)
		if err == nil {
			err = move(then, now)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, m := range a.archived {
		if m.posted <= at.cycle {
			continue
		}
		var err error
		if out[m.QuotaPeriod], err = out[m.QuotaPeriod].Add(m.by); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// billedIn returns when a record was billed.
func (a *customerReplay) billedIn(key Key) billing {
	if one := a.re.step.All[key]; one != nil {
		return billing{one.Billed, lateRecords}
	}
	return billing{key.Origin, ownRecords}
}

// drewBy returns what a record draws after the re-rates posted up to a cycle, and by which books; then is the record as
// it was billed.
func (a *customerReplay) drewBy(then *Record, posted period.Cycle) ([]table.PackageDraw, keptBy, error) {
	for _, one := range slices.Backward(a.re.reratedDraws) {
		if text, ok := one.draws[then.Key()]; ok && one.posted <= posted {
			r := *then
			err := r.ReadDraws(a.re.late.Books, text)
			return r.Draws, keptBy{one.posted, then.Origin}, err
		}
	}
	billed := a.billedIn(then.Key()).cycle
	return then.Draws, keptBy{billed, billed}, nil
}

// keptBy names books that closed cycles keep: those of a close, or of a re-rate of the cycle origin.
type keptBy struct{ in, origin period.Cycle }

// keptPackage names a package in these books.
type keptPackage struct {
	keptBy
	customer, id string
}

// keep reads the packages of the books by which closed cycles were billed.
func (r *rerating) keep() error {
	list, err := r.late.Opening.ClosedBooks(r.late.LateIn)
	r.kept = make(map[keptPackage][]state.ClosedBook)
	for i := range list {
		if who := r.late.Books.Customer(list[i].Customer); r.apart[who] {
			key := keptPackage{keptBy{list[i].In, list[i].Origin}, list[i].Customer, list[i].ID}
			r.kept[key] = append(r.kept[key], list[i])
		}
	}
	return err
}

// otherPeriod reports whether a draw at t was by these books of a quota period with another start than by today's: its
// row changed after re-rating had given its draws back (§3.7). Positions of that time do not count it in today's
// period.
func (r *rerating) otherPeriod(d table.PackageDraw, t period.Instant, by keptBy) bool {
	p := &r.late.Books.Packages[d.Package]
	then := *p
	for _, k := range r.kept[keptPackage{by, r.late.Books.Customers[p.Customer].ID, p.ID}] { // by valid_from
		if k.From <= t {
			then.Valid.From, then.Reset = k.From, books.ResetOf(k.Says)
		}
	}
	return r.late.Prices.QuotaPeriod(&then, t).From != r.late.Prices.QuotaPeriod(p, t).From
}

// add adds draws of a record that began at t to quota periods; with less it subtracts them.
func (a *customerReplay) add(to map[QuotaPeriod]money.SignedQuantity, t period.Instant, draws []table.PackageDraw,
	less bool) (err error) {
	for _, d := range draws {
		q := d.Quantity.Signed()
		if less {
			q = q.Neg()
		}
		f := QuotaPeriod{Package: d.Package,
			Start: a.re.late.Prices.QuotaPeriod(&a.re.late.Books.Packages[d.Package], t).From}
		if to[f], err = to[f].Add(q); err != nil {
			return err
		}
	}
	return nil
}

// leaveDraws notes what records draw if it differs from what is stored: the text with which they were billed, or that
// of an earlier re-rate.
func (a *customerReplay) leaveDraws() {
	text := func(r *Record) string { return string(table.AppendDraws(nil, a.re.late.Books.Packages, r.Draws)) }
	for key, r := range a.now {
		known, ok := a.re.step.ReratedDraws[key]
		if !ok {
			known = text(a.then[key])
		}
		text := text(r)
		if key.Origin == a.re.origin && text != known && !a.unbilled(key) {
			a.re.redrawn[key] = text
		}
	}
}

// shift adds a shift of one of the customer's positions, unless it is zero.
func (a *customerReplay) shift(kind table.KindOfPosition, key, scope string, at period.Instant,
	by money.SignedQuantity) {
	if !by.IsZero() {
		a.re.shifts = append(a.re.shifts, state.PackageShift{
			Customer: a.customer,
			Origin:   a.re.origin,
			Billed:   a.re.late.LateIn,
			Kind:     kind,
			Key:      key,
			Scope:    scope,
			At:       at,
			By:       by,
		})
	}
}
