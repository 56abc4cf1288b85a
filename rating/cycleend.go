package rating

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// monthEnd prices at the cycle's end what was gathered for the open customer. It does not change it.
type monthEnd struct {
	c          *tariff.Client
	meters     *meters
	gathered   *gathered
	figures    *figures
	prorations *prorations
	scratch    []byte
}

// CycleEnd appends the lines of the customer's volume, block and stairstep meters in their present state (§4.6), and
// the subjects of the lines to objs; Charge.Record is an index in objs. It changes no position. The lines are in order
// of sku, scope of the meter and first use; a meter's flat fee follows its lines.
func (r *Rater) CycleEnd(out *table.LineCharges, objs *[]Object) error {
	bk, rows, list := r.client.Book, r.gathered.rows(), r.gathered.list
	slices.SortFunc(rows, func(x, y int32) int {
		a, b := &r.meters.list[x], &r.meters.list[y]
		return cmp.Or(r.meters.byScope(x, y), cmp.Compare(list[a.gather].order, list[b.gather].order))
	})
	for len(rows) > 0 {
		n := 1
		meter := list[r.meters.list[rows[0]].gather].meter
		for n < len(rows) && list[r.meters.list[rows[n]].gather].meter == meter {
			n++
		}
		if err := r.end.meter(rows[:n], out, objs); err != nil {
			return tariff.NotPriced(tariff.OfMeter, fmt.Sprintf("close %s of customer %s, sku %s", r.client.Cycle,
				bk.Books.Customers[r.client.Customer].ID, bk.Books.Products[r.meters.list[meter].sku].SKU), err)
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
	tier     int // index of the tier that contains quantity; 0 if quantity is 0
	quantity money.Quantity
}

// meter prices one meter from its rows.
func (e *monthEnd) meter(rows []int32, out *table.LineCharges, objs *[]Object) error {
	first := &e.meters.list[rows[0]]
	switch p := &e.c.Book.Books.Products[first.sku]; {
	case p.Aggregation.Figure():
		return e.figure(rows[0], out, objs)
	case p.Prorate:
		return e.prorated(rows[0], out, objs)
	case p.FeeApart():
		return e.recordFee(rows[0], out, objs)
	}
	end := closing{product: &e.c.Book.Books.Products[first.sku], sku: first.sku}
	end.region = e.gathered.list[e.meters.list[e.gathered.list[first.gather].meter].gather].region
	used := false
	for _, row := range rows {
		m := &e.meters.list[row]
		var err error
		if end.quantity, err = end.quantity.Add(m.count); err != nil {
			return err
		}
		used = used || !e.gathered.list[m.gather].usage.IsZero()
	}
	if !used {
		return e.feeAtZero(rows[0], out, objs)
	}
	if e.c.Trace != nil && end.product.Convert.IsZero() {
		e.meters.traceClose(first, money.Covered{Left: end.quantity})
	}
	var err error
	if end.version, err = e.c.VersionOfCycle(end.sku, end.region, e.c.Bounds); err != nil {
		return err
	}
	if end.product.MeterLines() {
		return e.whole(&end, rows[0], out, objs)
	}
	tiers := e.c.Book.Books.Versions[end.version].Tiers
	end.tier = tierOf(tiers, end.quantity)
	for _, row := range rows {
		if err := e.row(&end, &tiers[end.tier], row, out, objs); err != nil {
			return err
		}
	}
	if end.quantity.IsZero() {
		return e.feeAtZero(rows[0], out, objs)
	}
	if tiers[end.tier].FlatFee.IsZero() {
		return nil
	}
	if end.product.Meter != books.PerResource {
		*objs = append(*objs, Object{SKU: end.sku, Region: end.region})
	}
	n := int32(len(out.Draws))
	return e.c.FlatFee(&tariff.Climb{
		SKU: end.sku, Version: end.version, At: e.c.Bounds.From, Record: int32(len(*objs) - 1),
		DrawsFrom: n, DrawsTo: n,
	}, end.tier, &tiers[end.tier], out)
}

// row appends the line of one resource of a volume meter, unless its usage is 0.
func (e *monthEnd) row(end *closing, tier *books.Tier, row int32, out *table.LineCharges, objs *[]Object) error {
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	if g.usage.IsZero() {
		return nil
	}
	ch := table.Charge{
		UsageAmount: g.usage.Signed(), Free: g.free.Signed(), Quantity: m.count.Signed(), UnitPrice: tier.UnitPrice,
		Record: int32(len(*objs)), Version: end.version, Tier: int16(end.tier + 1), Kind: table.PeriodLine,
	}
	*objs = append(*objs, Object{SKU: end.sku, Region: end.region, Resource: m.resource, Name: g.name, Tag: g.tag})
	var err error
	ch.DrawsFrom = int32(len(out.Draws))
	if out.Draws, err = e.gathered.appendShares(out.Draws, g); err != nil {
		return err
	}
	ch.DrawsTo = int32(len(out.Draws))
	if e.c.Trace != nil {
		e.traceRow(end, m, &ch)
	}
	out.List = append(out.List, ch)
	return e.c.Settle(&tariff.Sale{Charge: &out.List[len(out.List)-1], SKU: end.sku, At: e.c.Bounds.From})
}

// tierOf returns the index of the tier that contains a quantity, its up_to included; 0 for a quantity of 0.
func tierOf(tiers []books.Tier, quantity money.Quantity) int {
	for i := range tiers {
		if tiers[i].Open || quantity.Cmp(tiers[i].UpTo) <= 0 {
			return i
		}
	}
	return len(tiers) - 1
}
