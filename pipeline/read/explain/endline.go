package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// endID returns the id of a month-end line (§5).
func endID(cycle, sku, region, object string) string {
	return strings.Join([]string{cycle, sku, region, object}, "/")
}

// monthEndStory explains charges that are made once per cycle: month-end lines, percentiles and recurring charges.
type monthEndStory struct{ ex *explainer }

// monthEnd explains a month-end line from the cycle's closing positions or from its samples.
func (me *monthEndStory) monthEnd(ctx context.Context) error {
	me.ex.story.State = StateMonthEnd
	sku, found := int32(-1), false
	err := me.ex.storedLines(me.ex.at.day, &me.ex.story.Stored, func(row rows.Row[tables.Line]) bool {
		if string(row.Text(tables.LineID)) != me.ex.at.id {
			return false
		}
		if !found {
			found, sku = true, me.ex.Books.SKU(row.Word(tables.LineSKU))
		}
		return true
	})
	if err != nil {
		return err
	}
	if sku < 0 {
		return &rows.NotFoundError{What: fmt.Sprintf("the books no longer have the product of line %s", me.ex.at.id),
			Do: "put it back into books/products.csv"}
	}
	p := &me.ex.Books.Products[sku]
	me.ex.fact("product", productText(p))
	me.ex.fact("cycle", me.ex.Books.Zone.Bounds(me.ex.cycle).String()+" in "+me.ex.Books.Zone.Name())
	if me.ex.isPercentile(sku) {
		return me.percentile(ctx, sku)
	}
	return me.gathered(sku)
}

// gathered prices the month-end meters of the cycle again.
func (me *monthEndStory) gathered(sku int32) error {
	rows, _, err := me.ex.positions().Closing(me.ex.customer, me.ex.cycle)
	if err != nil {
		return err
	}
	var steps []tariff.DerivationStep
	rater := rating.NewRater(me.ex.prices, func(n int32) string { return me.ex.regions[n] })
	rater.Trace = func(s tariff.DerivationStep) { steps = append(steps, s) }
	if err := rater.Open(me.ex.customer, me.ex.cycle, rows); err != nil {
		return err
	}
	rater.Subscribe()
	var charges tables.LineCharges
	var objects []rating.Object
	if err := rater.CycleEnd(&charges, &objects); err != nil {
		return err
	}
	for i, part := range chargeSteps(steps, len(charges.List)) {
		c := &charges.List[i]
		o := objects[c.Record]
		if endID(me.ex.at.cycle.String(), me.ex.Books.Products[o.SKU].SKU, o.Region, o.Resource) != me.ex.at.id {
			continue
		}
		me.ex.story.Parts = append(me.ex.story.Parts, Part{int(c.Tier), c.Kind.String(), part})
		me.ex.story.Rated = append(me.ex.story.Rated, ratedLine(me.ex.Books, me.ex.at.id, o.Resource, c, charges.Draws))
	}
	p := &me.ex.Books.Products[sku]
	if p.FeeApart() || p.Prorate || p.Aggregation == books.TimeWeighted {
		return nil // the lines describe its records, tiers or levels
	}
	for i := range rows {
		if rows[i].Key != p.SKU || rows[i].Kind != tables.GatherPosition {
			continue
		}
		text, err := closingText(p, &rows[i])
		if err != nil {
			return err
		}
		me.ex.story.Before = append(me.ex.story.Before, text)
	}
	return nil
}

// closingText describes a closing position of a month-end meter. Usage before a conversion has a unit that the books do
// not name; packages and prices are in the product's measure (§10.2).
func closingText(p *books.Product, r *tables.PositionRow) (string, error) {
	text := fmt.Sprintf("meter %s at the cycle's end%s: ", strings.TrimSuffix(r.Key+"/"+r.Scope, "/"),
		ofResource(r.Resource))
	switch {
	case p.Aggregation.Figure():
		return text + fmt.Sprintf("the %s of its records is %s", p.Aggregation, r.Count.Trim()), nil
	case p.Convert.IsZero():
		return text + fmt.Sprintf("%s used, %s from packages, %s to price", r.Usage.Trim(), r.Free.Trim(),
			r.Count.Trim()), nil
	}
	c, err := p.Convert.Cover(r.Usage, r.Free)
	return text + fmt.Sprintf("%s used, %s %s after %s, %s from packages, %s to price", r.Usage.Trim(), c.Used.Trim(),
		p.Measure, p.Convert, c.Free.Trim(), c.Left.Trim()), err
}

func ofResource(id string) string {
	if id == "" {
		return ""
	}
	return ", resource " + id
}

// chargeSteps divides the steps by charge: the steps of a charge end with its amounts. A meter's price and count come
// once, before its first charge; they are repeated for the others. A meter whose mean level is 0 has steps and no
// charge.
func chargeSteps(steps []tariff.DerivationStep, charges int) [][]string {
	out := make([][]string, 0, charges)
	var part, head []string
	heading, priced := false, false
	level := "" // product of a mean level in part
	for _, s := range steps {
		text := s.String()
		begins := s.Kind == tariff.StepPassed || s.Kind == tariff.StepPrice || s.Kind == tariff.StepMeter
		if level != "" && (s.Kind == tariff.StepMean || s.SKU != "" && s.SKU != level) { // that meter had no charge
			part, level = nil, ""
		}
		if begins {
			if !heading || priced && s.Kind != tariff.StepMeter { // the meter before had no charge
				head = nil
			}
			head, heading, priced = append(head, text), true, s.Kind != tariff.StepPassed
			continue
		}
		heading = false
		if s.Kind == tariff.StepMean {
			level = s.SKU
		}
		part = append(part, text)
		if s.Kind == tariff.StepAmounts {
			out = append(out, append(slices.Clone(head), part...))
			part, level = nil, ""
		}
	}
	return out
}

// percentile measures the line's billing object again and prices it.
func (me *monthEndStory) percentile(ctx context.Context, sku int32) error {
	list, err := query.MeasureMonth(ctx, me.ex.Snap, me.ex.Books, me.ex.cycle, me.ex.at.customer)
	if err != nil {
		return err
	}
	for i := range list {
		m := &list[i]
		if m.SKU != me.ex.Books.Products[sku].SKU ||
			endID(me.ex.at.cycle.String(), m.SKU, m.Region, m.Object) != me.ex.at.id {
			continue
		}
		me.ex.fact("object", m.Object)
		me.ex.fact("policy", m.Policy)
		me.ex.story.Before = append(me.ex.story.Before, m.Describe(me.ex.Books.Zone))
		var steps []tariff.DerivationStep
		var charges tables.LineCharges
		bw := tariff.Bandwidth{Customer: me.ex.customer, SKU: sku, Region: m.Region, Cycle: me.ex.cycle,
			Quantity: m.Quantity}
		if err := me.ex.prices.PercentileCharges(&bw, func(s tariff.DerivationStep) {
			steps = append(steps, s)
		}, &charges); err != nil {
			return err
		}
		me.ex.describeRerate(steps, charges.List)
		for k := range charges.List {
			me.ex.story.Rated = append(me.ex.story.Rated,
				ratedLine(me.ex.Books, me.ex.at.id, m.Object, &charges.List[k], charges.Draws))
		}
	}
	return nil
}
