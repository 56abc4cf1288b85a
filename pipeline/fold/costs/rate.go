package costs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// rated is a cycle's cost files, allocated and priced.
type rated struct {
	cycle   period.Cycle
	books   *books.Books
	bounds  period.Span
	counted []*Delivery
	sorted  *sorter           // the groups, by bucket, customer, start and id
	billed  money.PerCurrency // of all lines
	margins *MarginTable
}

// delivery is the delivery of a group's rows.
func (r *rated) delivery(g *group) *Delivery { return r.counted[g.source] }

// pricer allocates and prices cost files by a set of books.
type pricer struct {
	books    *books.Books
	prices   *tariff.Book
	grain    settings.CostGrain
	rates    *books.Books // of the workspace, with the rates of margins
	inbox    fs.FS
	monthEnd func(period.Cycle) bool // whether month-end lines are due
	workers  int
	buckets  int
	sorter   func() *sorter
}

// gather allocates the counted deliveries of a cycle by today's books and nothing else (FCOST-1), and puts the parts of
// their rows into groups. billedIn is the cycle that bills them or their differences. Errors:
// *MissingRatesError.
func (p *pricer) gather(ctx context.Context, c, billedIn period.Cycle, counted []*Delivery) (*rated, error) {
	r := &rated{cycle: c, books: p.books, bounds: p.books.Zone.Bounds(c), counted: counted,
		margins: NewMargins(p.books, p.rates, billedIn), sorted: p.sorter()}
	needed := make(conversions)
	var key []byte
	for i, d := range counted {
		groups, err := p.allocate(ctx, r, d)
		if err != nil {
			return nil, fmt.Errorf("delivery %s: %w", d.Path(), err)
		}
		err = groups.each(d, p.grain, func(g *group) error {
			g.source = int32(i)
			if why := p.unfit(r, g, needed); why != "" {
				return r.unallocated(g, why)
			}
			customer := p.books.Customers[g.customer].ID
			key = rows.AppendKeyInt(key[:0], int64(bucketOf(customer, p.buckets)))
			key = rows.AppendKeyInt(rows.AppendKeyInt(key, int64(g.customer)), int64(g.start))
			return r.sorted.add(rows.AppendKeyText(key, g.id), g)
		})
		if err := errors.Join(err, groups.Close()); err != nil {
			return nil, fmt.Errorf("delivery %s: %w", d.Path(), err)
		}
	}
	return r, r.convert(needed)
}

// unfit returns why a group cannot be priced although each of its rows can: its quantity is below 0 or exceeds that of
// a line, or its cost does in the customer's currency. "" means that it can be priced. It notes which rate the group
// needs.
func (p *pricer) unfit(r *rated, g *group, needed conversions) string {
	product, currency := &p.books.Products[g.sku], p.books.CustomerCurrency(g.customer).Code
	if product.Model != books.PassThrough {
		quantity := g.values[g.column]
		if quantity.Sign() < 0 && product.Model != books.Flat {
			return books.NegativeQuantity
		}
		if _, err := quantity.R10(); err != nil { // out of range
			return books.NoQuantity
		}
	}
	d := r.delivery(g)
	needed[conversion{d, currency}] = true
	rate, err := d.conversion.To(currency)
	if err != nil || product.Model != books.PassThrough { // rated.convert returns the error
		return ""
	}
	basis := g.values[product.Basis]
	if IsPar(rate) {
		_, err = basis.R10()
	} else {
		_, err = money.SignedQuantityFromRat(new(big.Rat).Mul(basis.Rat(), rate.Rat()))
	}
	if err != nil { // out of range
		return books.NoPrice
	}
	return ""
}

// sink takes the groups of a cycle with their lines, and the lines of its end, bucket by bucket. The lines of a bucket
// are in the order of §8.
type sink struct {
	begin, end func(bucket int) error
	group      func(*group) error
	line       func(*rows.Line) error
}

// price rates the groups of a cycle and adds them and their lines to the margins. The lines of a month's end depend on
// all groups of the customer and come before most of them: if they are due, the groups are rated twice.
func (p *pricer) price(ctx context.Context, r *rated, to sink) error {
	ahead, now := &pricedGroups{in: r.sorted.Read()}, &pricedGroups{in: r.sorted.Read()}
	if err := errors.Join(ahead.next(), now.next()); err != nil {
		return err
	}
	line := to.line
	to.line = func(l *rows.Line) error {
		err := r.billed.Add(p.books.CustomerCurrency(l.Customer).Code, l.Payment)
		return errors.Join(err, line(l))
	}
	rater := rating.NewCostRater(p.prices)
	for b := range p.buckets {
		if err := to.begin(b); err != nil {
			return err
		}
		for now.one != nil && bucketOf(p.books.Customers[now.one.customer].ID, p.buckets) == b {
			if err := ctx.Err(); err != nil {
				return err
			}
			end, err := p.customerEnd(r, rater, ahead)
			if err == nil {
				err = p.customer(r, rater, now, end, to)
			}
			if err != nil {
				return err
			}
		}
		if err := to.end(b); err != nil {
			return err
		}
	}
	return r.reconcile()
}

// worker holds the result of the files that one goroutine reads.
type worker struct {
	books     *books.Books
	markups   map[markupOf]*books.Markup // those looked up; nil = it depends on the time
	allocator *settlement.Allocator
	groups    *grouper
	margins   *MarginTable
	tally     accept.CostTally
	parts     []settlement.Part
	repeats   repeats
}

// markupOf is the key of a mark-up without a validity, within a delivery.
type markupOf struct {
	customer int32
	service  string
}

// move moves the worker's groups to the sorter. Rows that repeat earlier ones are forgotten.
func (w *worker) move() error {
	clear(w.repeats.kinds)
	return w.groups.move()
}

// markupAt returns the mark-up of a customer's row.
func (w *worker) markupAt(customer int32, row *books.CostRow) *books.Markup {
	source := w.groups.delivery.Source
	if w.markups == nil {
		return w.books.Markups.At(customer, source, row.Field(books.CostService), row.Start)
	}
	k := markupOf{customer, row.Field(books.CostService)}
	m, known := w.markups[k]
	if !known {
		m = w.books.Markups.At(customer, source, k.service, row.Start)
		k.service = strings.Clone(k.service)
		w.markups[k] = m
	}
	return m
}

// allocate allocates the rows of a delivery to customers and groups their parts. Several workers read files and their
// results are added up, so that their number does not matter. With grain row, which numbers equal rows, one worker
// reads all rows.
func (p *pricer) allocate(ctx context.Context, r *rated, d *Delivery) (*sorter, error) {
	if err := d.readable(); err != nil {
		return nil, err
	}
	if d.ahead != nil {
		workers := d.ahead
		d.ahead = nil
		return r.join(d, workers)
	}
	weights := settlement.NewAllocator(p.books)
	if weights.ByCost() {
		if err := p.weigh(ctx, d, weights); err != nil {
			return nil, err
		}
	}
	workers, sinks := p.workersOf(r, d, weights)
	err := accept.ReadCostFiles(ctx, p.inbox, d.found, len(workers),
		func(i, _ int) (*accept.CostTally, accept.CostSink) {
			return &workers[i].tally, sinks(i)
		})
	if err != nil {
		return nil, err
	}
	return r.join(d, workers)
}

// workersOf returns workers and a function that returns the sink of each worker.
func (p *pricer) workersOf(r *rated, d *Delivery, weights *settlement.Allocator) ([]worker, func(int) accept.CostSink) {
	sink := accept.CostSink{Reject: examined}
	if p.grain != settings.CostRow {
		sink.Looks = looked()
		for _, name := range weights.Texts() {
			sink.Looks[name] = true
		}
		if d.Rejected == 0 {
			sink.Only = maps.Clone(sink.Looks)
			for c := range books.AllCostColumns {
				sink.Only[c.String()] = true
			}
		}
	}
	workers := make([]worker, max(1, p.workers))
	if p.grain == settings.CostRow {
		workers = workers[:1]
	}
	always := period.Always()
	repeats, sorted := newRepeats(p.books, p.grain != settings.ResourceMonth), p.sorter()
	for i := range workers {
		workers[i] = worker{books: p.books, allocator: weights.Clone(),
			margins: NewMargins(p.books, p.rates, d.Period),
			groups:  newGrouper(p.books, d, p.grain, sorted), repeats: repeats}
		if !slices.ContainsFunc(p.books.Markups, func(m books.Markup) bool { return m.Valid != always }) {
			workers[i].markups = make(map[markupOf]*books.Markup)
		}
	}
	return workers, func(i int) accept.CostSink {
		w, to := &workers[i], sink
		to.Take = func(row *books.CostRow) (err error) {
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
			if w.groups.full() {
				return w.move()
			}
			w.remember(row, one, w.parts)
			return nil
		}
		return to
	}
}

// join adds up what workers made of a delivery.
func (r *rated) join(d *Delivery, workers []worker) (*sorter, error) {
	r.margins.Sources[d.Source] = d.conversion
	for i := range workers {
		if err := errors.Join(workers[i].move(), r.margins.Merge(workers[i].margins, d.Currency)); err != nil {
			return nil, err
		}
	}
	return workers[0].groups.sorted, nil
}

// ahead allocates a delivery of an open cycle while it is examined, so that its files are read once. It returns nil if
// a rule splits by cost, which needs all rows before the first is allocated, or if one worker must see all files.
func (p *pricer) ahead(d *Delivery) ([]worker, func(int) accept.CostSink) {
	weights := settlement.NewAllocator(p.books)
	if weights.ByCost() || p.grain == settings.CostRow {
		return nil, func(int) accept.CostSink { return accept.CostSink{} }
	}
	return p.workersOf(&rated{cycle: d.Period, books: p.books, bounds: p.books.Zone.Bounds(d.Period)}, d, weights)
}

// examined ignores a reject: the examination of the delivery has counted it.
func examined(accept.CostReject) error { return nil }

// weigh adds up what the rules without split give to each customer.
func (p *pricer) weigh(ctx context.Context, d *Delivery, into *settlement.Allocator) error {
	workers := make([]*settlement.Allocator, max(1, p.workers))
	tallies := make([]accept.CostTally, len(workers))
	for i := range workers {
		workers[i] = settlement.NewAllocator(p.books)
	}
	sink := accept.CostSink{Reject: examined}
	if d.Rejected == 0 {
		sink.Only = make(map[string]bool)
		for _, name := range into.Columns() {
			sink.Only[name] = true
		}
	}
	err := accept.ReadCostFiles(ctx, p.inbox, d.found, len(workers),
		func(i, _ int) (*accept.CostTally, accept.CostSink) {
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
func (p *pricer) part(r *rated, w *worker, row *books.CostRow, of *settlement.Part) error {
	d := w.groups.delivery
	if of.Customer < 0 {
		return w.margins.Count(d.Source, row, of.Reason, &of.Values)
	}
	one := priced{Part: of, sku: -1, column: books.PricingQuantity}
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
func (p *pricer) unpriced(r *rated, row *books.CostRow, one *priced, unit string) string {
	if one.sku < 0 {
		return books.NoPrice
	}
	product := &p.books.Products[one.sku]
	region := p.prices.Region(row.Field(books.CostRegion))
	if !p.prices.Priced(one.Customer, one.sku, region, row.Start, r.bounds) {
		return books.NoPrice
	}
	if product.Model == books.PassThrough {
		if !row.Has[product.Basis] {
			return books.NoPrice
		}
		return ""
	}
	of := books.PricingUnit
	if one.column == books.ConsumedQuantity {
		of = books.ConsumedUnit
	}
	if !row.Has[one.column] || unit != "" && row.Field(of) != unit {
		return books.NoQuantity
	}
	return ""
}

// customer rates the groups of the next customer. end are its month-end lines.
func (p *pricer) customer(r *rated, rater *rating.CostRater, in *pricedGroups, end []*rows.Line, to sink) error {
	who := in.one.customer
	if err := rater.Open(who, r.cycle); err != nil {
		return err
	}
	for in.one != nil && in.one.customer == who {
		g := in.one
		lines, err := p.group(r, rater, g)
		for ; err == nil && len(lines) > 0; lines = lines[1:] {
			for ; err == nil && len(end) > 0 && end[0].Compare(lines[0]) < 0; end = end[1:] {
				err = to.line(end[0])
			}
			err = errors.Join(err, to.line(lines[0]))
		}
		if err = errors.Join(err, r.count(g), to.group(g), in.next()); err != nil {
			return err
		}
	}
	for _, l := range end {
		if err := to.line(l); err != nil {
			return err
		}
	}
	return nil
}

// group rates a group and returns its lines, in the order of §8.
func (p *pricer) group(r *rated, rater *rating.CostRater, g *group) (lines []*rows.Line, err error) {
	one := rating.CostGroup{SKU: g.sku, Region: g.field(books.CostRegion), Resource: g.field(books.CostResource),
		ID:    g.id,
		Start: g.start, End: g.end}
	if g.fx, err = r.delivery(g).conversion.To(p.books.CustomerCurrency(g.customer).Code); err != nil {
		return nil, err
	}
	product := &p.books.Products[g.sku]
	switch {
	case product.Model == books.PassThrough && IsPar(g.fx):
		one.Cost = g.values[product.Basis]
	case product.Model == books.PassThrough:
		one.Basis = new(big.Rat).Mul(g.values[product.Basis].Rat(), g.fx.Rat())
	default:
		if one.Quantity, err = g.values[g.column].R10(); err != nil {
			return nil, err
		}
	}
	var out table.LineCharges
	if err := rater.Rate(&one, 0, &out); err != nil {
		return nil, err
	}
	for i := range out.List {
		ch := &out.List[i]
		if err := g.payment.Add(ch.Payment); err != nil {
			return nil, err
		}
		g.priced = true
		l := p.groupLine(r, g, ch)
		l.Draws = string(table.AppendDraws(nil, p.books.Packages, out.Draws[ch.DrawsFrom:ch.DrawsTo]))
		lines = append(lines, l)
	}
	slices.SortStableFunc(lines, (*rows.Line).Compare)
	return lines, nil
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

// customerEnd rates the groups of the next customer and returns only its month-end lines, if they are due. Those of a
// resource have the name and the tag of its first group; pass_through products have none.
func (p *pricer) customerEnd(r *rated, rater *rating.CostRater, in *pricedGroups) (lines []*rows.Line, err error) {
	if !p.monthEnd(r.cycle) {
		return nil, nil // month-end lines come with the cycle's
	}
	who := in.one.customer
	if err := rater.Open(who, r.cycle); err != nil {
		return nil, err
	}
	type named struct{ name, tag string }
	first := make(map[nameKey]named)
	for in.one != nil && in.one.customer == who {
		g := in.one
		if p.books.Products[g.sku].Model != books.PassThrough {
			k := p.nameKey(g.sku, g.field(books.CostRegion), g.field(books.CostResource))
			if _, known := first[k]; !known {
				first[k] = named{g.verbatim.Text("ResourceName"), g.verbatim.Text("Tags")}
			}
		}
		if _, err := p.group(r, rater, g); err != nil {
			return nil, err
		}
		if err := in.next(); err != nil {
			return nil, err
		}
	}
	var out table.LineCharges
	var about []rating.Object
	if err := rater.CycleEnd(&out, &about); err != nil {
		return nil, err
	}
	for i := range out.List {
		ch := &out.List[i]
		o := about[ch.Record]
		l := &rows.Line{
			Charge:       *ch,
			Customer:     who,
			SKU:          o.SKU,
			Region:       o.Region,
			Resource:     o.Resource,
			ChargingMode: table.ChargingOnDemand,
			Detail:       table.DetailUsage,
			TradeID:      r.cycle.String(),
			ID:           table.MonthEndID(r.cycle, p.books.Products[o.SKU].SKU, o.Region, o.Resource),
			TradeTime:    r.bounds.To,
			Start:        r.bounds.From,
			End:          r.bounds.To,
			Own:          r.bounds.From,
			Instant:      r.bounds.To - 1,
			Draws:        string(table.AppendDraws(nil, p.books.Packages, out.Draws[ch.DrawsFrom:ch.DrawsTo])),
		}
		if l.Resource != "" {
			of := first[p.nameKey(o.SKU, o.Region, o.Resource)]
			l.Name, l.Tag = of.name, of.tag
		}
		p.associate(l)
		lines = append(lines, l)
		if err := r.margins.CountLine(l); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(lines, (*rows.Line).Compare)
	return lines, nil
}

// groupLine is a line of a group.
func (p *pricer) groupLine(r *rated, g *group, ch *table.Charge) *rows.Line {
	l := &rows.Line{Charge: *ch, Customer: g.customer, SKU: g.sku, Region: g.field(books.CostRegion),
		Resource: g.field(books.CostResource), Name: g.verbatim.Text("ResourceName"), Tag: g.verbatim.Text("Tags"),
		ChargingMode: table.ChargingOnDemand, Detail: table.DetailUsage, TradeID: r.cycle.String(), ID: g.id,
		TradeTime: g.end, Start: g.start, End: g.end, Own: g.start,
		Instant: min(max(g.start, r.bounds.From), r.bounds.To-1)}
	p.associate(l)
	return l
}

// associate sets the partner at the line's own time (§6.1).
func (p *pricer) associate(l *rows.Line) {
	l.Partner, l.Association = p.books.PartnerAt(l.Customer, l.Own)
}
