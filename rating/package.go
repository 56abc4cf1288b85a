package rating

import (
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// quota is the state of one package: what was drawn in the quota period that begins at start. What is left is computed
// from the present quota in the books. Only draws change it, so reading a package does not affect positions.
type quota struct {
	drawn   money.Quantity
	start   period.Instant
	touched bool        // drawn and start are set; else nothing was drawn from the package
	now     period.Span // the quota period of the last request
}

// leftOf returns what is left of a package; 0 if the books have lowered the quota below what was drawn.
func leftOf(p *books.Package, drawn money.Quantity) money.Quantity {
	left, err := p.Quota.Sub(drawn.Min(p.Quota))
	if err != nil {
		return money.Quantity{} // Min ensures that the difference is not negative
	}
	return left
}

// allowances are the packages of the open customer, with what was drawn from them (§4.3).
type allowances struct {
	c      *tariff.Client
	quotas []quota // in the order of drawOrder.Of for the customer
	past   []quotaPeriod
}

// open resets the open customer's quotas to undrawn.
func (a *allowances) open() {
	n := len(a.c.Book.Packages.Of(a.c.Customer))
	a.quotas = slices.Grow(a.quotas[:0], n)[:n]
	clear(a.quotas)
	a.past = a.past[:0]
}

// packageAt returns the package of the open customer's i-th quota in the books.
func (a *allowances) packageAt(i int) (int32, *books.Package) {
	p := a.c.Book.Packages.Of(a.c.Customer)[i]
	return p, &a.c.Book.Books.Packages[p]
}

// draw covers as much as possible of the record with the customer's packages, in the order nearest valid_to, then
// package_id (§4.3), and appends the draws to out.
func (a *allowances) draw(u *usage, out *table.LineCharges) error {
	for i := range a.quotas {
		if u.left.IsZero() {
			return nil
		}
		code, p := a.packageAt(i)
		if !p.Valid.Holds(u.Start) || !a.covers(code, p, u) {
			continue
		}
		q := &a.quotas[i]
		if !q.now.Holds(u.Start) {
			q.now = a.quotaPeriod(p, u.Start)
		}
		rest := p.Quota
		switch {
		case !q.touched || q.start < q.now.From: // nothing was drawn in this quota period
		case q.start == q.now.From:
			rest = leftOf(p, q.drawn)
		default:
			rest = leftOf(p, a.pastDrawn(int32(i), q.now.From))
		}
		taken := rest.Min(u.left)
		if taken.IsZero() {
			continue
		}
		if err := a.take(u, int32(i), taken); err != nil {
			return err
		}
		out.Draws = append(out.Draws, table.PackageDraw{Package: code, Quantity: taken})
		if a.c.Trace != nil {
			after, err := rest.Sub(taken)
			if err != nil {
				return err
			}
			a.traceDraw(p, q, rest, taken, after)
		}
	}
	return nil
}

// take moves a quantity, at most what is left, from the quota to the record.
func (a *allowances) take(u *usage, i int32, taken money.Quantity) (err error) {
	if u.left, err = u.left.Sub(taken); err != nil {
		return err
	}
	q := &a.quotas[i]
	before, past := q.drawn, q.touched && q.start > q.now.From
	switch {
	case past:
		before = a.pastDrawn(i, q.now.From)
	case !q.touched || q.start != q.now.From:
		before = money.Quantity{}
	}
	after, err := before.Add(taken)
	if err != nil {
		return err
	}
	if past {
		a.setPast(i, q.now.From, after)
	} else {
		q.drawn, q.start, q.touched = after, q.now.From, true
	}
	u.free, err = u.free.Add(taken)
	return err
}

// quotaPeriod is what was drawn in a quota period before the current one of its quota. Positions do not contain it:
// only what Reverse returned since Open can be drawn again.
type quotaPeriod struct {
	quota int32
	start period.Instant
	drawn money.Quantity
}

// pastDrawn returns what was drawn in an earlier quota period of the i-th quota: all of it, unless something was
// returned.
func (a *allowances) pastDrawn(i int32, start period.Instant) money.Quantity {
	for _, f := range a.past {
		if f.quota == i && f.start == start {
			return f.drawn
		}
	}
	_, p := a.packageAt(int(i))
	return p.Quota
}

// setPast sets what was drawn in an earlier quota period of the i-th quota.
func (a *allowances) setPast(i int32, start period.Instant, drawn money.Quantity) {
	for j := range a.past {
		if f := &a.past[j]; f.quota == i && f.start == start {
			f.drawn = drawn
			return
		}
	}
	a.past = append(a.past, quotaPeriod{i, start, drawn})
}

// covers reports whether a package applies to the record's region and sku.
func (a *allowances) covers(code int32, p *books.Package, u *usage) bool {
	if area := a.c.Book.Packages.Area[code]; area != tariff.AnyRegion && area != u.place.book {
		return false
	}
	_, named := slices.BinarySearch(p.SKUs, u.SKU)
	return named
}

// quotaPeriod returns the quota period of a package that contains t, an instant of the open cycle and of the package's
// validity. A period begins no earlier than the package, so that its start identifies the row of the package.
func (a *allowances) quotaPeriod(p *books.Package, t period.Instant) period.Span {
	switch {
	case p.Reset == books.ResetCycle:
		return period.Span{From: max(a.c.Bounds.From, p.Valid.From), To: a.c.Bounds.To}
	case p.Reset == books.ResetAnniversary && p.Valid.From != period.Past:
		return tariff.EveryMonths(a.c.Book.Books.Zone, p.Valid.From, 1, t)
	default:
		return p.Valid
	}
}

// openRow restores a Package row. It returns false if the package is no longer in the books.
func (a *allowances) openRow(row *table.PositionRow) bool {
	of := a.c.Book.Books.Packages.At(a.c.Customer, row.Key, row.At)
	for i := range a.quotas {
		if code, p := a.packageAt(i); code == of {
			drawn, err := row.Usage.Sub(row.Count)
			if row.Usage.IsZero() || err != nil {
				drawn = leftOf(p, row.Count) // the row has no quota, so the present one applies
			}
			a.quotas[i] = quota{drawn: drawn, start: row.At, touched: true}
			return true
		}
	}
	return false
}

// NextCycle appends the positions with which a customer's new cycle opens to dst. Of the previous cycle's closing rows
// these are only levels in force, and what was drawn in quota periods that continue into the cycle, also of packages
// that have ended: valid_to may change.
func NextCycle(bk *tariff.Book, dst, rows []table.PositionRow, customer int32, cycle period.Cycle) []table.PositionRow {
	start := bk.Books.Zone.Bounds(cycle).From
	for i := range rows {
		row := &rows[i]
		switch {
		case row.Kind == table.LevelPosition:
			dst = nextLevel(bk, dst, row)
		case Continues(bk, customer, row, start):
			dst = append(dst, *row)
		}
	}
	return dst
}

// Continues reports whether a position is of a package and its quota period contains t. It is false if no quota period
// begins at its time: of a row from which no closed cycle draws the books can change valid_from (§3.7).
func Continues(bk *tariff.Book, customer int32, row *table.PositionRow, t period.Instant) bool {
	if row.Kind != table.PackagePosition {
		return false
	}
	code := bk.Books.Packages.At(customer, row.Key, row.At)
	return code >= 0 && bk.QuotaPeriod(&bk.Books.Packages[code], t).From == row.At
}
