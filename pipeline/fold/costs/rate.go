package costs

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/pipeline/intake/costs"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement/allocation"
)

// rated is a cycle's cost files, allocated and priced.
type rated struct {
	cycle   period.Cycle
	books   *books.Books
	bounds  period.Span
	counted []*Delivery
	found   []found  // the groups
	groups  []*group // by customer, start and id; nil = made bucket by bucket
	lines   []*linefile.Line
	billed  money.PerCurrency // of all lines
	margins *margins.Table
}

// pricer allocates and prices cost files by a set of books.
type pricer struct {
	books    *books.Books
	prices   *tariff.Book
	grain    settings.CostGrain
	rates    *books.Books // of the workspace, with the rates of margins
	inbox    fs.FS
	monthEnd func(period.Cycle) bool // whether month-end lines are due
	workers  int
}

// rate allocates and prices the counted deliveries of a cycle by today's books and nothing else (FCOST-1). Rows are
// read one by one; groups are kept (FCOST-5). billedIn is the cycle that bills them or their differences. Errors:
// *margins.MissingRatesError.
func (p *pricer) rate(ctx context.Context, c, billedIn period.Cycle, counted []*Delivery) (*rated, error) {
	r, err := p.gather(ctx, c, billedIn, counted)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(r.found, found.compare)
	r.groups = r.open(r.found)
	if r.lines, err = p.price(r, r.groups); err != nil {
		return nil, err
	}
	return r, r.reconcile()
}

// gather allocates the counted deliveries of a cycle and puts the parts of their rows into groups. Errors:
// *margins.MissingRatesError.
func (p *pricer) gather(ctx context.Context, c, billedIn period.Cycle, counted []*Delivery) (*rated, error) {
	r := &rated{cycle: c, books: p.books, bounds: p.books.Zone.Bounds(c), counted: counted,
		margins: margins.New(p.books, p.rates, billedIn)}
	for _, d := range counted {
		groups, err := p.allocate(ctx, r, d)
		if err != nil {
			return nil, fmt.Errorf("delivery %s: %w", d.Path(), err)
		}
		for place := range groups.len() {
			g := found{groups.at(place), groups}
			groups.name(p.books, g.groupSum)
			if why := p.unfitQuantity(g.groupSum); why != "" {
				if err := r.unallocated(g.group(p.books), why); err != nil {
					return nil, err
				}
				continue
			}
			r.found = append(r.found, g)
		}
		groups.places, groups.equal = nil, nil
	}
	if err := r.convert(); err != nil {
		return nil, err
	}
	return r, p.leaveUnfitCosts(r)
}

// unfitQuantity returns why a group cannot be priced although each of its rows can: its quantity is below 0 or exceeds
// that of a line. "" means that it can be priced, or is priced by its cost.
func (p *pricer) unfitQuantity(g *groupSum) string {
	model := p.books.Products[g.sku].Model
	if model == books.PassThrough {
		return ""
	}
	quantity := g.values[g.column]
	if quantity.Sign() < 0 && model != books.Flat {
		return books.NegativeQuantity
	}
	if _, err := quantity.R10(); err != nil { // out of range
		return books.NoQuantity
	}
	return ""
}

// leaveUnfitCosts removes groups whose cost in the customer's currency exceeds the quantity that a line can have.
func (p *pricer) leaveUnfitCosts(r *rated) error {
	kept := r.found[:0]
	for _, f := range r.found {
		product := &p.books.Products[f.sku]
		if product.Model == books.PassThrough {
			rate, err := f.of.delivery.conversion.To(p.books.CustomerCurrency(f.customer).Code)
			if err != nil {
				return err
			}
			basis := f.values[product.Basis]
			if margins.IsPar(rate) {
				_, err = basis.R10()
			} else {
				_, err = money.SignedQuantityFromRat(new(big.Rat).Mul(basis.Rat(), rate.Rat()))
			}
			if err != nil { // out of range
				if err := r.unallocated(f.group(p.books), books.NoPrice); err != nil {
					return err
				}
				continue
			}
		}
		kept = append(kept, f)
	}
	r.found = kept
	return nil
}

// open makes groups of what was found.
func (r *rated) open(list []found) []*group {
	groups := make([]*group, len(list))
	for i, f := range list {
		groups[i] = f.group(r.books)
	}
	return groups
}

// price rates groups, which are all groups of their customers, and adds them and their lines to the margins.
func (p *pricer) price(r *rated, groups []*group) ([]*linefile.Line, error) {
	rater := rating.NewCostRater(p.prices)
	var list []*linefile.Line
	for at := 0; at < len(groups); {
		n := at + 1
		for n < len(groups) && groups[n].customer == groups[at].customer {
			n++
		}
		var err error
		if list, err = p.customer(list, r, rater, groups[at:n]); err != nil {
			return nil, err
		}
		at = n
	}
	for _, g := range groups {
		if err := r.count(g); err != nil {
			return nil, err
		}
	}
	for _, l := range list {
		if err := r.billed.Add(p.books.CustomerCurrency(l.Customer).Code, l.Payment); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// worker holds the result of the files that one goroutine reads.
type worker struct {
	books     *books.Books
	markups   map[markupOf]*books.Markup // those looked up; nil = it depends on the time
	allocator *allocation.Allocator
	groups    *grouper
	margins   *margins.Table
	tally     costs.Tally
	parts     []allocation.Part
	repeats   repeats
}

// markupOf is the key of a mark-up without a validity, within a delivery.
type markupOf struct{ customer, service int32 }

// markupAt returns the mark-up of a customer's row.
func (w *worker) markupAt(customer int32, row *cost.Row) *books.Markup {
	source := w.groups.delivery.Source
	if w.markups == nil {
		return w.books.Markups.At(customer, source, row.Field(cost.Service), row.Start)
	}
	k := markupOf{customer, row.FieldCode(cost.Service, w.groups.words)}
	m, known := w.markups[k]
	if !known {
		m = w.books.Markups.At(customer, source, row.Field(cost.Service), row.Start)
		w.markups[k] = m
	}
	return m
}

// allocate allocates the rows of a delivery to customers and groups their parts. Several workers read files and their
// results are added up, so that their number does not matter. With grain row, which numbers equal rows, one worker
// reads all rows.
func (p *pricer) allocate(ctx context.Context, r *rated, d *Delivery) (*grouper, error) {
	if err := d.readable(); err != nil {
		return nil, err
	}
	if d.ahead != nil {
		workers := d.ahead
		d.ahead = nil
		return r.join(d, workers)
	}
	weights := allocation.New(p.books)
	if weights.ByCost() {
		if err := p.weigh(ctx, d, weights); err != nil {
			return nil, err
		}
	}
	workers, sinks := p.workersOf(r, d, weights)
	err := costs.ReadFiles(ctx, p.inbox, d.found, len(workers), func(i, _ int) (*costs.Tally, costs.Sink) {
		return &workers[i].tally, sinks(i)
	})
	if err != nil {
		return nil, err
	}
	return r.join(d, workers)
}

// workersOf returns workers and a function that returns the sink of each worker.
func (p *pricer) workersOf(r *rated, d *Delivery, weights *allocation.Allocator) ([]worker, func(int) costs.Sink) {
	sink := costs.Sink{Words: cost.NewWords(), Coded: numbered(), Reject: examined}
	if p.grain != settings.CostRow {
		sink.Looks = numbered()
		for _, name := range weights.Texts() {
			sink.Looks[name] = true
		}
		if d.Rejected == 0 {
			sink.Only = maps.Clone(sink.Looks)
			for c := range cost.Columns {
				sink.Only[c.String()] = true
			}
		}
	}
	workers := make([]worker, max(1, p.workers))
	if p.grain == settings.CostRow {
		workers = workers[:1]
	}
	always := period.Always()
	repeats := newRepeats(p.books, p.grain != settings.ResourceMonth)
	for i := range workers {
		workers[i] = worker{books: p.books, allocator: weights.Clone(),
			margins: margins.New(p.books, p.rates, d.Period),
			groups:  newGrouper(p.books, d, p.grain, sink.Words), repeats: repeats}
		if !slices.ContainsFunc(p.books.Markups, func(m books.Markup) bool { return m.Valid != always }) {
			workers[i].markups = make(map[markupOf]*books.Markup)
		}
		workers[i].margins.Words = sink.Words
	}
	return workers, func(i int) costs.Sink {
		w, to := &workers[i], sink
		to.Take = func(row *cost.Row) (err error) {
			one := w.repeats.of(row)
			if done, err := w.repeat(row, one); done || err != nil {
				return err
			}
			if w.parts, err = w.allocator.Parts(w.parts[:0], row); err != nil {
				return err
			}
			w.margins.Last = nil
			for k := range w.parts {
				if err := p.part(r, w, row, &w.parts[k]); err != nil {
					return err
				}
			}
			w.remember(row, one, w.parts)
			return nil
		}
		return to
	}
}

// join adds up what workers made of a delivery.
func (r *rated) join(d *Delivery, workers []worker) (*grouper, error) {
	r.margins.Sources[d.Source] = d.conversion
	for i := range workers {
		if i > 0 {
			if err := workers[0].groups.merge(workers[i].groups); err != nil {
				return nil, err
			}
		}
		if err := r.margins.Merge(workers[i].margins, d.Currency); err != nil {
			return nil, err
		}
	}
	return workers[0].groups, nil
}

// ahead allocates a delivery of an open cycle while it is examined, so that its files are read once. It returns nil if
// a rule splits by cost, which needs all rows before the first is allocated, or if one worker must see all files.
func (p *pricer) ahead(d *Delivery) ([]worker, func(int) costs.Sink) {
	weights := allocation.New(p.books)
	if weights.ByCost() || p.grain == settings.CostRow {
		return nil, func(int) costs.Sink { return costs.Sink{} }
	}
	return p.workersOf(&rated{cycle: d.Period, books: p.books, bounds: p.books.Zone.Bounds(d.Period)}, d, weights)
}

// examined ignores a reject: the examination of the delivery has counted it.
func examined(costs.Reject) error { return nil }

// weigh adds up what the rules without split give to each customer.
func (p *pricer) weigh(ctx context.Context, d *Delivery, into *allocation.Allocator) error {
	workers := make([]*allocation.Allocator, max(1, p.workers))
	tallies := make([]costs.Tally, len(workers))
	for i := range workers {
		workers[i] = allocation.New(p.books)
	}
	sink := costs.Sink{Reject: examined}
	if d.Rejected == 0 {
		sink.Only = make(map[string]bool)
		for _, name := range into.Columns() {
			sink.Only[name] = true
		}
	}
	err := costs.ReadFiles(ctx, p.inbox, d.found, len(workers), func(i, _ int) (*costs.Tally, costs.Sink) {
		to := sink
		to.Take = workers[i].Weigh
		return &tallies[i], to
	})
	for _, w := range workers {
		if err == nil {
			err = into.AddWeights(w)
		}
	}
	return err
}

// part assigns a part of a row to a group, or to the costs that are kept or unallocated.
func (p *pricer) part(r *rated, w *worker, row *cost.Row, of *allocation.Part) error {
	d := w.groups.delivery
	if of.Customer < 0 {
		return w.margins.Count(d.Source, row, of.Reason, &of.Values)
	}
	one := priced{Part: of, sku: -1, column: cost.PricingQuantity}
	unit := ""
	if of.Rule >= 0 {
		rule := &p.books.Allocations[of.Rule]
		one.sku, one.column, unit = rule.SKU, rule.Quantity, rule.Unit
	}
	if one.sku < 0 {
		one.markup = w.markupAt(of.Customer, row)
		if one.markup != nil {
			one.sku = one.markup.SKU
		}
	}
	if why := p.unpriced(r, row, &one, unit); why != "" {
		return w.margins.Count(d.Source, row, why, &of.Values)
	}
	return w.groups.add(row, &one)
}

// unpriced returns why a customer's part of a row cannot be priced; "" = it can be.
func (p *pricer) unpriced(r *rated, row *cost.Row, one *priced, unit string) string {
	if one.sku < 0 {
		return books.NoPrice
	}
	product := &p.books.Products[one.sku]
	region := p.prices.Region(row.Field(cost.Region))
	if !p.prices.Priced(one.Customer, one.sku, region, row.Start, r.bounds) {
		return books.NoPrice
	}
	if product.Model == books.PassThrough {
		if !row.Has[product.Basis] {
			return books.NoPrice
		}
		return ""
	}
	of := cost.PricingUnit
	if one.column == cost.ConsumedQuantity {
		of = cost.ConsumedUnit
	}
	if !row.Has[one.column] || unit != "" && row.Field(of) != unit {
		return books.NoQuantity
	}
	return ""
}

// customer rates the groups of one customer and appends their lines.
func (p *pricer) customer(dst []*linefile.Line, r *rated, rater *rating.CostRater, groups []*group,
) ([]*linefile.Line, error) {
	who := groups[0].customer
	if err := rater.Open(who, r.cycle); err != nil {
		return nil, err
	}
	own := p.books.CustomerCurrency(who).Code
	var out line.Charges
	for i, g := range groups {
		one := rating.CostGroup{SKU: g.sku, Region: g.field(cost.Region), Resource: g.field(cost.Resource), ID: g.id,
			Start: g.start, End: g.end}
		var err error
		if g.fx, err = g.delivery.conversion.To(own); err != nil {
			return nil, err
		}
		product := &p.books.Products[g.sku]
		switch {
		case product.Model == books.PassThrough && margins.IsPar(g.fx):
			one.Cost = g.values[product.Basis]
		case product.Model == books.PassThrough:
			one.Basis = new(big.Rat).Mul(g.values[product.Basis].Rat(), g.fx.Rat())
		default:
			if one.Quantity, err = g.values[g.column].R10(); err != nil {
				return nil, err
			}
		}
		if err := rater.Rate(&one, int32(i), &out); err != nil {
			return nil, err
		}
	}
	for i := range out.List {
		ch := &out.List[i]
		g := groups[ch.Record]
		if err := g.payment.Add(ch.Payment); err != nil {
			return nil, err
		}
		g.priced = true
		l := p.groupLine(r, g, ch)
		l.Draws = string(line.AppendDraws(nil, p.books.Packages, out.Draws[ch.DrawsFrom:ch.DrawsTo]))
		dst = append(dst, l)
	}
	if !p.monthEnd(r.cycle) {
		return dst, nil // month-end lines come with the cycle's
	}
	return p.customerEnd(dst, r, rater, groups)
}

// nameKey is the key of the name and tag of a resource on month-end lines.
type nameKey struct {
	sku              int32
	region, resource string // no region if the meter counts all regions
}

func (p *pricer) nameKey(sku int32, region, resource string) nameKey {
	if p.books.Products[sku].Meter != books.PerRegion {
		region = ""
	}
	return nameKey{sku, region, resource}
}

// named returns the first group of each resource; its month-end lines have the group's name and tag.
func (p *pricer) named(groups []*group) map[nameKey]*group {
	first := make(map[nameKey]*group)
	for _, g := range groups {
		k := p.nameKey(g.sku, g.field(cost.Region), g.field(cost.Resource))
		if first[k] == nil {
			first[k] = g
		}
	}
	return first
}

// customerEnd appends a customer's month-end lines.
func (p *pricer) customerEnd(dst []*linefile.Line, r *rated, rater *rating.CostRater, groups []*group,
) ([]*linefile.Line, error) {
	var out line.Charges
	var about []rating.Object
	if err := rater.CycleEnd(&out, &about); err != nil {
		return nil, err
	}
	first := p.named(groups)
	for i := range out.List {
		ch := &out.List[i]
		o := about[ch.Record]
		l := &linefile.Line{
			Charge:       *ch,
			Customer:     groups[0].customer,
			SKU:          o.SKU,
			Region:       o.Region,
			Resource:     o.Resource,
			ChargingMode: line.ChargingOnDemand,
			Detail:       line.DetailUsage,
			TradeID:      r.cycle.String(),
			ID:           line.MonthEndID(r.cycle, p.books.Products[o.SKU].SKU, o.Region, o.Resource),
			TradeTime:    r.bounds.To,
			Start:        r.bounds.From,
			End:          r.bounds.To,
			Own:          r.bounds.From,
			Instant:      r.bounds.To - 1,
			Draws:        string(line.AppendDraws(nil, p.books.Packages, out.Draws[ch.DrawsFrom:ch.DrawsTo])),
		}
		if l.Resource != "" {
			g := first[p.nameKey(o.SKU, o.Region, o.Resource)]
			l.Name, l.Tag = g.text("ResourceName"), g.text("Tags")
		}
		p.associate(l)
		dst = append(dst, l)
		if err := r.margins.CountLine(l); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// groupLine is a line of a group.
func (p *pricer) groupLine(r *rated, g *group, ch *line.Charge) *linefile.Line {
	l := &linefile.Line{Charge: *ch, Customer: g.customer, SKU: g.sku, Region: g.field(cost.Region),
		Resource: g.field(cost.Resource), Name: g.text("ResourceName"), Tag: g.text("Tags"),
		ChargingMode: line.ChargingOnDemand, Detail: line.DetailUsage, TradeID: r.cycle.String(), ID: g.id,
		TradeTime: g.end, Start: g.start, End: g.end, Own: g.start,
		Instant: min(max(g.start, r.bounds.From), r.bounds.To-1)}
	p.associate(l)
	return l
}

// associate sets the partner at the line's own time (§6.1).
func (p *pricer) associate(l *linefile.Line) {
	l.Partner, l.Association = p.books.PartnerAt(l.Customer, l.Own)
}
