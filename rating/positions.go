package rating

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// openRow takes one opening position up.
func (r *Rater) openRow(row *position.Row) error {
	sku, known := r.bk.skus[row.Key]
	switch {
	case row.Kind == position.Package && r.openQuota(row):
		return nil
	case known && slices.Contains(Counters(&r.bk.books.Products[sku]), row.Kind):
		region, resource := r.openScope(sku, row.Scope)
		i, isNew := r.meters.find(counterKinds[row.Kind], sku, region, resource)
		if !isNew {
			return errors.New("given twice")
		}
		r.meters.list[i].count = row.Count
		r.extra = r.extra || row.Kind != position.Meter
		return nil
	case row.Kind == position.Gather && known && gathers(&r.bk.books.Products[sku]):
		return r.openGather(sku, row)
	case row.Kind == position.Level && known && r.bk.books.Products[sku].Aggregation == books.TimeWeighted:
		return r.openLevel(sku, row)
	case row.Kind == position.Seen && known && r.bk.books.Products[sku].Aggregation == books.UniqueCount:
		r.openSeen(sku, row)
		return nil
	}
	r.kept = append(r.kept, *row)
	return nil
}

// counterKinds are the meters of the positions that count record by record.
var counterKinds = [...]meterKind{position.Meter: graduatedMeter, position.Measure: measureMeter,
	position.Events: eventsMeter}

// gathers reports whether a product counts usage for the cycle's end.
func gathers(p *books.Product) bool { return p.MonthEnd() && p.Model != books.Percentile }

// openScope reads a scope as Rater.scopeText wrote it.
func (r *Rater) openScope(sku int32, scope string) (region int32, resource []byte) {
	r.scratch = append(r.scratch[:0], scope...)
	number := noOne
	if r.bk.books.Products[sku].Meter == books.PerRegion {
		number = r.regionNumber(scope)
	}
	return r.scope(&r.bk.books.Products[sku], number, r.scratch)
}

// openGather takes a row of a period-level meter up.
func (r *Rater) openGather(sku int32, row *position.Row) error {
	p := &r.bk.books.Products[sku]
	r.scratch = append(r.scratch[:0], row.Resource...)
	region := noOne
	if p.Meter == books.PerRegion {
		region = r.regionNumber(row.Scope)
	}
	i, isNew := r.gatherRow(p, sku, region, row.Region, r.scratch)
	if !isNew {
		return fmt.Errorf("resource %q given twice", row.Resource)
	}
	m := &r.meters.list[i]
	m.count = row.Count
	g := &r.gathers[m.gather]
	g.recorded = true
	g.usage, g.free, g.name, g.tag, g.opened = row.Usage, row.Free, row.Name, row.Tag, row.Draws
	g.order = row.Order
	parent := &r.gathers[r.meters.list[g.meter].gather]
	parent.rows = max(parent.rows, row.Order+1)
	return nil
}

// readShares takes up a row's draws from the text of its opening position, on their first use.
func (r *Rater) readShares(g *gather) error {
	text := g.opened
	g.opened = ""
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, ";")
		colon := strings.LastIndexByte(part, ':')
		if colon < 0 {
			return fmt.Errorf("draw %q: no colon", part)
		}
		pack := r.packageCode(part[:colon])
		if pack == noOne {
			return fmt.Errorf("draw on package %s: not in the books", part[:colon])
		}
		quantity, err := money.ParseQuantity(part[colon+1:])
		if err != nil {
			return fmt.Errorf("draw on package %s: %w", part[:colon], err)
		}
		if err := r.addShare(g, pack, quantity); err != nil {
			return fmt.Errorf("draw on package %s: %w", part[:colon], err)
		}
	}
	return nil
}

// packageCode is the first row of the open customer's package, or noOne.
func (r *Rater) packageCode(id string) int32 {
	for i := range r.quotas {
		if code, p := r.packageAt(i); p.ID == id {
			return r.bk.firstRow(code)
		}
	}
	return noOne
}

// sharesText is a row's draws as a position holds them.
func (r *Rater) sharesText(g *gather) string {
	if g.prorated != 0 {
		return r.prorata[g.prorated-1].text()
	}
	if g.shares == 0 {
		return g.opened
	}
	draws, err := r.appendShares(nil, g)
	if err != nil {
		return g.opened // unread text and read shares never are together
	}
	r.scratch = r.scratch[:0]
	for i, d := range draws {
		if i > 0 {
			r.scratch = append(r.scratch, ';')
		}
		r.scratch = append(r.scratch, r.bk.books.Packages[d.Package].ID...)
		r.scratch = append(r.scratch, ':')
		r.scratch = append(r.scratch, d.Quantity.Trim()...)
	}
	return string(r.scratch)
}

// Positions appends the closing positions of the open customer to dst, sorted by kind, key, scope, resource and start
// of the quota period. They are those that Open was given if no record came since.
func (r *Rater) Positions(dst []position.Row) []position.Row {
	start := len(dst)
	dst = r.counters(dst, graduatedMeter, position.Meter)
	rows := r.rows()
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(r.byScope(x, y), cmp.Compare(r.meters.list[x].resource, r.meters.list[y].resource))
	})
	for _, row := range rows {
		if m := &r.meters.list[row]; !r.onlyHolds(m) {
			dst = append(dst, r.gatherPosition(m))
		}
	}
	packages := len(dst)
	for i := range r.quotas {
		if q := &r.quotas[i]; q.touched {
			_, p := r.packageAt(i)
			dst = append(dst, PackageRow(p, q.drawn, q.start))
		}
	}
	slices.SortFunc(dst[packages:], comparePositions)
	if r.extra {
		dst = r.counters(dst, measureMeter, position.Measure)
		dst = r.counters(dst, eventsMeter, position.Events)
		dst = r.seen(dst)
		dst = r.heldLevels(dst)
	}
	if len(r.kept) > 0 {
		dst = append(dst, r.kept...)
		slices.SortStableFunc(dst[start:], comparePositions)
	}
	return dst
}

// counters appends the positions of the meters of one kind that count record by record.
func (r *Rater) counters(dst []position.Row, of meterKind, kind position.Kind) []position.Row {
	r.order = r.order[:0]
	for i := range r.meters.list {
		if m := &r.meters.list[i]; m.kind == of && !m.count.IsZero() {
			r.order = append(r.order, int32(i))
		}
	}
	slices.SortFunc(r.order, r.byScope)
	for _, i := range r.order {
		m := &r.meters.list[i]
		dst = append(dst, position.Row{
			Kind: kind, Key: r.bk.books.Products[m.sku].SKU, Scope: r.scopeText(m), Resource: m.resource,
			Count: m.count,
		})
	}
	return dst
}

// PackageRow is the position of a package of which something was drawn in the quota period that begins at start.
func PackageRow(p *books.Package, drawn money.Quantity, start period.Instant) position.Row {
	left := leftOf(p, drawn)
	of, err := left.Add(drawn)
	if err != nil {
		of = drawn // a sum over the range says no more than what was drawn
	}
	return position.Row{Kind: position.Package, Key: p.ID, Count: left, Usage: of, At: start}
}

// DrawnOf is what was drawn of a package by its position: the inverse of PackageRow.
func DrawnOf(p *books.Package, row *position.Row) (money.Quantity, error) {
	if row.Usage.IsZero() {
		return p.Quota.Sub(row.Count.Min(p.Quota))
	}
	return row.Usage.Sub(row.Count)
}

// byScope puts meters in the order of their positions: skus are in the order of their numbers.
func (r *Rater) byScope(x, y int32) int {
	a, b := &r.meters.list[x], &r.meters.list[y]
	if a.sku != b.sku {
		return cmp.Compare(a.sku, b.sku)
	}
	return cmp.Compare(r.scopeText(a), r.scopeText(b))
}

func comparePositions(a, b position.Row) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
}

func (r *Rater) gatherPosition(m *meter) position.Row {
	g := &r.gathers[m.gather]
	return position.Row{
		Kind: position.Gather, Key: r.bk.books.Products[m.sku].SKU, Scope: r.scopeText(m), Resource: m.resource,
		Region: r.gathers[r.meters.list[g.meter].gather].region, Name: g.name, Tag: g.tag, Order: g.order,
		Count: m.count, Usage: g.usage, Free: g.free, Draws: r.sharesText(g),
	}
}

// kindName is a position's kind in words.
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
	}
	return "unknown"
}
