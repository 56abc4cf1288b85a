package publish

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// totals checks Σ lines = Σ statements = Σ ClickHouse for every amount column of every cycle that is published, and
// that both are what the lake's manifest says (§6.6). The sums of a load were read from the lake's files, which an
// export writes, and found on the server.
func (c *copyState) totals() error {
	manifest := make(map[string]string)
	for _, t := range c.src.Snap.Manifest.Totals {
		manifest[t.Name] = trimZeros(t.Value)
	}
	cycles, err := c.src.cycles()
	if err != nil {
		return err
	}
	lines, statements := find(c.tables, "lines"), find(c.tables, "statements")
	for _, ref := range cycles {
		for k, name := range statements.sumNames() {
			at := slices.Index(lines.sumNames(), name)
			if at < 0 || statements.def.Columns[statements.sums[k]].Type != tables.Amount {
				continue
			}
			l, err := c.sum(lines, ref.Cycle, at, lake.NoBucket)
			if err != nil {
				return err
			}
			s, err := c.sum(statements, ref.Cycle, k, lake.NoBucket)
			if err != nil {
				return err
			}
			if !l.Equal(s) {
				return c.smallest(lines, statements, ref.Cycle, name, at, k)
			}
			for _, table := range []*published{lines, statements} { // both come to l
				if want, known := manifest[ref.Cycle+"/"+table.name+"."+name]; known && want != l.String() {
					return &DifferError{What: "cycle " + ref.Cycle, Column: name, Left: want +
						" in the lake's control totals", Right: l.String() + " in " + table.name + " on the server"}
				}
			}
			c.report.Totals = append(c.report.Totals, lake.Total{Name: ref.Cycle + "/" + name, Value: l.String()})
		}
		if err := c.taxTotals(ref.Cycle, manifest); err != nil {
			return err
		}
	}
	return nil
}

// taxTotals checks Σ tax_amount of customers in taxes = Σ tax_amount of statements = the manifest for a cycle (§10.6).
func (c *copyState) taxTotals(cycle string, manifest map[string]string) error {
	statements, taxes := find(c.tables, "statements"), find(c.tables, "taxes")
	inStatements, inTaxes := slices.Index(statements.sumNames(), taxAmount), slices.Index(taxes.sumNames(), taxAmount)
	s, err := c.sum(statements, cycle, inStatements, lake.NoBucket)
	if err != nil {
		return err
	}
	var t decimal.Decimal
	for bucket := range max(1, c.src.Snap.Manifest.Buckets) { // rows of partners have no bucket
		part, err := c.sum(taxes, cycle, inTaxes, bucket)
		if err != nil {
			return err
		}
		t = t.Add(part)
	}
	if !s.Equal(t) {
		return &DifferError{What: "cycle " + cycle, Column: taxAmount, Left: s.String() + " in statements",
			Right: t.String() + " in taxes"}
	}
	want, known := manifest[cycle+"/statements."+taxAmount]
	if !known {
		return nil
	}
	if want != s.String() {
		return &DifferError{What: "cycle " + cycle, Column: taxAmount, Left: want + " in the lake's control totals",
			Right: s.String() + " in statements on the server"}
	}
	c.report.Totals = append(c.report.Totals, lake.Total{Name: cycle + "/" + taxAmount, Value: s.String()})
	return nil
}

// smallest names the first bucket in which lines and statements differ.
func (c *copyState) smallest(lines, statements *published, cycle, column string, at, k int) error {
	for bucket := range max(1, c.src.Snap.Manifest.Buckets) {
		l, err := c.sum(lines, cycle, at, bucket)
		if err != nil {
			return err
		}
		s, err := c.sum(statements, cycle, k, bucket)
		if err != nil {
			return err
		}
		if !l.Equal(s) {
			return &DifferError{What: fmt.Sprintf("cycle %s, bucket %d", cycle, bucket), Column: column,
				Left: l.String() + " in lines", Right: s.String() + " in statements"}
		}
	}
	return &DifferError{What: "cycle " + cycle, Column: column, Left: "the sum of lines",
		Right: "that of statements differs"}
}

// sum adds a column up over the loads of a cycle; bucket lake.NoBucket = all.
func (c *copyState) sum(p *published, cycle string, column, bucket int) (decimal.Decimal, error) {
	var total decimal.Decimal
	for _, i := range c.items {
		if i.table != p || i.cycle != cycle || bucket != lake.NoBucket && i.bucket != bucket {
			continue
		}
		v, err := decimal.NewFromString(c.whole[i.key()].sums[column])
		if err != nil {
			return total, fmt.Errorf("sum of %s: %w", i.path, err)
		}
		total = total.Add(v)
	}
	return total, nil
}
