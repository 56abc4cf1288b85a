package explain

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costStory explains lines of vendors' cost files.
type costStory struct{ *explainer }

// costs explains lines of cost files: the group of rows that they are priced from, and of a restated month the delivery
// that caused the difference (§11).
func (cs *costStory) costs() error {
	cs.story.State = StateCosts
	mine := func(row rows.Row) bool { return string(row.Text(tables.LID)) == cs.at.id }
	if err := cs.storedLines(cs.at.day, &cs.story.Stored, mine); err != nil {
		return err
	}
	if cs.at.day == lake.RestatedDay {
		cs.story.State = StateRestated
		files, err := cs.filesOfDay(tables.CostPostings().Name, cs.at.cycle, "")
		if err != nil {
			return err
		}
		return cs.groupRows(files, tables.CostPostings(), tables.CPCustomerID, tables.CPID, cs.postingFacts)
	}
	files, err := cs.filesOfDay(tables.CostGroups().Name, cs.at.cycle, cs.at.day)
	if err != nil {
		return err
	}
	return cs.groupRows(files, tables.CostGroups(), tables.CGCustomerID, tables.CGID, cs.groupFacts)
}

// groupRows gives the rows of the id.
func (cs *costStory) groupRows(files []lake.FileEntry, def *tables.Table, customer, id int,
	take func(rows.Row) error) error {
	for _, f := range files {
		err := cs.each(f, def, nil, customer, func(row rows.Row) error {
			if row.Word(customer) != cs.at.customer || string(row.Text(id)) != cs.at.id {
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

// postingFacts says what caused a difference.
func (cs *costStory) postingFacts(row rows.Row) error {
	cs.fact("deliveries", string(row.Text(tables.CPDelivery)))
	cs.fact("counted at", row.Time(tables.CPAsOf).String())
	cs.fact("sku", row.Word(tables.CPSKU))
	cs.fact("usage_start", row.Time(tables.CPStart).String())
	return nil
}

// groupFacts says what rows a line is priced from, and how.
func (cs *costStory) groupFacts(row rows.Row) error {
	cs.fact("source", row.Word(tables.CGSource))
	cs.fact("delivery", string(row.Text(tables.CGDelivery)))
	cs.fact("rows", fmt.Sprint(row.Whole(tables.CGRows)))
	if rule := row.Small(tables.CGRule); rule > 0 {
		cs.fact("rule", fmt.Sprintf("%d of allocation.yaml", rule))
	}
	cs.fact("account", string(row.Text(tables.CGAccount)))
	cs.fact("resource", string(row.Text(tables.CGResourceID)))
	cs.fact("service", row.Word(tables.CGServiceName))
	cs.fact("charge category", strings.TrimSpace(row.Word(tables.CGCategory)+" "+row.Word(tables.CGClass)))
	cs.fact("commitment", row.Word(tables.CGStatus))
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
	for i := range cs.story.Stored {
		l := &cs.story.Stored[i]
		cs.story.Parts = append(cs.story.Parts, Part{l.Tier, l.Kind, append(steps, fmt.Sprintf(
			"%s × %s = %s, less %s = %s", l.Quantity.Trim(), l.UnitPrice.Trim(), l.Official.Trim(),
			l.Discount.Trim(), l.Payment.Trim()))})
	}
	return nil
}
