package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/annex"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// endID is the id of a month-end line (§5).
func endID(cycle, sku, region, object string) string {
	return strings.Join([]string{cycle, sku, region, object}, "/")
}

// monthEnd explains a month-end line from the cycle's closing positions or from its samples.
func (e *explainer) monthEnd(ctx context.Context) error {
	e.story.State = StateMonthEnd
	sku, found := int32(-1), false
	err := e.storedLines(e.at.day, &e.story.Stored, func(row rows.Row) bool {
		if string(row.Text(tables.LID)) != e.at.id {
			return false
		}
		if !found {
			found, sku = true, e.Books.SKU(row.Word(tables.LSKU))
		}
		return true
	})
	if err != nil {
		return err
	}
	if sku < 0 {
		return &rows.NotFoundError{What: fmt.Sprintf("the books no longer have the product of line %s", e.at.id),
			Do: "put it back into books/products.csv"}
	}
	p := &e.Books.Products[sku]
	e.fact("product", productText(p))
	e.fact("cycle", e.Books.Zone.Bounds(e.cycle).String()+" in "+e.Books.Zone.Name())
	if e.isPercentile(sku) {
		return e.percentile(ctx, sku)
	}
	return e.gathered(sku)
}

// gathered prices the meters of the cycle's end again.
func (e *explainer) gathered(sku int32) error {
	rows, _, err := e.positions().Closing(e.customer, e.cycle)
	if err != nil {
		return err
	}
	var steps []rating.Step
	rater := e.prices.NewRater(func(n int32) string { return e.regions[n] })
	rater.Trace = func(s rating.Step) { steps = append(steps, s) }
	if err := rater.Open(e.customer, e.cycle, rows); err != nil {
		return err
	}
	var charges line.Charges
	var objects []rating.Object
	if err := rater.CycleEnd(&charges, &objects); err != nil {
		return err
	}
	for i, part := range chargeSteps(steps, len(charges.List)) {
		c := &charges.List[i]
		o := objects[c.Record]
		if endID(e.at.cycle, e.Books.Products[o.SKU].SKU, o.Region, o.Resource) != e.at.id {
			continue
		}
		e.story.Parts = append(e.story.Parts, Part{int(c.Tier), c.Kind.String(), part})
		e.story.Rated = append(e.story.Rated, ratedLine(e.Books, e.at.id, o.Resource, c, charges.Draws))
	}
	for i := range rows {
		if rows[i].Key == e.Books.Products[sku].SKU && rows[i].Kind == position.Gather {
			r := &rows[i]
			if p := &e.Books.Products[sku]; p.Aggregation.Figure() {
				e.story.Before = append(e.story.Before, fmt.Sprintf(
					"meter %s at the cycle's end%s: the %s of its records is %s",
					strings.TrimSuffix(r.Key+"/"+r.Scope, "/"), ofResource(r.Resource), p.Aggregation, r.Count.Trim()))
				continue
			}
			e.story.Before = append(e.story.Before,
				fmt.Sprintf("meter %s at the cycle's end%s: %s used, %s from packages, %s to price",
					strings.TrimSuffix(r.Key+"/"+r.Scope, "/"), ofResource(r.Resource), r.Usage.Trim(), r.Free.Trim(),
					r.Count.Trim()))
		}
	}
	return nil
}

func ofResource(id string) string {
	if id == "" {
		return ""
	}
	return ", resource " + id
}

// chargeSteps gives each charge its steps: they end with its amounts. A meter's price and count come once, before its
// first charge; the others repeat them.
func chargeSteps(steps []rating.Step, charges int) [][]string {
	out := make([][]string, 0, charges)
	var part, head []string
	heading := false
	for _, s := range steps {
		text := s.String()
		switch s.Kind {
		case rating.StepPassed, rating.StepPrice, rating.StepMeter:
			if !heading {
				head = nil
			}
			head, heading = append(head, text), true
			continue
		}
		heading = false
		part = append(part, text)
		if s.Kind == rating.StepAmounts {
			out = append(out, append(slices.Clone(head), part...))
			part = nil
		}
	}
	return out
}

// percentile measures the line's object again and prices it.
func (e *explainer) percentile(ctx context.Context, sku int32) error {
	list, err := annex.Measure(ctx, e.Snap, e.Books, e.at.cycle, e.at.customer)
	if err != nil {
		return err
	}
	for i := range list {
		m := &list[i]
		if m.SKU != e.Books.Products[sku].SKU || endID(e.at.cycle, m.SKU, m.Region, m.Object) != e.at.id {
			continue
		}
		e.fact("object", m.Object)
		e.fact("policy", m.Policy)
		e.story.Before = append(e.story.Before, m.String())
		var steps []rating.Step
		var charges line.Charges
		bw := rating.Bandwidth{Customer: e.customer, SKU: sku, Region: m.Region, Cycle: e.cycle, Quantity: m.Quantity}
		if err := e.prices.PercentileCharges(&bw, func(s rating.Step) {
			steps = append(steps, s)
		}, &charges); err != nil {
			return err
		}
		e.describeRerate(steps, charges.List)
		for k := range charges.List {
			e.story.Rated = append(e.story.Rated, ratedLine(e.Books, e.at.id, m.Object, &charges.List[k],
				charges.Draws))
		}
	}
	return nil
}
