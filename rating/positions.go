package rating

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// openRow restores one opening position.
func (r *Rater) openRow(row *position.Row) error {
	sku, known := r.client.Book.SKUs[row.Key]
	switch {
	case row.Kind == position.Package && r.packages.openRow(row):
		return nil
	case known && slices.Contains(Counters(&r.client.Book.Books.Products[sku]), row.Kind):
		region, resource := r.meters.openScope(sku, row.Scope)
		i, isNew := r.meters.find(counterKinds[row.Kind], sku, region, resource)
		if !isNew {
			return errors.New("given twice")
		}
		r.meters.list[i].count = row.Count
		return nil
	case row.Kind == position.Gather && known && gathers(&r.client.Book.Books.Products[sku]):
		return r.gathered.open(sku, row)
	case row.Kind == position.Level && known && r.client.Book.Books.Products[sku].Aggregation == books.TimeWeighted:
		return r.levels.open(sku, row)
	case row.Kind == position.Seen && known && r.client.Book.Books.Products[sku].Aggregation == books.UniqueCount:
		r.figures.openSeen(sku, row)
		return nil
	}
	r.kept = append(r.kept, *row)
	return nil
}

// counterKinds maps the positions that count record by record to their meters.
var counterKinds = [...]meterKind{position.Meter: graduatedMeter, position.Measure: measureMeter,
	position.Events: eventsMeter}

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
func (gs *gathered) open(sku int32, row *position.Row) error {
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
	return line.EachDraw(text, money.ParseQuantity, func(id string, quantity money.Quantity) error {
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
func (r *Rater) Positions(dst []position.Row) []position.Row {
	start := len(dst)
	dst = r.meters.counters(dst, graduatedMeter, position.Meter)
	dst = r.gatherPositions(dst)
	dst = r.packages.positions(dst)
	if r.meters.extra {
		dst = r.meters.counters(dst, measureMeter, position.Measure)
		dst = r.meters.counters(dst, eventsMeter, position.Events)
		dst = r.figures.positions(dst)
		dst = r.levels.positions(dst)
	}
	if len(r.kept) > 0 {
		dst = append(dst, r.kept...)
		slices.SortStableFunc(dst[start:], position.Compare)
	}
	return dst
}

// gatherPositions appends the positions of what was gathered for the cycle's end.
func (r *Rater) gatherPositions(dst []position.Row) []position.Row {
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
func (a *allowances) positions(dst []position.Row) []position.Row {
	start := len(dst)
	for i := range a.quotas {
		if q := &a.quotas[i]; q.touched {
			_, p := a.packageAt(i)
			dst = append(dst, PackageRow(p, q.drawn, q.start))
		}
	}
	slices.SortFunc(dst[start:], position.Compare)
	return dst
}

// counters appends the positions of one kind of meters that count record by record.
func (ms *meters) counters(dst []position.Row, of meterKind, kind position.Kind) []position.Row {
	ms.order = ms.order[:0]
	for i := range ms.list {
		if m := &ms.list[i]; m.kind == of && !m.count.IsZero() {
			ms.order = append(ms.order, int32(i))
		}
	}
	slices.SortFunc(ms.order, ms.byScope)
	for _, i := range ms.order {
		m := &ms.list[i]
		dst = append(dst, position.Row{
			Kind: kind, Key: ms.c.Book.Books.Products[m.sku].SKU, Scope: ms.scopeText(m), Resource: m.resource,
			Count: m.count,
		})
	}
	return dst
}

// PackageRow returns the position of a package from which something was drawn in the quota period beginning at start.
func PackageRow(p *books.Package, drawn money.Quantity, start period.Instant) position.Row {
	of := p.Quota
	if drawn.Cmp(of) > 0 {
		of = drawn
	}
	return position.Row{Kind: position.Package, Key: p.ID, Count: leftOf(p, drawn), Usage: of, At: start}
}

// DrawnOf returns what was drawn from a package according to its position: the inverse of PackageRow.
func DrawnOf(p *books.Package, row *position.Row) (money.Quantity, error) {
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

func (gs *gathered) position(m *meter) position.Row {
	g := &gs.list[m.gather]
	return position.Row{
		Kind: position.Gather, Key: gs.c.Book.Books.Products[m.sku].SKU, Scope: gs.meters.scopeText(m),
		Resource: m.resource, Region: gs.list[gs.meters.list[g.meter].gather].region, Name: g.name,
		Tag: g.tag, Order: g.order,
		Count: m.count, Usage: g.usage, Free: g.free, Draws: gs.drawsText(g),
	}
}

// kindName returns the name of a position's kind.
func kindName(k position.Kind) string {
	switch k {
	case position.Meter:
		return "meter"
	case position.Gather:
		return "gathered"
	case position.Package:
		return "package"
	case position.Measure:
		return "unconverted"
	case position.Events:
		return "records"
	case position.Seen:
		return "counted value"
	case position.Level:
		return "level"
	case position.Otherwise:
		return "difference"
	}
	return "unknown"
}
