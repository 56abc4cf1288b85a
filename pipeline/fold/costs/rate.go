package costs

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/lines"
	"github.com/tollbook/tollbook/pipeline/intake/costs"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/allocation"
)

// rated is a cycle's cost files, allocated and priced.
type rated struct {
	cycle   period.Cycle
	books   *books.Books
	bounds  period.Span
	counted []*Delivery
	groups  []*group // by customer, start and id
	lines   []*events.Line
	margins *margins
}

// Values of charging_mode and bill_detail_type of lines of cost files (§5).
const (
	onDemand    = 3
	detailUsage = 5
)

// rate allocates and prices the counted deliveries of a cycle by today's books: nothing else enters (FCOST-1). Rows are
// read one by one; groups are kept (FCOST-5).
func (s *Stage) rate(ctx context.Context, c period.Cycle, counted []*Delivery) (*rated, error) {
	r := &rated{cycle: c, books: s.Books, bounds: s.Books.Zone.Bounds(c), counted: counted,
		margins: newMargins(s.Books, s.Currency)}
	groups := newGrouper(s.Books, s.Costs.Grain)
	for _, d := range counted {
		if err := s.allocate(ctx, r, d, groups); err != nil {
			return nil, fmt.Errorf("delivery %s: %w", d.Path(), err)
		}
	}
	for _, g := range groups.list {
		model := s.Books.Products[g.sku].Model
		if model != books.PassThrough && model != books.Flat && g.values[g.column].Sign() < 0 {
			if err := r.margins.unallocated(g, books.NegativeQuantity); err != nil {
				return nil, err
			}
			continue
		}
		r.groups = append(r.groups, g)
	}
	slices.SortFunc(r.groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.start, b.start), strings.Compare(a.id, b.id))
	})
	rater := s.Prices.NewCostRater()
	for at := 0; at < len(r.groups); {
		n := at + 1
		for n < len(r.groups) && r.groups[n].customer == r.groups[at].customer {
			n++
		}
		if err := s.customer(r, rater, r.groups[at:n]); err != nil {
			return nil, err
		}
		at = n
	}
	for _, g := range r.groups {
		if err := r.margins.group(g, s.fx(g.delivery)); err != nil {
			return nil, err
		}
	}
	return r, r.reconcile()
}

// allocate gives the rows of a delivery to customers and puts their parts into groups.
func (s *Stage) allocate(ctx context.Context, r *rated, d *Delivery, groups *grouper) error {
	if d.found == nil {
		return fmt.Errorf("its folder inbox/%s/%s is gone: put it back, so that its rows can be billed again",
			costs.Folder, d.Path())
	}
	allocator := allocation.New(s.Books)
	ignore := func(costs.Reject) error { return nil } // the delivery was examined
	var tally costs.Tally
	if allocator.ByCost() {
		if err := costs.Read(
			ctx,
			s.Inbox,
			d.found,
			&tally,
			costs.Sink{Take: allocator.Weigh, Reject: ignore},
		); err != nil {
			return err
		}
	}
	var parts []allocation.Part
	return costs.Read(ctx, s.Inbox, d.found, &tally, costs.Sink{Reject: ignore, Take: func(row *cost.Row) (err error) {
		if parts, err = allocator.Parts(parts[:0], row); err != nil {
			return err
		}
		for i := range parts {
			if err := s.part(r, d, row, &parts[i], groups); err != nil {
				return err
			}
		}
		return nil
	}})
}

// part puts a part of a row where it belongs: a group, or the costs that are kept or unallocated.
func (s *Stage) part(r *rated, d *Delivery, row *cost.Row, p *allocation.Part, groups *grouper) error {
	if p.Customer < 0 {
		return r.margins.row(d, row, p.Reason, s.fx(d), &p.Values)
	}
	one := priced{Part: p, sku: -1, column: cost.PricingQuantity}
	unit := ""
	if p.Rule >= 0 {
		rule := &s.Books.Allocations[p.Rule]
		one.sku, one.column, unit = rule.SKU, rule.Quantity, rule.Unit
	}
	if one.sku < 0 {
		one.markup = s.Books.MarkupAt(p.Customer, d.Source, row.Field(cost.Service), row.Start)
		if one.markup != nil {
			one.sku = one.markup.SKU
		}
	}
	if why := s.unpriced(r, row, &one, unit); why != "" {
		return r.margins.row(d, row, why, s.fx(d), &p.Values)
	}
	return groups.add(d, row, &one)
}

// unpriced says why a customer's part of a row cannot be priced; "" = it can.
func (s *Stage) unpriced(r *rated, row *cost.Row, p *priced, unit string) string {
	if p.sku < 0 {
		return books.NoPrice
	}
	product := &s.Books.Products[p.sku]
	region := s.Prices.Region(row.Field(cost.Region))
	if !s.Prices.Priced(p.Customer, p.sku, region, row.Start, r.bounds) {
		return books.NoPrice
	}
	if product.Model == books.PassThrough {
		if !row.Has[product.Basis] {
			return books.NoPrice
		}
		return ""
	}
	of := cost.PricingUnit
	if p.column == cost.ConsumedQuantity {
		of = cost.ConsumedUnit
	}
	if !row.Has[p.column] || unit != "" && row.Field(of) != unit {
		return books.NoQuantity
	}
	return ""
}

// customer rates the groups of one customer.
func (s *Stage) customer(r *rated, rater *rating.CostRater, groups []*group) error {
	who := groups[0].customer
	if err := rater.Open(who, r.cycle); err != nil {
		return err
	}
	var out line.Charges
	for i, g := range groups {
		one := rating.CostGroup{SKU: g.sku, Region: g.field(cost.Region), Resource: g.field(cost.Resource), ID: g.id,
			Start: g.start, End: g.end}
		var err error
		if product := &s.Books.Products[g.sku]; product.Model == books.PassThrough {
			one.Basis = new(big.Rat).Mul(g.values[product.Basis].Rat(), s.fx(g.delivery).Rat())
		} else if one.Quantity, err = money.SignedQuantityFromRat(g.values[g.column].Rat()); err != nil {
			return err
		}
		if err := rater.Rate(&one, int32(i), &out); err != nil {
			return err
		}
	}
	for i := range out.List {
		ch := &out.List[i]
		g := groups[ch.Record]
		if err := g.payment.Add(ch.Payment); err != nil {
			return err
		}
		g.priced = true
		l := s.groupLine(r, g, ch)
		l.Draws = string(lines.AppendDraws(nil, s.Books, out.Draws[ch.DrawsFrom:ch.DrawsTo]))
		r.lines = append(r.lines, l)
	}
	if !s.MonthEnd(r.cycle) && r.cycle > s.Closed {
		return nil // month-end lines come with the cycle's
	}
	return s.customerEnd(r, rater, groups)
}

// nameKey is what the name and tag of a resource on month-end lines are looked up by.
type nameKey struct {
	sku              int32
	region, resource string // no region if the meter counts over all
}

func (s *Stage) nameKey(sku int32, region, resource string) nameKey {
	if s.Books.Products[sku].Meter != books.PerRegion {
		region = ""
	}
	return nameKey{sku, region, resource}
}

// named are the first groups of each resource, whose name and tag its month-end lines have.
func (s *Stage) named(groups []*group) map[nameKey]*group {
	first := make(map[nameKey]*group)
	for _, g := range groups {
		k := s.nameKey(g.sku, g.field(cost.Region), g.field(cost.Resource))
		if first[k] == nil {
			first[k] = g
		}
	}
	return first
}

// customerEnd adds a customer's month-end lines.
func (s *Stage) customerEnd(r *rated, rater *rating.CostRater, groups []*group) error {
	var out line.Charges
	var about []rating.Object
	if err := rater.CycleEnd(&out, &about); err != nil {
		return err
	}
	first := s.named(groups)
	for i := range out.List {
		ch := &out.List[i]
		o := about[ch.Record]
		l := &events.Line{
			Charge:       *ch,
			Customer:     groups[0].customer,
			SKU:          o.SKU,
			Region:       o.Region,
			Resource:     o.Resource,
			ChargingMode: onDemand,
			Detail:       detailUsage,
			TradeID:      r.cycle.String(),
			ID:           r.cycle.String() + "/" + s.Books.Products[o.SKU].SKU + "/" + o.Region + "/" + o.Resource,
			TradeTime:    r.bounds.To,
			Start:        r.bounds.From,
			End:          r.bounds.To,
			Own:          r.bounds.From,
			Instant:      r.bounds.To - 1,
			Draws:        string(lines.AppendDraws(nil, s.Books, out.Draws[ch.DrawsFrom:ch.DrawsTo])),
		}
		if l.Resource != "" {
			g := first[s.nameKey(o.SKU, o.Region, o.Resource)]
			l.Name, l.Tag = g.text("ResourceName"), g.text("Tags")
		}
		s.associate(l)
		r.lines = append(r.lines, l)
		if err := r.margins.line(r.cycle, l); err != nil {
			return err
		}
	}
	return nil
}

// groupLine is a line of a group.
func (s *Stage) groupLine(r *rated, g *group, ch *line.Charge) *events.Line {
	l := &events.Line{Charge: *ch, Customer: g.customer, SKU: g.sku, Region: g.field(cost.Region),
		Resource: g.field(cost.Resource), Name: g.text("ResourceName"), Tag: g.text("Tags"),
		ChargingMode: onDemand, Detail: detailUsage, TradeID: r.cycle.String(), ID: g.id,
		TradeTime: g.end, Start: g.start, End: g.end, Own: g.start,
		Instant: min(max(g.start, r.bounds.From), r.bounds.To-1)}
	s.associate(l)
	return l
}

// associate puts the partner at the line's own time on it (§6.1).
func (s *Stage) associate(l *events.Line) {
	if as, ok := s.Books.AssociationAt(l.Customer, l.Own); ok {
		l.Partner, l.Association = s.Books.Partners[as.Partner].ID, as.Type
	}
}
