package rating

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// openRow restores one opening position.
func (r *Rater) openRow(row *table.PositionRow) error {
	sku, known := r.client.Book.SKUs[row.Key]
	switch {
	case row.Kind == table.PackagePosition && r.packages.openRow(row):
		return nil
	case known && slices.Contains(Counters(&r.client.Book.Books.Products[sku]), row.Kind):
		region, resource := r.meters.openScope(sku, row.Scope)
		i, isNew := r.meters.find(counterKinds[row.Kind], sku, region, resource)
		if !isNew {
			return errors.New("given twice")
		}
		r.meters.list[i].count = row.Count
		return nil
	case row.Kind == table.GatherPosition && known && gathers(&r.client.Book.Books.Products[sku]):
		return r.gathered.open(sku, row)
	case row.Kind == table.LevelPosition && known &&
		r.client.Book.Books.Products[sku].Aggregation == books.TimeWeighted:
		return r.levels.open(sku, row)
	case row.Kind == table.SeenPosition && known && r.client.Book.Books.Products[sku].Aggregation == books.UniqueCount:
		r.figures.openSeen(sku, row)
		return nil
	}
	r.kept = append(r.kept, *row)
	return nil
}

// counterKinds maps the positions that count record by record to their meters.
var counterKinds = [...]meterKind{table.MeterPosition: graduatedMeter, table.MeasurePosition: measureMeter,
	table.EventsPosition: eventsMeter}

// gathers reports whether a product counts usage for the cycle's end.
func gathers(p *books.Product) bool { return p.MonthEnd() && p.Model != books.Percentile }

// openScope parses a scope written by scopeText.
func (ms *meters) openScope(sku int32, scope string) (region int32, resource []byte) {
	ms.scratch = append(ms.scratch[:0], scope...)
	number := tariff.NoOne
	if ms.c.Book.Books.Products[sku].Meter == books.PerRegion {
		number = ms.regions.number(scope)
	}
	return scopeOf(&ms.c.Book.Books.Products[sku], number, ms.scratch)
}

// open restores a row of a period-level meter.
func (gs *gathered) open(sku int32, row *table.PositionRow) error {
	p := &gs.c.Book.Books.Products[sku]
	gs.scratch = append(gs.scratch[:0], row.Resource...)
	region := tariff.NoOne
	if p.Meter == books.PerRegion {
		region = gs.regions.number(row.Scope)
	}
	i, isNew := gs.row(p, sku, region, row.Region, gs.scratch)
	if !isNew {
		return fmt.Errorf("resource %q given twice", row.Resource)
	}
	m := &gs.meters.list[i]
	m.count = row.Count
	g := &gs.list[m.gather]
	g.recorded = true
	g.usage, g.free, g.name, g.tag, g.opened = row.Usage, row.Free, row.Name, row.Tag, row.Draws
	g.order = row.Order
	parent := &gs.list[gs.meters.list[g.meter].gather]
	parent.rows = max(parent.rows, row.Order+1)
	return nil
}

// readShares parses a row's draws from its opening position on first use.
func (gs *gathered) readShares(g *gather) error {
	text := g.opened
	g.opened = ""
	return table.EachPackageDraw(text, money.ParseQuantity, func(id string, quantity money.Quantity) error {
		pack := gs.packages.code(id)
		if pack == tariff.NoOne {
			return books.Missing(books.ByRecords, "packages.csv", "package_id", id)
		}
		return gs.addShare(g, pack, quantity)
	})
}

// code returns the first row of the open customer's package, or tariff.NoOne.
func (a *allowances) code(id string) int32 {
	for i := range a.quotas {
		if code, p := a.packageAt(i); p.ID == id {
			return firstPackageRow(a.c.Book.Books.Packages, code)
		}
	}
	return tariff.NoOne
}

// drawsText returns a row's draws in the form of a position.
func (gs *gathered) drawsText(g *gather) string {
	if g.shares == 0 {
		return g.opened
	}
	draws, err := gs.appendShares(nil, g)
	if err != nil {
		return g.opened // unparsed text and parsed shares never exist together
	}
	gs.scratch = gs.scratch[:0]
	for i, d := range draws {
		if i > 0 {
			gs.scratch = append(gs.scratch, ';')
		}
		gs.scratch = append(gs.scratch, gs.c.Book.Books.Packages[d.Package].ID...)
		gs.scratch = append(gs.scratch, ':')
		gs.scratch = append(gs.scratch, d.Quantity.Trim()...)
	}
	return string(gs.scratch)
}

// Positions appends the closing positions of the open customer to dst, sorted by kind, key, scope, resource and start
// of the quota period. Without a record since Open they equal the opening positions.
func (r *Rater) Positions(dst []table.PositionRow) []table.PositionRow {
	start := len(dst)
	dst = r.meters.counters(dst, graduatedMeter, table.MeterPosition)
	dst = r.gatherPositions(dst)
	dst = r.packages.positions(dst)
	if r.meters.extra {
		dst = r.meters.counters(dst, measureMeter, table.MeasurePosition)
		dst = r.meters.counters(dst, eventsMeter, table.EventsPosition)
		dst = r.figures.positions(dst)
		dst = r.levels.positions(dst)
	}
	if len(r.kept) > 0 {
		dst = append(dst, r.kept...)
		slices.SortStableFunc(dst[start:], table.ComparePositions)
	}
	return dst
}

// gatherPositions appends the positions of what was gathered for the cycle's end.
func (r *Rater) gatherPositions(dst []table.PositionRow) []table.PositionRow {
	rows := r.gathered.rows()
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(r.meters.byScope(x, y), cmp.Compare(r.meters.list[x].resource, r.meters.list[y].resource))
	})
	for _, i := range rows {
		m := &r.meters.list[i]
		if r.gathered.onlyHolds(m) {
			continue
		}
		row := r.gathered.position(m)
		if g := &r.gathered.list[m.gather]; g.prorated != 0 {
			row.Draws = r.prorations.list[g.prorated-1].Text()
		}
		dst = append(dst, row)
	}
	return dst
}

// positions appends the positions of the packages from which something was drawn, in order.
func (a *allowances) positions(dst []table.PositionRow) []table.PositionRow {
	start := len(dst)
	for i := range a.quotas {
		if q := &a.quotas[i]; q.touched {
			_, p := a.packageAt(i)
			dst = append(dst, PackageRow(p, q.drawn, q.start))
		}
	}
	slices.SortFunc(dst[start:], table.ComparePositions)
	return dst
}

// counters appends the positions of one kind of meters that count record by record.
func (ms *meters) counters(dst []table.PositionRow, of meterKind, kind table.KindOfPosition) []table.PositionRow {
	ms.order = ms.order[:0]
	for i := range ms.list {
		if m := &ms.list[i]; m.kind == of && !m.count.IsZero() {
			ms.order = append(ms.order, int32(i))
		}
	}
	slices.SortFunc(ms.order, ms.byScope)
	for _, i := range ms.order {
		m := &ms.list[i]
		dst = append(dst, table.PositionRow{
			Kind: kind, Key: ms.c.Book.Books.Products[m.sku].SKU, Scope: ms.scopeText(m), Resource: m.resource,
			Count: m.count,
		})
	}
	return dst
}

// PackageRow returns the position of a package from which something was drawn in the quota period beginning at start.
func PackageRow(p *books.Package, drawn money.Quantity, start period.Instant) table.PositionRow {
	of := p.Quota
	if drawn.Cmp(of) > 0 {
		of = drawn
	}
	return table.PositionRow{Kind: table.PackagePosition, Key: p.ID, Count: leftOf(p, drawn), Usage: of, At: start}
}

// DrawnOf returns what was drawn from a package according to its position: the inverse of PackageRow.
func DrawnOf(p *books.Package, row *table.PositionRow) (money.Quantity, error) {
	if row.Usage.IsZero() {
		return p.Quota.Sub(row.Count.Min(p.Quota))
	}
	return row.Usage.Sub(row.Count)
}

// byScope compares meters in the order of their positions. The numbers of skus have the order of the skus.
func (ms *meters) byScope(x, y int32) int {
	a, b := &ms.list[x], &ms.list[y]
	if a.sku != b.sku {
		return cmp.Compare(a.sku, b.sku)
	}
	return cmp.Compare(ms.scopeText(a), ms.scopeText(b))
}

func (gs *gathered) position(m *meter) table.PositionRow {
	g := &gs.list[m.gather]
	return table.PositionRow{
		Kind: table.GatherPosition, Key: gs.c.Book.Books.Products[m.sku].SKU, Scope: gs.meters.scopeText(m),
		Resource: m.resource, Region: gs.list[gs.meters.list[g.meter].gather].region, Name: g.name,
		Tag: g.tag, Order: g.order,
		Count: m.count, Usage: g.usage, Free: g.free, Draws: gs.drawsText(g),
	}
}

// kindName returns the name of a position's kind.
func kindName(k table.KindOfPosition) string {
	switch k {
	case table.MeterPosition:
		return "meter"
	case table.GatherPosition:
		return "gathered"
	case table.PackagePosition:
		return "package"
	case table.MeasurePosition:
		return "unconverted"
	case table.EventsPosition:
		return "records"
	case table.SeenPosition:
		return "counted value"
	case table.LevelPosition:
		return "level"
	case table.OtherwisePosition:
		return "difference"
	}
	return "unknown"
}
