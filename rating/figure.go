package rating

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/position"
)

// figure takes a record into the one figure of its meter (§10.1). A withdrawal counts nowhere.
func (r *Rater) figure(u *usage) error {
	if u.Withdrawn {
		return nil
	}
	row, isNew := r.gatherRow(u.product, u.SKU, u.place.number, r.regionNames[u.place.number], u.Resource)
	if g := &r.gathers[r.meters.list[row].gather]; isNew && r.meters.list[row].resource != "" {
		tag, _, _ := books.SplitOwn(u.Tag)
		g.name, g.tag = string(u.Name), string(tag)
	}
	before, after := r.meters.list[row].count, u.Quantity
	if u.product.Aggregation == books.Max && after.Cmp(before) < 0 {
		after = before
	}
	if u.product.Aggregation == books.UniqueCount {
		if err := counts(u); err != nil {
			return err
		}
		after, r.extra = before, true
		if _, first := r.meters.find(seenMeter, u.SKU, r.meters.list[row].region, r.seenKey(u)); first {
			var err error
			if after, err = before.Add(r.bk.one.Abs()); err != nil {
				return err
			}
		}
	}
	m := &r.meters.list[row]
	if r.trace != nil {
		r.trace(Step{
			Kind: StepFigure, SKU: u.product.SKU, Scope: r.scopeText(m), Aggregation: u.product.Aggregation,
			Quantity: u.Quantity,
			Value:    string(uniqueValue(u, r)), Before: before, After: after,
		})
	}
	m.count = after
	return nil
}

// counts checks that a record keeps the value of the column of the sender's own that its product counts now.
func counts(u *usage) error {
	if _, column, _ := books.SplitOwn(u.Tag); u.product.CountsOwn() && column != u.product.UniqueBy {
		return fmt.Errorf("record %q was accepted without %s, which unique_by in books/products.csv names: name the "+
			"column that the product counted before, and count another one by a new sku", u.ID, u.product.UniqueBy)
	}
	return nil
}

// uniqueValue is the value of the record that a unique count counts.
func uniqueValue(u *usage, r *Rater) []byte {
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
		return []byte(r.regionNames[u.place.number])
	}
	return u.Resource
}

// seenKey is the value by which a meter knows again what it has counted. A meter of one resource has values of its own.
func (r *Rater) seenKey(u *usage) []byte {
	r.scratch = r.scratch[:0]
	if u.product.Meter == books.PerResource {
		r.scratch = append(append(r.scratch, u.Resource...), 0)
	}
	r.scratch = append(r.scratch, uniqueValue(u, r)...)
	return r.scratch
}

// endFigure appends the lines of a meter that has one figure, in the product's measure after conversion (§10.1, §10.2).
func (r *Rater) endFigure(row int32, out *line.Charges, objs *[]Object) error {
	m := &r.meters.list[row]
	g := &r.gathers[m.gather]
	p := &r.bk.books.Products[m.sku]
	count, quantity, err := r.figureOf(row)
	if err == nil && quantity.IsZero() {
		return r.feeAtZero(row, out, objs)
	}
	if err != nil {
		return err
	}
	if r.trace != nil {
		r.traceClose(m, count)
		r.traceConverted(m, count, quantity)
	}
	version, err := r.versionOfCycle(m.sku, g.region, r.bounds)
	if err != nil {
		return err
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, Object{SKU: m.sku, Region: g.region, Resource: m.resource, Name: g.name, Tag: g.tag})
	w := wholeMeter{product: p, resource: m.resource, usage: quantity, climb: climb{
		kind: line.Period, sku: m.sku, version: version, at: r.bounds.From, end: quantity, drawsFrom: n, drawsTo: n,
		record: int32(len(*objs) - 1),
	}}
	return r.figureByModel(&w, out)
}

// figureOf is the figure of a meter, and the same in the product's measure.
func (r *Rater) figureOf(row int32) (count, quantity money.Quantity, err error) {
	m := &r.meters.list[row]
	p := &r.bk.books.Products[m.sku]
	if p.Aggregation != books.TimeWeighted {
		quantity, err = p.Convert.Convert(m.count)
		return m.count, quantity, err
	}
	mean, err := r.meanLevel(row)
	if err != nil {
		return count, quantity, err
	}
	if count, err = money.QuantityFromRat(mean); err == nil {
		quantity, err = p.Convert.ConvertRat(mean)
	}
	return count, quantity, err
}

// traceConverted tells of a total that is converted at the cycle's end.
func (r *Rater) traceConverted(m *meter, from, to money.Quantity) {
	p := &r.bk.books.Products[m.sku]
	if p.Convert.IsZero() {
		return
	}
	r.trace(Step{
		Kind: StepConvert, SKU: p.SKU, Scope: r.scopeText(m), Measure: p.Measure, Conversion: p.Convert, Upper: from,
		After: to, Quantity: to,
	})
}

// figureText tells how a record changed its meter's figure.
func (s Step) figureText() string {
	if s.Aggregation == books.Max {
		return fmt.Sprintf("meter %s: the largest of %s and %s is %s", s.meter(), s.Before.Trim(), s.Quantity.Trim(),
			s.After.Trim())
	}
	if s.Aggregation != books.UniqueCount {
		return fmt.Sprintf("meter %s: the last quantity is %s", s.meter(), s.After.Trim())
	}
	if s.Before == s.After {
		return fmt.Sprintf("meter %s: value %q was counted before, %s so far", s.meter(), s.Value, s.After.Trim())
	}
	return fmt.Sprintf("meter %s: value %q is new, %s so far", s.meter(), s.Value, s.After.Trim())
}

// openSeen takes up a value that a unique count has counted.
func (r *Rater) openSeen(sku int32, row *position.Row) {
	region := noOne
	p := &r.bk.books.Products[sku]
	if p.Meter == books.PerRegion {
		region = r.regionNumber(row.Scope)
	}
	r.scratch = r.scratch[:0]
	if p.Meter == books.PerResource {
		r.scratch = append(append(r.scratch, row.Scope...), 0)
	}
	r.scratch = append(r.scratch, row.Resource...)
	r.meters.find(seenMeter, sku, region, r.scratch)
	r.extra = true
}

// seen appends the positions of the values that unique counts have counted, in order.
func (r *Rater) seen(dst []position.Row) []position.Row {
	start := len(dst)
	for i := range r.meters.list {
		m := &r.meters.list[i]
		if m.kind != seenMeter {
			continue
		}
		p := &r.bk.books.Products[m.sku]
		row := position.Row{Kind: position.Seen, Key: p.SKU, Resource: m.resource}
		switch p.Meter {
		case books.PerRegion:
			row.Scope = r.regionNames[m.region]
		case books.PerResource:
			row.Scope, row.Resource, _ = strings.Cut(m.resource, "\x00")
		case books.PerCustomer:
		}
		dst = append(dst, row)
	}
	slices.SortFunc(dst[start:], comparePositions)
	return dst
}
