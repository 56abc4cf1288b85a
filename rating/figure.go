package rating

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// figures are the meters for which the cycle's end prices one figure of all records: the largest, the last, the number
// of distinct values, or the mean level (§10.1).
type figures struct {
	c        *tariff.Client
	regions  *regions
	meters   *meters
	gathered *gathered
	levels   *levels
	scratch  []byte
}

// add adds a record to the figure of its meter (§10.1). A retraction does not count.
func (fs *figures) add(u *usage) error {
	if u.Retracted {
		return nil
	}
	row, isNew := fs.gathered.row(u.product, u.SKU, u.place.number, fs.regions.names[u.place.number], u.Resource)
	if g := &fs.gathered.list[fs.meters.list[row].gather]; isNew && fs.meters.list[row].resource != "" {
		tag, _, _ := books.SplitOwn(u.Tag)
		g.name, g.tag = string(u.Name), string(tag)
	}
	before, after := fs.meters.list[row].count, u.Quantity
	if u.product.Aggregation == books.Max && after.Cmp(before) < 0 {
		after = before
	}
	if u.product.Aggregation == books.UniqueCount {
		if err := counts(u); err != nil {
			return err
		}
		after = before
		if _, first := fs.meters.find(seenMeter, u.SKU, fs.meters.list[row].region, fs.seenKey(u)); first {
			var err error
			if after, err = before.Add(fs.c.Book.One.Abs()); err != nil {
				return err
			}
		}
	}
	m := &fs.meters.list[row]
	if fs.c.Trace != nil {
		fs.c.Trace(tariff.DerivationStep{
			Kind: tariff.StepFigure, SKU: u.product.SKU, Scope: fs.meters.scopeText(m),
			Aggregation: u.product.Aggregation,
			Quantity:    u.Quantity,
			Value:       string(uniqueValue(u, fs.regions)), Before: before, After: after,
		})
	}
	m.count = after
	return nil
}

// counts checks that a record contains the sender's own column whose values its product counts now.
func counts(u *usage) error {
	if _, column, _ := books.SplitOwn(u.Tag); u.product.CountsOwn() && column != u.product.UniqueBy {
		return fmt.Errorf("record %q was accepted without %s, which unique_by in books/products.csv names: name the "+
			"column that the product counted before, and count another one by a new sku", u.ID, u.product.UniqueBy)
	}
	return nil
}

// uniqueValue returns the value of the record that a unique count counts.
func uniqueValue(u *usage, rs *regions) []byte {
	tag, _, own := books.SplitOwn(u.Tag)
	if u.product.CountsOwn() {
		return own
	}
	switch u.product.UniqueBy {
	case "resource_name":
		return u.Name
	case "resource_tag":
		return tag
	case "region_code":
		return []byte(rs.names[u.place.number])
	}
	return u.Resource
}

// seenKey returns the key under which a meter remembers a counted value. Each meter of one resource has its own values.
func (fs *figures) seenKey(u *usage) []byte {
	fs.scratch = fs.scratch[:0]
	if u.product.Meter == books.PerResource {
		fs.scratch = append(append(fs.scratch, u.Resource...), 0)
	}
	fs.scratch = append(fs.scratch, uniqueValue(u, fs.regions)...)
	return fs.scratch
}

// figure appends the lines of a meter with one figure, in the product's measure after conversion (§10.1, §10.2).
func (e *monthEnd) figure(row int32, out *table.LineCharges, objs *[]Object) error {
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	p := &e.c.Book.Books.Products[m.sku]
	count, quantity, err := e.figures.of(row)
	if err == nil && quantity.IsZero() {
		return e.feeAtZero(row, out, objs)
	}
	if err != nil {
		return err
	}
	if e.c.Trace != nil {
		e.meters.traceConverted(m, count, quantity)
		e.meters.traceClose(m, money.Covered{Left: quantity})
	}
	version, err := e.c.VersionOfCycle(m.sku, g.region, e.c.Bounds)
	if err != nil {
		return err
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, Object{SKU: m.sku, Region: g.region, Resource: m.resource, Name: g.name, Tag: g.tag})
	w := wholeMeter{product: p, resource: m.resource, usage: quantity, Climb: tariff.Climb{
		Kind: table.PeriodLine, SKU: m.sku, Version: version, At: e.c.Bounds.From, End: quantity,
		DrawsFrom: n, DrawsTo: n,
		Record: int32(len(*objs) - 1),
	}}
	return e.figureByModel(&w, out)
}

// of returns the figure of a meter, unconverted and in the product's measure.
func (fs *figures) of(row int32) (count, quantity money.Quantity, err error) {
	m := &fs.meters.list[row]
	p := &fs.c.Book.Books.Products[m.sku]
	if p.Aggregation != books.TimeWeighted {
		quantity, err = p.Convert.Convert(m.count)
		return m.count, quantity, err
	}
	mean, err := fs.levels.mean(row)
	if err != nil {
		return count, quantity, err
	}
	if count, err = money.QuantityFromRat(mean); err == nil {
		quantity, err = p.Convert.ConvertRat(mean)
	}
	return count, quantity, err
}

// traceConverted reports the conversion of a total at the cycle's end.
func (ms *meters) traceConverted(m *meter, from, to money.Quantity) {
	p := &ms.c.Book.Books.Products[m.sku]
	if p.Convert.IsZero() {
		return
	}
	ms.c.Trace(tariff.DerivationStep{
		Kind: tariff.StepConvert, SKU: p.SKU, Scope: ms.scopeText(m), Measure: p.Measure, Conversion: p.Convert,
		Upper: from,
		After: to, Quantity: to,
	})
}

// openSeen restores a value that a unique count has counted.
func (fs *figures) openSeen(sku int32, row *table.PositionRow) {
	region := tariff.NoOne
	p := &fs.c.Book.Books.Products[sku]
	if p.Meter == books.PerRegion {
		region = fs.regions.number(row.Scope)
	}
	fs.scratch = fs.scratch[:0]
	if p.Meter == books.PerResource {
		fs.scratch = append(append(fs.scratch, row.Scope...), 0)
	}
	fs.scratch = append(fs.scratch, row.Resource...)
	fs.meters.find(seenMeter, sku, region, fs.scratch)
}

// positions appends the positions of the values that unique counts have counted, in order.
func (fs *figures) positions(dst []table.PositionRow) []table.PositionRow {
	start := len(dst)
	for i := range fs.meters.list {
		m := &fs.meters.list[i]
		if m.kind != seenMeter {
			continue
		}
		p := &fs.c.Book.Books.Products[m.sku]
		row := table.PositionRow{Kind: table.SeenPosition, Key: p.SKU, Resource: m.resource}
		switch p.Meter {
		case books.PerRegion:
			row.Scope = fs.regions.names[m.region]
		case books.PerResource:
			row.Scope, row.Resource, _ = strings.Cut(m.resource, "\x00")
		case books.PerCustomer:
		}
		dst = append(dst, row)
	}
	slices.SortFunc(dst[start:], table.ComparePositions)
	return dst
}
