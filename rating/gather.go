package rating

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// gather is what the cycle's end has to know of a period-level meter or of one of its rows in addition to the count
// (§4.6). A row is what one line will be made of: a volume meter has one per resource, the others are their own only
// row.
type gather struct {
	meter       int32  // the meter it belongs to; its own index for a meter
	region      string // meters: region of the first record
	rows        int64  // meters: the order of the next new row
	order       int64  // rows: the order in which they came
	name, tag   string // rows: resource_name and resource_tag of the first record
	usage, free money.Quantity
	opened      string // rows: draws as a position holds them, not yet read
	shares      int32  // rows: 1 + index in Rater.shares of the first of its draws; 0 = none
	recorded    bool   // meters: a record of the cycle counts in it, or a subscriber owes its fee
	levels      int32  // meters: 1 + index in Rater.levels of the first of its levels; 0 = none
	prorated    int32  // 1 + index in Rater.prorata; 0 = not yet read
}

// share is a part of a row's free quantity: what it drew from one package.
type share struct {
	pack     int32 // index in books.Packages of the package's first row
	next     int32 // as gather.shares
	quantity money.Quantity
}

// Object is what a period-level line is about; the charges of CycleEnd name it by its index.
type Object struct {
	SKU       int32  // index in books.Products
	Region    string // of the meter's first record
	Resource  string // "" for a meter wider than a resource
	Name, Tag string // of the resource's first record
}

// gatherRow finds the row that a record of a period-level product counts in, or makes it.
func (r *Rater) gatherRow(p *books.Product, sku, region int32, regionName string, resource []byte) (row int32,
	isNew bool) {
	scopeRegion, scopeResource := r.scope(p, region, resource)
	m, isNew := r.meters.find(gatherMeter, sku, scopeRegion, scopeResource)
	if isNew {
		r.meters.list[m].gather = int32(len(r.gathers))
		r.gathers = append(r.gathers, gather{meter: m, region: regionName})
	}
	if p.MeterLines() {
		return m, isNew
	}
	row, isNew = r.meters.find(gatherRow, sku, scopeRegion, resource)
	if isNew {
		r.meters.list[row].gather = int32(len(r.gathers))
		r.gathers = append(r.gathers, gather{meter: m, order: r.gathers[r.meters.list[m].gather].rows})
	}
	return row, isNew
}

// gather counts a record of a period-level product for the cycle's end.
func (r *Rater) gather(u *usage, draws []line.Draw) error {
	row, isNew := r.gatherRow(u.product, u.SKU, u.place.number, r.regionNames[u.place.number], u.Resource)
	m := &r.meters.list[row]
	g := &r.gathers[m.gather]
	if isNew {
		r.gathers[r.meters.list[g.meter].gather].rows++
		if m.resource != "" {
			g.name, g.tag = string(u.Name), string(u.Tag)
		}
	}
	var err error
	if u.product.Convert.IsZero() { // else the cycle's end counts from usage and free
		end, err := m.count.Add(u.left)
		if err != nil {
			return err
		}
		if r.trace != nil {
			r.traceMeter(m, u.left, end, false)
		}
		m.count = end
	}
	if g.usage, err = g.usage.Add(u.raw); err != nil {
		return err
	}
	if g.free, err = g.free.Add(u.free); err != nil {
		return err
	}
	if len(draws) > 0 {
		if err := r.readShares(g); err != nil {
			return err
		}
	}
	for _, d := range draws {
		if err := r.addShare(g, r.bk.firstRow(d.Package), d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// firstRow is the first of the rows of one package: draws on all of them are one to a reader.
func (bk *Book) firstRow(code int32) int32 {
	all := bk.books.Packages
	for code > 0 && all[code-1].Customer == all[code].Customer && all[code-1].ID == all[code].ID {
		code--
	}
	return code
}

// addShare counts a draw in addition to those already read.
func (r *Rater) addShare(g *gather, pack int32, quantity money.Quantity) error {
	for i := g.shares; i != 0; i = r.shares[i-1].next {
		if s := &r.shares[i-1]; s.pack == pack {
			var err error
			s.quantity, err = s.quantity.Add(quantity)
			return err
		}
	}
	r.shares = append(r.shares, share{pack: pack, next: g.shares, quantity: quantity})
	g.shares = int32(len(r.shares))
	return nil
}

// appendShares appends a row's draws, by package_id.
func (r *Rater) appendShares(dst []line.Draw, g *gather) ([]line.Draw, error) {
	if err := r.readShares(g); err != nil {
		return dst, err
	}
	start := len(dst)
	for i := g.shares; i != 0; i = r.shares[i-1].next {
		if s := &r.shares[i-1]; !s.quantity.IsZero() { // it was all given back
			dst = append(dst, line.Draw{Package: s.pack, Quantity: s.quantity})
		}
	}
	slices.SortFunc(dst[start:], func(a, b line.Draw) int { return cmp.Compare(a.Package, b.Package) })
	return dst, nil
}

// rows gives the indexes of all rows of period-level meters, in no order.
func (r *Rater) rows() []int32 {
	r.order = r.order[:0]
	for i := range r.meters.list {
		m := &r.meters.list[i]
		switch p := &r.bk.books.Products[m.sku]; {
		case m.kind != gatherMeter && m.kind != gatherRow:
		case (m.kind == gatherMeter) == p.MeterLines():
			r.order = append(r.order, int32(i))
		}
	}
	return r.order
}

// CycleEnd appends the lines of the customer's volume, block and stairstep meters as of now (§4.6), and to objs
// what they are about; Charge.Record is an index in objs. It changes no position. The lines are in order of sku,
// scope of the meter and first use; a meter's flat fee follows its lines.
func (r *Rater) CycleEnd(out *line.Charges, objs *[]Object) error {
	rows := r.rows()
	slices.SortFunc(rows, func(x, y int32) int {
		a, b := &r.meters.list[x], &r.meters.list[y]
		return cmp.Or(r.byScope(x, y), cmp.Compare(r.gathers[a.gather].order, r.gathers[b.gather].order))
	})
	for len(rows) > 0 {
		n := 1
		meter := r.gathers[r.meters.list[rows[0]].gather].meter
		for n < len(rows) && r.gathers[r.meters.list[rows[n]].gather].meter == meter {
			n++
		}
		if err := r.endMeter(rows[:n], out, objs); err != nil {
			return fmt.Errorf("close %s of customer %s, sku %s: %w", r.cycle,
				r.bk.books.Customers[r.customer].ID, r.bk.books.Products[r.meters.list[meter].sku].SKU, err)
		}
		rows = rows[n:]
	}
	return nil
}

// closing is a period-level meter at the cycle's end.
type closing struct {
	product  *books.Product
	sku      int32
	region   string
	version  int32
	tier     int // index of the tier that holds quantity; 0 if quantity is 0
	quantity money.Quantity
}

// endMeter prices one meter from its rows.
func (r *Rater) endMeter(rows []int32, out *line.Charges, objs *[]Object) error {
	first := &r.meters.list[rows[0]]
	switch p := &r.bk.books.Products[first.sku]; {
	case p.Aggregation.Figure():
		return r.endFigure(rows[0], out, objs)
	case p.Prorate:
		return r.endProrated(rows[0], out, objs)
	case p.FeeApart():
		return r.recordFee(rows[0], out, objs)
	}
	end := closing{product: &r.bk.books.Products[first.sku], sku: first.sku}
	end.region = r.gathers[r.meters.list[r.gathers[first.gather].meter].gather].region
	used := false
	for _, row := range rows {
		m := &r.meters.list[row]
		var err error
		if end.quantity, err = end.quantity.Add(m.count); err != nil {
			return err
		}
		used = used || !r.gathers[m.gather].usage.IsZero()
	}
	if !used {
		return r.feeAtZero(rows[0], out, objs)
	}
	if r.trace != nil {
		r.traceClose(first, end.quantity)
	}
	var err error
	if end.version, err = r.versionOfCycle(end.sku, end.region, r.bounds); err != nil {
		return err
	}
	if end.product.MeterLines() {
		return r.endWhole(&end, rows[0], out, objs)
	}
	tiers := r.bk.books.Versions[end.version].Tiers
	end.tier = tierOf(tiers, end.quantity)
	for _, row := range rows {
		if err := r.endRow(&end, &tiers[end.tier], row, out, objs); err != nil {
			return err
		}
	}
	if end.quantity.IsZero() {
		return r.feeAtZero(rows[0], out, objs)
	}
	if tiers[end.tier].FlatFee.IsZero() {
		return nil
	}
	if end.product.Meter != books.PerResource {
		*objs = append(*objs, Object{SKU: end.sku, Region: end.region})
	}
	n := int32(len(out.Draws))
	return r.flatFee(&climb{
		sku: end.sku, version: end.version, at: r.bounds.From, record: int32(len(*objs) - 1), drawsFrom: n, drawsTo: n,
	}, end.tier, &tiers[end.tier], out)
}

// endRow appends the line of one resource of a volume meter, unless nothing was used.
func (r *Rater) endRow(end *closing, tier *books.Tier, row int32, out *line.Charges, objs *[]Object) error {
	m := &r.meters.list[row]
	g := &r.gathers[m.gather]
	if g.usage.IsZero() {
		return nil
	}
	ch := line.Charge{
		UsageAmount: g.usage.Signed(), Free: g.free.Signed(), Quantity: m.count.Signed(), UnitPrice: tier.UnitPrice,
		Record: int32(len(*objs)), Version: end.version, Tier: int16(end.tier + 1), Kind: line.Period,
	}
	*objs = append(*objs, Object{SKU: end.sku, Region: end.region, Resource: m.resource, Name: g.name, Tag: g.tag})
	var err error
	ch.DrawsFrom = int32(len(out.Draws))
	if out.Draws, err = r.appendShares(out.Draws, g); err != nil {
		return err
	}
	ch.DrawsTo = int32(len(out.Draws))
	if r.trace != nil {
		r.traceRow(end, m, &ch)
	}
	out.List = append(out.List, ch)
	return r.settle(&sale{charge: &out.List[len(out.List)-1], sku: end.sku, at: r.bounds.From})
}

// tierOf is the index of the tier that holds a quantity, its up_to included; 0 for a quantity of 0.
func tierOf(tiers []books.Tier, quantity money.Quantity) int {
	for i := range tiers {
		if tiers[i].Open || quantity.Cmp(tiers[i].UpTo) <= 0 {
			return i
		}
	}
	return len(tiers) - 1
}

// versionOfCycle is the version of a period-level model for the customer's cycle (§4.6).
func (c *client) versionOfCycle(sku int32, region string, bounds period.Span) (int32, error) {
	list, place := c.bk.listOfCycle(c.customer, bounds), c.bk.Region(region)
	v := c.bk.prices.line(list, sku, place).ofCycle(bounds)
	if v == noVersion {
		return v, noPrice(region, bounds.From)
	}
	if c.trace != nil {
		c.tracePrice(sku, list, place, region, bounds.From, v)
	}
	return v, nil
}
