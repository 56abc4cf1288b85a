package audit

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sourcePeriod identifies a source's cost files of a billing period.
type sourcePeriod struct{ source, period string }

// costSums holds the sums of the cost columns of a source and period.
type costSums [books.CostColumns]money.Cost

func addCosts[T any](s *costSums, row rows.Row[T], columns [books.CostColumns]tables.CostColumn[T]) error {
	for i, column := range columns {
		v, err := row.Cost(column)
		if err != nil {
			return err
		}
		if s[i], err = s[i].Add(v); err != nil {
			return err
		}
	}
	return nil
}

// costChecks check the tables of vendors' costs.
type costChecks struct{ v *verifier }

// deliverySums are the costs of the deliveries of a source and period.
type deliverySums struct {
	counted *costSums   // of the counted one; nil = none
	ever    []*costSums // of all that counted at some time
}

// all is VERIFY-12.
func (c *costChecks) all(ctx context.Context) error {
	delivered := make(map[sourcePeriod]*deliverySums)
	err := eachCostRow(c, lake.Cycle{}, tables.CostDeliveries(), func(_ lake.FileEntry,
		row rows.Row[tables.CostDelivery]) error {
		c.v.counts.deliveries++
		at := sourcePeriod{row.Word(tables.CostDeliverySource), row.Word(tables.CostDeliveryPeriod)}
		if delivered[at] == nil {
			delivered[at] = &deliverySums{}
		}
		to, sums := delivered[at], &costSums{}
		if row.Word(tables.CostDeliveryState) == "counted" {
			if to.counted != nil {
				c.v.differ(Costs, "source %s, period %s: two deliveries count", at.source, at.period)
			}
			to.counted = sums
		}
		if row.Small(tables.CostDeliveryFixed) == 1 {
			to.ever = append(to.ever, sums)
		}
		return addCosts(sums, row, tables.CostDeliveryCosts())
	})
	if err != nil {
		return err
	}
	billed := make(map[sourcePeriod]*costSums)
	for _, ref := range c.v.snap.Manifest.Cycles {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.margins(ref.Cycle, billed); err != nil {
			return err
		}
	}
	for at := range delivered {
		if billed[at] == nil {
			billed[at] = &costSums{}
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(billed), func(a, b sourcePeriod) int {
		return slices.Compare([]string{a.source, a.period}, []string{b.source, b.period})
	}) {
		sums := delivered[at]
		if sums == nil {
			sums = &deliverySums{}
		}
		if c.v.snap.Manifest.ArchiveOf != "" {
			c.compareArchived(at, sums, billed[at])
		} else {
			c.compare(at, sums, billed[at])
		}
	}
	return nil
}

// compare compares the margins of a source and period with the delivery that counts.
func (c *costChecks) compare(at sourcePeriod, sums *deliverySums, billed *costSums) {
	want := sums.counted
	if want == nil {
		want = &costSums{}
	}
	for i, column := range tables.MarginCosts() {
		if billed[i] != want[i] {
			c.v.differ(Costs, "source %s, period %s: %s of the counted delivery is %s, margins come to %s", at.source,
				at.period, tables.Margins().Columns[column].Name, want[i].Trim(), billed[i].Trim())
		}
	}
}

// compareArchived compares them in an archive, which has the margins up to its last cycle and the deliveries of its
// lake up to the last prune. Margins must equal the delivery that counted when that cycle was closed, or be zero.
func (c *costChecks) compareArchived(at sourcePeriod, sums *deliverySums, billed *costSums) {
	if *billed == (costSums{}) || slices.ContainsFunc(sums.ever, func(s *costSums) bool { return *s == *billed }) {
		return
	}
	for i, column := range tables.MarginCosts() {
		c.v.differ(Costs, "source %s, period %s: no delivery that counted has the sums of margins, %s is %s", at.source,
			at.period, tables.Margins().Columns[column].Name, billed[i].Trim())
	}
}

// margins adds up the margins of a cycle, by source and origin cycle, and compares their payments with the lines,
// customer by customer.
func (c *costChecks) margins(cycle lake.Cycle, billed map[sourcePeriod]*costSums) error {
	sums, paid, name := newSums(tables.Margins().Table), make(paymentTotals), cycle.String()
	err := eachCostRow(c, cycle, tables.Margins(), func(e lake.FileEntry, row rows.Row[tables.Margin]) error {
		c.v.counts.margins++
		if row.Word(tables.MarginCycle) != name {
			c.v.differ(Contents, "%s: a row of cycle %s", e.Path, row.Word(tables.MarginCycle))
		}
		if err := sums.Add(row.Any(), Decimals(tables.Untyped(sums.Def))); err != nil {
			return err
		}
		fault, err := marginFault(c.v.snap.Manifest.Units, row)
		if err := errors.Join(err, c.inCurrencies(name, row)); err != nil {
			return err
		}
		if fault != "" {
			c.v.differ(Costs, "cycle %s, %s", name, fault)
		}
		if err := paid.Add(row.Word(tables.MarginCustomerID), row.Any(), tables.MarginPaymentAmount.Any()); err != nil {
			return err
		}
		at := sourcePeriod{row.Word(tables.MarginSource), row.Word(tables.MarginOriginCycle)}
		if at.source == "" {
			return nil
		}
		if billed[at] == nil {
			billed[at] = &costSums{}
		}
		return addCosts(billed[at], row, tables.MarginCosts())
	})
	if ref, _ := c.v.snap.Cycle(cycle); err != nil || sums.Rows == 0 || ref.Archived != nil {
		return err
	}
	c.v.sums[name+"/margins"] = sums
	owed := make(paymentTotals)
	err = eachCostRow(c, cycle, tables.Sums(), func(e lake.FileEntry, row rows.Row[tables.Sum]) error {
		if e.Day != lake.CostsDay && e.Day != lake.RestatedDay {
			return nil
		}
		return owed.Add(row.Word(tables.SumCustomerID), row.Any(), tables.SumPaymentAmount.Any())
	})
	if err != nil {
		return err
	}
	for customer := range owed {
		if _, has := paid[customer]; !has {
			paid[customer] = money.AmountTotal{}
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(paid)) {
		if m, l := paid[customer], owed[customer]; m.Cmp(l) != 0 {
			c.v.differ(Costs, "cycle %s, customer %s: payment_amount of the lines of cost files is %s, margins "+
				"come to %s",
				cycle, customer, l.String(), m.String())
		}
	}
	return nil
}

// inCurrencies adds the costs and the payment of a row of margins to the sums of their currencies.
func (c *costChecks) inCurrencies(cycle string, row rows.Row[tables.Margin]) error {
	if c.v.margins[cycle] == nil {
		c.v.margins[cycle] = make(map[string]*columnSums)
	}
	of := func(currency string) *columnSums {
		s := c.v.margins[cycle][currency]
		if s == nil {
			s = newSums(tables.Margins().Table)
			c.v.margins[cycle][currency] = s
		}
		return s
	}
	var list tables.List[tables.Any]
	for _, column := range tables.MarginCosts() {
		list = append(list, column.Of().Any())
	}
	err := of(row.Word(tables.MarginCurrency)).Add(row.Any(), list)
	if err != nil {
		return err
	}
	return of(row.Word(tables.MarginPaymentCurrency)).Add(row.Any(), tables.Columns(tables.MarginPaymentAmount).Any())
}

// eachCostRow visits the rows of a table of a cycle; the zero cycle selects files that belong to no cycle.
func eachCostRow[T any](c *costChecks, cycle lake.Cycle, def tables.Def[T], take func(lake.FileEntry,
	rows.Row[T]) error) error {
	files, err := c.v.snap.Files(cycle)
	if err != nil {
		return err
	}
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		err := rows.EachUnsorted(c.v.snap, e, def, nil, func(row rows.Row[T]) error { return take(e, row) })
		if err != nil {
			return err
		}
	}
	return nil
}
