package rating

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// gather is what the cycle's end needs to know of a period-level meter or of one of its rows in addition to the count
// (§4.6). Each row becomes one line: a volume meter has one row per resource, other meters are their only row.
type gather struct {
	meter       int32  // the meter it belongs to; its own index for a meter
	region      string // meters: region of the first record
	rows        int64  // meters: the number of rows so far
	order       int64  // rows: their order of arrival
	name, tag   string // rows: resource_name and resource_tag of the first record
	usage, free money.Quantity
	opened      string // rows: draws in the form of a position, not yet parsed
	shares      int32  // rows: 1 + index in gathered.shares of their first draw; 0 = none
	recorded    bool   // meters: a record of the cycle counts in it, or a subscriber owes its fee
	levels      int32  // meters: 1 + index in levels.list of their first level; 0 = none
	prorated    int32  // 1 + index in prorations.list; 0 = not yet parsed
}

// gathered contains the counts of the open customer's records for the cycle's end, by meter (§4.6).
type gathered struct {
	c        *tariff.Client
	regions  *regions
	meters   *meters
	packages *allowances
	list     []gather
	shares   []share
	order    []int32 // of rows
	scratch  []byte
}

// share is the part of a row's free quantity that it drew from one package.
type share struct {
	pack     int32 // index in books.Packages of the package's first row
	next     int32 // like gather.shares
	quantity money.Quantity
}

// Object is the subject of a period-level line; the charges of CycleEnd refer to it by its index.
type Object struct {
	SKU       int32  // index in books.Products
	Region    string // of the meter's first record
	Resource  string // "" for a meter wider than a resource
	Name, Tag string // of the resource's first record
}

// row returns the row in which a record of a period-level product counts, and creates a new one if needed.
func (gs *gathered) row(p *books.Product, sku, region int32, regionName string, resource []byte) (row int32,
	isNew bool) {
	scopeRegion, scopeResource := scopeOf(p, region, resource)
	m, isNew := gs.meters.find(gatherMeter, sku, scopeRegion, scopeResource)
	if isNew {
		gs.meters.list[m].gather = int32(len(gs.list))
		gs.list = append(gs.list, gather{meter: m, region: regionName})
	}
	if p.MeterLines() {
		return m, isNew
	}
	row, isNew = gs.meters.find(gatherRow, sku, scopeRegion, resource)
	if isNew {
		gs.meters.list[row].gather = int32(len(gs.list))
		gs.list = append(gs.list, gather{meter: m, order: gs.list[gs.meters.list[m].gather].rows})
	}
	return row, isNew
}

// add counts a record of a period-level product for the cycle's end.
func (gs *gathered) add(u *usage, draws []table.PackageDraw) error {
	row, isNew := gs.row(u.product, u.SKU, u.place.number, gs.regions.names[u.place.number], u.Resource)
	m := &gs.meters.list[row]
	g := &gs.list[m.gather]
	if isNew {
		gs.list[gs.meters.list[g.meter].gather].rows++
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
		if gs.c.Trace != nil {
			gs.meters.traceMeter(m, u.left, end, false)
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
		if err := gs.readShares(g); err != nil {
			return err
		}
	}
	for _, d := range draws {
		if err := gs.addShare(g, firstPackageRow(gs.c.Book.Books.Packages, d.Package), d.Quantity); err != nil {
			return err
		}
	}
	return nil
}

// firstPackageRow returns the first row of a package: draws on all rows of a package are shown as one.
func firstPackageRow(all []books.Package, code int32) int32 {
	for code > 0 && all[code-1].Customer == all[code].Customer && all[code-1].ID == all[code].ID {
		code--
	}
	return code
}

// addShare adds a draw to those already parsed.
func (gs *gathered) addShare(g *gather, pack int32, quantity money.Quantity) error {
	for i := g.shares; i != 0; i = gs.shares[i-1].next {
		if s := &gs.shares[i-1]; s.pack == pack {
			var err error
			s.quantity, err = s.quantity.Add(quantity)
			return err
		}
	}
	gs.shares = append(gs.shares, share{pack: pack, next: g.shares, quantity: quantity})
	g.shares = int32(len(gs.shares))
	return nil
}

// appendShares appends a row's draws, by package_id.
func (gs *gathered) appendShares(dst []table.PackageDraw, g *gather) ([]table.PackageDraw, error) {
	if err := gs.readShares(g); err != nil {
		return dst, err
	}
	start := len(dst)
	for i := g.shares; i != 0; i = gs.shares[i-1].next {
		if s := &gs.shares[i-1]; !s.quantity.IsZero() { // all of it was returned
			dst = append(dst, table.PackageDraw{Package: s.pack, Quantity: s.quantity})
		}
	}
	slices.SortFunc(dst[start:], func(a, b table.PackageDraw) int { return cmp.Compare(a.Package, b.Package) })
	return dst, nil
}

// rows returns the indexes of all rows of period-level meters, in no particular order.
func (gs *gathered) rows() []int32 {
	gs.order = gs.order[:0]
	for i := range gs.meters.list {
		m := &gs.meters.list[i]
		switch p := &gs.c.Book.Books.Products[m.sku]; {
		case m.kind != gatherMeter && m.kind != gatherRow:
		case (m.kind == gatherMeter) == p.MeterLines():
			gs.order = append(gs.order, int32(i))
		}
	}
	return gs.order
}
