package verify

import (
	"context"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costColumns are the cost columns of margins and of deliveries.
var costColumns = [...]struct{ margin, delivery int }{
	{tables.MList, tables.CDList}, {tables.MContracted, tables.CDContracted},
	{tables.MEffective, tables.CDEffective}, {tables.MBilled, tables.CDBilled},
}

// sourcePeriod is a source's cost files of a billing period.
type sourcePeriod struct{ source, period string }

// costSums are the cost columns of a source and period, added up.
type costSums [len(costColumns)]money.Cost

func (s *costSums) add(row rows.Row, column func(i int) int) error {
	for i := range s {
		v, err := row.Cost(column(i))
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
type costChecks struct{ *verifier }

// all is VERIFY-12.
func (c *costChecks) all(ctx context.Context) error {
	counted := make(map[sourcePeriod]*costSums)
	err := c.eachRow("", tables.CostDeliveries(), func(_ lake.FileEntry, row rows.Row) error {
		c.counts.deliveries++
		if row.Word(tables.CDState) != "counted" {
			return nil
		}
		at := sourcePeriod{row.Word(tables.CDSource), row.Word(tables.CDPeriod)}
		if counted[at] != nil {
			c.differ(Costs, "source %s, period %s: two deliveries count", at.source, at.period)
		}
		counted[at] = &costSums{}
		return counted[at].add(row, func(i int) int { return costColumns[i].delivery })
	})
	if err != nil {
		return err
	}
	billed := make(map[sourcePeriod]*costSums)
	for _, ref := range c.snap.Manifest.Cycles {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.margins(ref.Cycle, billed); err != nil {
			return err
		}
	}
	for at := range counted {
		if billed[at] == nil {
			billed[at] = &costSums{}
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(billed), func(a, b sourcePeriod) int {
		return slices.Compare([]string{a.source, a.period}, []string{b.source, b.period})
	}) {
		want := counted[at]
		if want == nil {
			want = &costSums{}
		}
		for i, column := range costColumns {
			if billed[at][i] != want[i] {
				c.differ(Costs, "source %s, period %s: %s of the counted delivery is %s, margins come to %s", at.source,
					at.period, tables.Margins().Columns[column.margin].Name, want[i].Trim(), billed[at][i].Trim())
			}
		}
	}
	return nil
}

// margins adds up the margins of a cycle, by source and origin cycle, and compares their payments with the lines.
func (c *costChecks) margins(cycle string, billed map[sourcePeriod]*costSums) error {
	sums := newColumnSums(tables.Margins())
	err := c.eachRow(cycle, tables.Margins(), func(e lake.FileEntry, row rows.Row) error {
		c.counts.margins++
		if row.Word(tables.MCycle) != cycle {
			c.differ(Contents, "%s: a row of cycle %s", e.Path, row.Word(tables.MCycle))
		}
		if err := sums.add(row, decimals(sums.def)); err != nil {
			return err
		}
		at := sourcePeriod{row.Word(tables.MSource), row.Word(tables.MOriginCycle)}
		if at.source == "" {
			return nil
		}
		if billed[at] == nil {
			billed[at] = &costSums{}
		}
		return billed[at].add(row, func(i int) int { return costColumns[i].margin })
	})
	if ref, _ := c.snap.Cycle(cycle); err != nil || sums.rows == 0 || ref.Archived != nil {
		return err
	}
	c.sums[cycle+"/margins"] = sums
	files, err := c.snap.Files(cycle)
	if err != nil {
		return err
	}
	paid := new(big.Rat)
	for _, e := range files {
		if e.Table != tables.Lines().Name || e.Day != lake.CostsDay && e.Day != lake.RestatedDay {
			continue
		}
		for _, s := range e.Sums {
			if n, ok := new(big.Rat).SetString(s.Value); ok && s.Column == "payment_amount" {
				paid.Add(paid, n)
			}
		}
	}
	if got, ok := new(big.Rat).SetString(sums.totals[tables.MPayment].String()); !ok || got.Cmp(paid) != 0 {
		c.differ(Costs, "cycle %s: payment_amount of the lines of cost files is %s, margins come to %s", cycle,
			paid.FloatString(money.AmountScale), sums.totals[tables.MPayment].String())
	}
	return nil
}

// eachRow gives the rows of a table of a cycle; "" = of no cycle.
func (c *costChecks) eachRow(cycle string, def *tables.Table, take func(lake.FileEntry, rows.Row) error) error {
	files, err := c.snap.Files(cycle)
	if err != nil {
		return err
	}
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		r, err := rows.Unsorted(c.snap, e, def, nil)
		if err != nil {
			return err
		}
		row, ok, err := r.Next()
		for ; ok && err == nil; row, ok, err = r.Next() {
			if err = take(e, row); err != nil {
				break
			}
		}
		if closing := r.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return err
		}
	}
	return nil
}
