package explain

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costs explains lines of cost files: the group of rows that they are priced from, and of a restated month the delivery
// that caused the difference (§11).
func (e *explainer) costs() error {
	e.story.State = StateCosts
	mine := func(row rows.Row) bool { return string(row.Text(tables.LID)) == e.at.id }
	if err := e.storedLines(e.at.day, &e.story.Stored, mine); err != nil {
		return err
	}
	if e.at.day == lake.RestatedDay {
		e.story.State = StateRestated
		files, err := e.filesOfDay(tables.CostPostings().Name, e.at.cycle, "")
		if err != nil {
			return err
		}
		return e.groupRows(files, tables.CostPostings(), tables.CPCustomerID, tables.CPID, e.postingFacts)
	}
	files, err := e.filesOfDay(tables.CostGroups().Name, e.at.cycle, e.at.day)
	if err != nil {
		return err
	}
	return e.groupRows(files, tables.CostGroups(), tables.CGCustomerID, tables.CGID, e.groupFacts)
}

// groupRows gives the rows of the id.
func (e *explainer) groupRows(files []lake.FileEntry, def *tables.Table, customer, id int,
	take func(rows.Row) error) error {
	for _, f := range files {
		err := e.each(f, def, nil, customer, func(row rows.Row) error {
			if row.Word(customer) != e.at.customer || string(row.Text(id)) != e.at.id {
				return nil
			}
			return take(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// postingFacts tells what caused a difference.
func (e *explainer) postingFacts(row rows.Row) error {
	e.fact("deliveries", string(row.Text(tables.CPDelivery)))
	e.fact("counted at", row.Time(tables.CPAsOf).String())
	e.fact("sku", row.Word(tables.CPSKU))
	e.fact("usage_start", row.Time(tables.CPStart).String())
	return nil
}

// groupFacts tells what rows a line is priced from, and how.
func (e *explainer) groupFacts(row rows.Row) error {
	e.fact("source", row.Word(tables.CGSource))
	e.fact("delivery", string(row.Text(tables.CGDelivery)))
	e.fact("rows", fmt.Sprint(row.Whole(tables.CGRows)))
	if rule := row.Small(tables.CGRule); rule > 0 {
		e.fact("rule", fmt.Sprintf("%d of allocation.yaml", rule))
	}
	e.fact("account", string(row.Text(tables.CGAccount)))
	e.fact("resource", string(row.Text(tables.CGResourceID)))
	e.fact("service", row.Word(tables.CGServiceName))
	e.fact("charge category", strings.TrimSpace(row.Word(tables.CGCategory)+" "+row.Word(tables.CGClass)))
	e.fact("commitment", row.Word(tables.CGStatus))
	var steps []string
	for c := tables.CGList; c <= tables.CGConsumedQuantity; c++ {
		v, err := row.Cost(c)
		if err != nil {
			return err
		}
		steps = append(steps, fmt.Sprintf("%s %s", row.Cols.Def.Columns[c].Name, v.Trim()))
	}
	fx, err := row.UnitPrice(tables.CGFx)
	if err != nil {
		return err
	}
	if one, _ := money.ParseUnitPrice("1"); fx != one {
		steps = append(steps, "converted at "+fx.Trim())
	}
	if least := string(row.Text(tables.CGMinMargin)); least != "" {
		steps = append(steps, "min_margin "+least)
	}
	for i := range e.story.Stored {
		l := &e.story.Stored[i]
		e.story.Parts = append(e.story.Parts, Part{l.Tier, l.Kind, append(steps, fmt.Sprintf(
			"%s × %s = %s, less %s = %s", l.Quantity.Trim(), l.UnitPrice.Trim(), l.Official.Trim(),
			l.Discount.Trim(), l.Payment.Trim()))})
	}
	return nil
}
