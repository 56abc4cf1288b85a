package explain

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costStory explains lines of vendors' cost files.
type costStory struct{ *explainer }

// costs explains lines of cost files: the group of rows from which they are priced and, for a restated month, the
// delivery that caused the difference (§11).
func (cs *costStory) costs() error {
	cs.story.State = StateCosts
	mine := func(row rows.Row[tables.Line]) bool { return string(row.Text(tables.LineID)) == cs.at.id }
	if err := cs.storedLines(cs.at.day, &cs.story.Stored, mine); err != nil {
		return err
	}
	if cs.at.day == lake.RestatedDay {
		cs.story.State = StateRestated
		files, err := cs.filesOfDay(tables.CostPostings().Name, cs.at.cycle, lake.Day{})
		if err != nil {
			return err
		}
		return groupRows(cs, files, tables.CostPostings(), tables.CostPostingCustomerID, tables.CostPostingID,
			cs.postingFacts)
	}
	files, err := cs.filesOfDay(tables.CostGroups().Name, cs.at.cycle, cs.at.day)
	if err != nil {
		return err
	}
	return groupRows(cs, files, tables.CostGroups(), tables.CostGroupCustomerID, tables.CostGroupID, cs.groupFacts)
}

// changedCosts returns the error for a group of rows of cost files of which a cycle has no line, because only its costs
// changed after the close of its month; nil = there is none.
func (s *Sources) changedCosts(q *Question) error {
	if q.Cycle.IsZero() {
		return nil
	}
	files, err := s.Snap.Files(q.Cycle)
	if err != nil {
		return err
	}
	var found error
	for _, f := range files {
		if f.Table != tables.CostGroups().Name || f.Day != lake.RestatedDay {
			continue
		}
		look := func(c *parquet.Columns[tables.CostGroup], i int) error {
			row := rows.Row[tables.CostGroup]{Cols: c, I: i}
			origin := row.Word(tables.CostGroupOriginCycle)
			if string(row.Text(tables.CostGroupID)) == q.ID && (q.Origin == "" || q.Origin == origin) &&
				(q.Customer == "" || q.Customer == row.Word(tables.CostGroupCustomerID)) {
				found = &rows.NotFoundError{
					What: fmt.Sprintf("cycle %s has no line of the group %s: only its costs changed", q.Cycle, q.ID),
					Do:   fmt.Sprintf("`tollbook explain %s --cycle %s` explains its line", q.ID, origin)}
			}
			return nil
		}
		if err := rows.EachRow(s.Snap, f, tables.CostGroups(), nil, look); err != nil {
			return err
		}
	}
	return found
}

// groupRows visits the rows of the id.
func groupRows[T any](cs *costStory, files []lake.FileEntry, def tables.Def[T], customer tables.WordColumn[T],
	id tables.TextColumn[T], take func(rows.Row[T]) error) error {
	for _, f := range files {
		err := eachRow(cs.explainer, f, def, nil, customer, func(row rows.Row[T]) error {
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

// postingFacts adds the facts about the cause of a difference.
func (cs *costStory) postingFacts(row rows.Row[tables.CostPosting]) error {
	cs.fact("deliveries", string(row.Text(tables.CostPostingDelivery)))
	cs.fact("counted at", row.Time(tables.CostPostingAsOf).String())
	cs.fact("sku", row.Word(tables.CostPostingSKU))
	cs.fact("usage_start", row.Time(tables.CostPostingUsageStart).String())
	return nil
}

// groupFacts adds the facts about the rows from which a line is priced, and how.
func (cs *costStory) groupFacts(row rows.Row[tables.CostGroup]) error {
	cs.fact("source", row.Word(tables.CostGroupSource))
	cs.fact("delivery", string(row.Text(tables.CostGroupDelivery)))
	cs.fact("rows", fmt.Sprint(row.Whole(tables.CostGroupRows)))
	if rule := row.Small(tables.CostGroupRule); rule > 0 {
		cs.fact("rule", fmt.Sprintf("%d of allocation.yaml", rule))
	}
	cs.fact("account", string(row.Text(tables.CostGroupAccount)))
	cs.fact("resource", string(row.Text(tables.CostGroupResourceID)))
	cs.fact("service", row.Word(tables.CostGroupServiceName))
	cs.fact("charge category",
		strings.TrimSpace(row.Word(tables.CostGroupChargeCategory)+" "+row.Word(tables.CostGroupChargeClass)))
	cs.fact("commitment", row.Word(tables.CostGroupCommitmentStatus))
	var steps []string
	for _, c := range tables.CostGroupValues() {
		v, err := row.Cost(c)
		if err != nil {
			return err
		}
		steps = append(steps, fmt.Sprintf("%s %s", row.Cols.Def.Columns[c].Name, v.Trim()))
	}
	fx, err := row.UnitPrice(tables.CostGroupFxRate)
	if err != nil {
		return err
	}
	if one, _ := money.ParseUnitPrice("1"); fx != one {
		steps = append(steps, "converted at "+fx.Trim())
	}
	if least := string(row.Text(tables.CostGroupMinMargin)); least != "" {
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
