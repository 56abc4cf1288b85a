package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Reverse reverses a record of the open customer and cycle (§4.11). draw is what the record drew from packages; draws
// says how much of it returns to which package. The draws are returned first, so that the next record can use them.
//
// The lines that it appends to out are the negative charge of the rest, for the last part of the meter, which decreases
// by the rest. For flat this is one line, for graduated one per tier touched, each with the flat fee of a tier that
// begins in [end − rest, end), where Usage charges it. usage_amount, free_resource_usage, quantity and amounts are
// negative. The draws, on the first line, are returned quantities: for a product with a conversion at most what the
// record counts now. Prices and discounts are those of rec.Start. For volume, block and stairstep, Reverse lowers what
// CycleEnd will price and appends no line: §4.11 bills the difference.
//
// Kinds are table.UsageLine and table.FlatFeeLine; a caller that bills an adjustment sets the kind. It is an error if
// draws exceed draw, if draw exceeds the record's quantity, or if the rest exceeds the meter; for a product with a
// conversion the meter becomes 0 instead, and the remainder has no price (§10.2). index becomes Charge.Record.
func (r *Rater) Reverse(rec *Record, draw money.Quantity, draws []table.PackageDraw, index int32,
	out *table.LineCharges) error {
	u := usage{
		Record: rec, product: &r.client.Book.Books.Products[rec.SKU], place: r.regions.place(rec.Region), index: index,
		raw: rec.Quantity, used: rec.Quantity, free: draw, drawsFrom: int32(len(out.Draws)), reversed: true,
	}
	if err := r.reverse(&u, draws, out); err != nil {
		return fmt.Errorf("reverse: %w", r.fail(rec, err))
	}
	return nil
}

func (r *Rater) reverse(u *usage, draws []table.PackageDraw, out *table.LineCharges) error {
	var err error
	if !Summed(u.product) {
		if err := r.records.measure(u); err != nil {
			return err
		}
		if draws, err = u.cutDraws(draws); err != nil {
			return err
		}
	}
	if r.used = u.used; u.product.Replayed() {
		return nil // the cycle's end computes it again from all records
	}
	if u.left, err = u.used.Sub(u.free); err != nil {
		return fmt.Errorf("its draw: %w", err)
	}
	if err := r.packages.giveBack(u, draws, out); err != nil {
		return err
	}
	u.drawsTo = int32(len(out.Draws))
	return r.rate(u, out)
}

// giveBack returns the record's draws to their quotas and appends them to out.
func (a *allowances) giveBack(u *usage, draws []table.PackageDraw, out *table.LineCharges) error {
	rest := u.free
	for _, d := range draws {
		var err error
		if rest, err = rest.Sub(d.Quantity); err != nil {
			return fmt.Errorf("draws of more than %s: %w", u.free.Trim(), err)
		}
		out.Draws = append(out.Draws, d)
		if err := a.refill(u, d); err != nil {
			return err
		}
	}
	return nil
}

// refill returns a draw to its package.
func (a *allowances) refill(u *usage, d table.PackageDraw) error {
	for i := range a.quotas {
		if code, p := a.packageAt(i); code == d.Package {
			return a.refillQuota(int32(i), p, u.Start, d.Quantity)
		}
	}
	return nil
}

// refillQuota returns a draw at t to the quota period of the i-th quota that contains t. If nothing is known to be
// drawn since that quota period began, the quota is full, and it does nothing.
func (a *allowances) refillQuota(i int32, p *books.Package, t period.Instant, drawn money.Quantity) error {
	q := &a.quotas[i]
	if !q.now.Holds(t) {
		q.now = a.quotaPeriod(p, t)
	}
	if !q.touched || q.start < q.now.From {
		if a.c.Trace != nil {
			a.c.Trace(tariff.DerivationStep{Kind: tariff.StepGone, Package: p.ID, Period: q.now, Quantity: drawn})
		}
		return nil
	}
	before, past := q.drawn, q.start > q.now.From
	if past {
		before = a.pastDrawn(i, q.now.From)
	}
	after, err := before.Sub(drawn.Min(before)) // the quota in the books may have changed
	if err != nil {
		return fmt.Errorf("package %s: %w", p.ID, err)
	}
	if a.c.Trace != nil {
		a.c.Trace(tariff.DerivationStep{Kind: tariff.StepReturn, Package: p.ID, Period: q.now,
			Before:   leftOf(p, before),
			Quantity: drawn,
			After:    leftOf(p, after)})
	}
	if past {
		a.setPast(i, q.now.From, after)
	} else {
		q.drawn = after
	}
	return nil
}

// takeBack subtracts the record from what the cycle's end will price.
func (gs *gathered) takeBack(u *usage, draws []table.PackageDraw) error {
	row, isNew := gs.row(u.product, u.SKU, u.place.number, gs.regions.names[u.place.number], u.Resource)
	if isNew {
		return fmt.Errorf("no quantity of resource %q was counted", u.Resource)
	}
	m := &gs.meters.list[row]
	g := &gs.list[m.gather]
	var err error
	if u.product.Convert.IsZero() {
		end, err := m.count.Sub(u.left)
		if err != nil {
			return fmt.Errorf("meter: %w", err)
		}
		if gs.c.Trace != nil {
			gs.meters.traceMeter(m, u.left, end, true)
		}
		m.count = end
	}
	if g.usage, err = g.usage.Sub(u.raw); err != nil {
		return err
	}
	if g.free, err = g.free.Sub(u.free); err != nil {
		return fmt.Errorf("its draw: %w", err)
	}
	if err := gs.readShares(g); err != nil {
		return err
	}
	for _, d := range draws {
		if err := gs.takeShare(g, firstPackageRow(gs.c.Book.Books.Packages, d.Package), d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// takeShare subtracts a draw from those of a row.
func (gs *gathered) takeShare(g *gather, pack int32, quantity money.Quantity) error {
	for i := g.shares; i != 0; i = gs.shares[i-1].next {
		if s := &gs.shares[i-1]; s.pack == pack {
			var err error
			s.quantity, err = s.quantity.Sub(quantity)
			return err
		}
	}
	return fmt.Errorf("no draw on package %s was counted", gs.c.Book.Books.Packages[pack].ID)
}
