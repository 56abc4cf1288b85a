package rating

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// prorated is what the cycle's end has to know of a prorated meter (§10.3). A position holds it as text.
type prorated struct {
	total   money.SignedQuantity // of all quantities: the position of the meter
	shared  money.SignedQuantity // of the quantities, each times its share
	highest money.SignedQuantity // position so far, at least 0
	tiers   []proratedTier       // graduated: by tier of the cycle's version
	version int32                // of the cycle; noVersion = not yet looked up
}

// prorations are the prorated meters of the open customer.
type prorations struct {
	c        *client
	regions  *regions
	meters   *meters
	gathered *gathered
	list     []prorated
}

// proratedTier is what records moved within one tier.
type proratedTier struct{ part, shared money.SignedQuantity }

// read takes the state from the text of a position.
func (p *prorated) read(text string) error {
	*p = prorated{tiers: p.tiers[:0], version: noVersion}
	if text == "" {
		return nil
	}
	for i, field := range strings.Split(text, ";") {
		var pair [2]money.SignedQuantity
		for k, part := range strings.SplitN(field, ":", 2) {
			var err error
			if pair[k], err = money.ParseSignedQuantity(part); err != nil {
				return fmt.Errorf("prorated quantities %q: %w", text, err)
			}
		}
		switch i {
		case 0:
			p.total, p.shared = pair[0], pair[1]
		case 1:
			p.highest = pair[0]
		default:
			p.tiers = append(p.tiers, proratedTier{pair[0], pair[1]})
		}
	}
	return nil
}

// text is the state as a position holds it.
func (p *prorated) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s;%s", p.total.Trim(), p.shared.Trim(), p.highest.Trim())
	for _, t := range p.tiers {
		fmt.Fprintf(&b, ";%s:%s", t.part.Trim(), t.shared.Trim())
	}
	return b.String()
}

// of reads the state of a meter, and the version of its cycle, on first use.
func (ps *prorations) of(row int32) (*prorated, error) {
	m := &ps.meters.list[row]
	g := &ps.gathered.list[m.gather]
	if g.prorated == 0 {
		if len(ps.list) < cap(ps.list) { // keeps the memory of tiers
			ps.list = ps.list[:len(ps.list)+1]
		} else {
			ps.list = append(ps.list, prorated{})
		}
		if err := ps.list[len(ps.list)-1].read(g.opened); err != nil {
			return nil, err
		}
		g.prorated = int32(len(ps.list))
	}
	p := &ps.list[g.prorated-1]
	if p.version != noVersion {
		return p, nil
	}
	region := ps.gathered.list[ps.meters.list[g.meter].gather].region
	trace := ps.c.trace
	ps.c.trace = nil // the cycle's end tells where the price is from
	version, err := ps.c.versionOfCycle(m.sku, region, ps.c.bounds)
	ps.c.trace = trace
	p.version = version
	return p, err
}

// add takes a record into its meter (§10.3). A withdrawal counts nowhere.
func (ps *prorations) add(u *usage) error {
	if u.Withdrawn {
		return nil
	}
	row, isNew := ps.gathered.row(u.product, u.SKU, u.place.number, ps.regions.names[u.place.number], u.Resource)
	if m := &ps.meters.list[row]; isNew && m.resource != "" {
		ps.gathered.list[m.gather].name, ps.gathered.list[m.gather].tag = string(u.Name), string(u.Tag)
	}
	p, err := ps.of(row)
	if err != nil {
		return err
	}
	zone, change, before := ps.c.bk.books.Zone, u.Signed(), p.total
	days := daysOf(zone, period.Span{From: u.Start, To: min(u.End, ps.c.bounds.To)})
	of := daysOf(zone, ps.c.bounds)
	if p.total, err = before.Add(change); err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	if ps.c.trace != nil {
		ps.c.trace(Step{Kind: StepProrate, SKU: u.product.SKU, Scope: ps.meters.scopeText(&ps.meters.list[row]),
			Change: change, Moved: [2]money.SignedQuantity{before, p.total}, Days: days, Of: of})
	}
	if p.highest.Cmp(p.total) < 0 {
		p.highest = p.total
	}
	if u.product.Model == books.Volume {
		return addPart(&p.shared, change, days, of)
	}
	return p.climb(ps.c.bk.books.Versions[p.version].Tiers, before, days, of)
}

// addPart adds R10(quantity × days / of).
func addPart(to *money.SignedQuantity, quantity money.SignedQuantity, days, of int64) error {
	share, err := money.Share(quantity, days, of)
	if err == nil {
		*to, err = to.Add(share)
	}
	return err
}

// climb cuts the move from a position to the present one at the tiers. What is below zero is of the first tier.
func (p *prorated) climb(tiers []books.Tier, before money.SignedQuantity, days, of int64) error {
	low, high, down := before, p.total, false
	if high.Cmp(low) < 0 {
		low, high, down = high, low, true
	}
	for len(p.tiers) < len(tiers) {
		p.tiers = append(p.tiers, proratedTier{})
	}
	from := low
	for i := range tiers {
		to := high
		if upper := tiers[i].UpTo.Signed(); !tiers[i].Open && upper.Cmp(high) < 0 {
			to = upper
		}
		if to.Cmp(from) <= 0 {
			continue
		}
		part, err := to.Sub(from)
		if err != nil {
			return err
		}
		if down {
			part = part.Neg()
		}
		t := &p.tiers[i]
		if t.part, err = t.part.Add(part); err != nil {
			return err
		}
		if err := addPart(&t.shared, part, days, of); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// prorated appends the lines of a prorated meter: for graduated one per tier, each with its flat fee, for volume one
// and the fee of its tier (§10.3).
func (e *monthEnd) prorated(row int32, out *line.Charges, objs *[]Object) error {
	p, err := e.prorations.of(row)
	if err != nil {
		return err
	}
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	product, region := &e.c.bk.books.Products[m.sku], e.gathered.list[e.meters.list[g.meter].gather].region
	if e.c.trace != nil {
		if _, err := e.c.versionOfCycle(m.sku, region, e.c.bounds); err != nil {
			return err
		}
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, Object{SKU: m.sku, Region: region, Resource: m.resource, Name: g.name, Tag: g.tag})
	k := climb{kind: line.Period, sku: m.sku, version: p.version, at: e.c.bounds.From, drawsFrom: n, drawsTo: n,
		record: int32(len(*objs) - 1)}
	tiers, zero := e.c.bk.books.Versions[p.version].Tiers, money.SignedQuantity{}
	if product.Model == books.Volume {
		held := 0
		if p.total.Sign() > 0 {
			held = tierOf(tiers, p.total.Abs())
		}
		err := e.proratedLine(&k, held, proratedTier{p.total, p.shared}, out)
		if err != nil || p.total.Sign() <= 0 || tiers[held].FlatFee.IsZero() {
			return err
		}
		return e.c.flatFee(&k, held, &tiers[held], out)
	}
	lower := zero
	for i := range tiers {
		if i < len(p.tiers) {
			if err := e.proratedLine(&k, i, p.tiers[i], out); err != nil {
				return err
			}
		}
		if lower.Cmp(p.highest) < 0 && !tiers[i].FlatFee.IsZero() {
			if err := e.c.flatFee(&k, i, &tiers[i], out); err != nil {
				return err
			}
		}
		lower = tiers[i].UpTo.Signed()
	}
	return nil
}

// proratedLine appends the line of a tier, unless records moved nothing in it.
func (e *monthEnd) proratedLine(k *climb, i int, t proratedTier, out *line.Charges) error {
	if t.part.IsZero() && t.shared.IsZero() {
		return nil
	}
	tier := &e.c.bk.books.Versions[k.version].Tiers[i]
	if e.c.trace != nil {
		e.c.trace(Step{Kind: StepProrated, Tier: i + 1, Change: t.part, Price: tier.UnitPrice,
			Moved: [2]money.SignedQuantity{{}, t.shared}})
	}
	out.List = append(out.List, line.Charge{
		UsageAmount: t.part, Quantity: t.shared, UnitPrice: tier.UnitPrice, Record: k.record, Version: k.version,
		DrawsFrom: k.drawsFrom, DrawsTo: k.drawsTo, Tier: int16(i + 1), Kind: k.kind,
	})
	return e.c.settle(&sale{charge: &out.List[len(out.List)-1], sku: k.sku, at: k.at})
}

// prorateText describes a record of a prorated meter, or a tier of it.
func (s Step) prorateText() string {
	if s.Kind == StepProrate {
		return fmt.Sprintf("meter %s: from %s by %s to %s, for %d of the cycle's %d days", s.meter(), s.Moved[0].Trim(),
			s.Change.Trim(), s.Moved[1].Trim(), s.Days, s.Of)
	}
	return fmt.Sprintf("tier %d: records moved %s, by their days %s, at %s", s.Tier, s.Change.Trim(), s.Moved[1].Trim(),
		s.Price.Trim())
}
