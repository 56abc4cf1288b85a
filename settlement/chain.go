package settlement

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// chain computes one partner's incentives in one programme, period by period. Each period carries into the next.
type chain struct {
	bk                 *Book
	record             *Record
	seasons            map[Period]season // of the programme, shared by its partners
	programme, partner int32
	periods            map[Period]*facts
}

// append computes the chain and appends its rows.
func (c *chain) append(rows []Incentive) ([]Incentive, error) {
	var carried money.Amount
	first, last := c.bounds()
	for p := first; p.First <= last.First; p = p.Next() {
		row, shown, err := c.row(p, carried)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		carried = row.CarriedOut
		if shown {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// bounds returns the first and the last period of the chain; if there is none, the last is before the first.
func (c *chain) bounds() (first, last Period) {
	g, zone := &c.bk.books.Programmes[c.programme], c.bk.books.Zone
	last = PeriodOf(zone.Cycle(c.record.AsOf), g.Quarterly)
	first = last.Next()
	for p, f := range c.periods {
		if p.First < first.First {
			first = p
		}
		if (f.moved || f.closed != nil) && p.First > last.First {
			last = p
		}
	}
	if g.Partners == nil {
		return first, last
	}
	begins := c.record.First
	if begins == 0 {
		begins = last.Last()
	}
	if g.Valid.From != period.Past {
		begins = zone.Cycle(g.Valid.From)
	}
	if rows := c.bk.books.Partners[c.partner].Rows; len(rows) > 0 && rows[0].Valid.From != period.Past {
		begins = max(begins, zone.Cycle(rows[0].Valid.From))
	}
	if p := PeriodOf(begins, g.Quarterly); p.First < first.First {
		first = p
	}
	return first, last
}

// row returns the incentive of a period, and whether there is one.
func (c *chain) row(p Period, carried money.Amount) (row Incentive, shown bool, err error) {
	f := c.periods[p]
	if f == nil {
		f = &facts{}
	}
	s, known := c.seasons[p]
	if !known {
		s = c.bk.season(c.programme, p)
		c.seasons[p] = s
	}
	row = Incentive{Partner: c.partner, Programme: c.programme, Period: p}
	if f.closed != nil {
		row = *f.closed
	} else if !s.runs || !c.bk.names(c.programme, c.partner) {
		return row, false, nil
	}
	state, accepted := c.state(&s, f.events)
	row.State = state
	switch {
	case f.closed != nil:
		return row, true, nil
	case p.Last() <= c.record.ClosedThrough: // closed without a row
		return row, accepted, nil
	}
	row.CarriedIn = carried
	if err := c.compute(&row, f); err != nil {
		return row, false, err
	}
	return row, f.moved || accepted || !carried.IsZero() || s.span.From <= c.record.AsOf && c.listed(s.span), nil
}

// state applies the events up to the as-of; accepted reports whether any of them fits.
func (c *chain) state(s *season, events []int) (now State, accepted bool) {
	m := c.bk.machine(s, c.programme, c.partner)
	for _, i := range events {
		e := &c.record.Events[i]
		switch {
		case e.Time > c.record.AsOf:
		case !e.Final:
			_, fits := m.Apply(e.Kind, e.Time)
			accepted = accepted || fits
		case e.Kind == PaidOut: // other final events only led to this one
			m.state, accepted = Paid, true
		}
	}
	return m.At(c.record.AsOf), accepted
}

// listed reports whether the programme names the partner by its id, and the partner has a row in force at some instant
// of the span.
func (c *chain) listed(span period.Span) bool {
	if c.bk.books.Programmes[c.programme].Partners == nil {
		return false
	}
	for _, r := range c.bk.books.Partners[c.partner].Rows {
		if r.Valid.Overlaps(span) {
			return true
		}
	}
	return false
}

// digits returns the digits of the partner's currency.
func (c *chain) digits() int { return c.bk.books.PartnerCurrency(c.partner).Digits }

// compute calculates the amounts of a row whose CarriedIn is set (§6.5).
func (c *chain) compute(row *Incentive, f *facts) error {
	base, err := c.base(row, f)
	if err != nil {
		return err
	}
	g := &c.bk.books.Programmes[c.programme]
	if base.Sign() <= 0 {
		if g.CarryNegative {
			row.CarriedOut = base
		}
		return nil
	}
	if row.Tier, err = tierPart(g, base, c.digits()); err != nil {
		return err
	}
	fresh, err := f.fresh.Amount()
	if err != nil {
		return err
	}
	if fresh.Sign() > 0 {
		var bonus products
		bonus.add(fresh, g.BonusRate)
		if row.Bonus, err = bonus.rd(c.digits()); err != nil {
			return err
		}
	}
	if row.Amount, err = row.Tier.Add(row.Bonus); err != nil {
		return err
	}
	if g.HasCap && row.Amount.Cmp(g.Cap) > 0 {
		row.Amount = g.Cap
	}
	return nil
}

// base returns the performance to which tiers apply: the partner's own, plus transfers and what was carried in.
func (c *chain) base(row *Incentive, f *facts) (money.Amount, error) {
	var err error
	if row.Performance, err = f.own.Amount(); err != nil {
		return money.Amount{}, err
	}
	in, err := f.in.Amount()
	if err != nil {
		return money.Amount{}, err
	}
	out, err := f.out.Amount()
	if err != nil {
		return money.Amount{}, err
	}
	if row.Transferred, err = in.Sub(out); err != nil {
		return money.Amount{}, err
	}
	base, err := row.Performance.Add(row.Transferred)
	if err != nil {
		return money.Amount{}, err
	}
	return base.Add(row.CarriedIn)
}

// tierPart returns Rd of what the tiers give for a performance above 0 (§6.5): the whole performance at the rate of the
// tier that contains it, or each slice at its own rate. Below the first tier nothing is earned.
func tierPart(g *books.Programme, base money.Amount, digits int) (money.Amount, error) {
	var sum products
	for i, tier := range g.Tiers {
		if base.Cmp(tier.From) < 0 {
			break
		}
		last := i+1 == len(g.Tiers) || base.Cmp(g.Tiers[i+1].From) < 0
		if !g.Graduated {
			if last {
				sum.add(base, tier.Rate)
			}
			continue
		}
		upper := base
		if !last {
			upper = g.Tiers[i+1].From
		}
		slice, err := upper.Sub(tier.From)
		if err != nil {
			return money.Amount{}, err
		}
		sum.add(slice, tier.Rate)
	}
	return sum.rd(digits)
}
