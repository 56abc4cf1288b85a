package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// totals checks for every amount column of every published cycle, and for each currency, that Σ lines = Σ statements =
// Σ ClickHouse = the lake's manifest (§6.6, PUB-8). The sums of a load were read from the lake's files, and the sums on
// the server were equal to them.
func (c *copyState) totals() error {
	manifest := make(map[string]string)
	for _, t := range c.src.Snap.Manifest.Totals {
		manifest[t.Name] = TrimZeros(t.Value)
	}
	cycles, err := c.src.Cycles()
	if err != nil {
		return err
	}
	for _, ref := range cycles {
		cycle := ref.Cycle.String()
		for _, currency := range c.currenciesOf(cycle, manifest) {
			t := &totalCheck{state: c, cycle: cycle, currency: currency, manifest: manifest}
			if err := t.lines(); err != nil {
				return err
			}
			if err := t.taxes(); err != nil {
				return err
			}
		}
	}
	return nil
}

// currenciesOf returns the currencies of the lines, statements and taxes of a cycle, on the server or in the manifest;
// "" if the workspace has one.
func (c *copyState) currenciesOf(cycle string, manifest map[string]string) []string {
	if _, several := c.src.Several(); !several {
		return []string{""}
	}
	var list []string
	for name := range manifest {
		if currency, is := strings.CutPrefix(name, cycle+"/statements.due_amount."); is {
			list = append(list, currency)
		}
	}
	compared := []string{"lines", "statements", "taxes"}
	for _, i := range c.items {
		if i.Cycle == cycle && i.Money != "" && slices.Contains(compared, i.Table.Name) {
			list = append(list, i.Money)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// totalCheck checks the control totals of a cycle in one currency.
type totalCheck struct {
	state           *copyState
	cycle, currency string // currency "" = the workspace has one
	manifest        map[string]string
}

// known returns a total of the lake's manifest. Totals of a cycle that was billed in one currency do not name it.
func (t *totalCheck) known(table, column string) (want string, known bool) {
	name := t.cycle + "/" + table + "." + column
	if t.currency != "" {
		own, _ := t.state.src.Several()
		if want, known = t.manifest[name+"."+t.currency]; known || t.currency != own {
			return want, known
		}
	}
	want, known = t.manifest[name]
	return want, known
}

// what returns the cycle and the currency.
func (t *totalCheck) what() string {
	return strings.TrimSuffix("cycle "+t.cycle+" in "+t.currency, " in ")
}

// agreed reports a total that is equal everywhere.
func (t *totalCheck) agreed(column string, v decimal.Decimal) {
	name := strings.TrimSuffix(t.cycle+"/"+column+"."+t.currency, ".")
	t.state.report.Totals = append(t.state.report.Totals, lake.TableTotal{Name: name, Value: v.String()})
}

// lines checks the amounts of lines and statements.
func (t *totalCheck) lines() error {
	lines, statements := Find(t.state.tables, "lines"), Find(t.state.tables, "statements")
	for k, name := range statements.SumNames() {
		at := slices.Index(lines.SumNames(), name)
		if at < 0 || statements.Def.Columns[statements.Sums[k]].Type != tables.Amount {
			continue
		}
		l, err := t.sum(lines, at, lake.NoBucket)
		if err != nil {
			return err
		}
		s, err := t.sum(statements, k, lake.NoBucket)
		if err != nil {
			return err
		}
		if !l.Equal(s) {
			return t.smallest(name, at, k)
		}
		for _, table := range []*Table{lines, statements} { // both sums are l
			if want, known := t.known(table.Name, name); known && want != l.String() {
				return &DifferError{What: t.what(), Column: name, Left: want +
					" in the lake's control totals", Right: l.String() + " in " + table.Name + " on the server"}
			}
		}
		t.agreed(name, l)
	}
	return nil
}

// taxes checks Σ tax_amount of customers in taxes = Σ tax_amount of statements = the manifest (§10.6).
func (t *totalCheck) taxes() error {
	statements, taxes := Find(t.state.tables, "statements"), Find(t.state.tables, "taxes")
	inStatements := slices.Index(statements.SumNames(), TaxAmount)
	inTaxes := slices.Index(taxes.SumNames(), TaxAmount)
	s, err := t.sum(statements, inStatements, lake.NoBucket)
	if err != nil {
		return err
	}
	var sum decimal.Decimal
	for bucket := range max(1, t.state.src.Snap.Manifest.Buckets) { // rows of partners have no bucket
		part, err := t.sum(taxes, inTaxes, bucket)
		if err != nil {
			return err
		}
		sum = sum.Add(part)
	}
	if !s.Equal(sum) {
		return &DifferError{What: t.what(), Column: TaxAmount, Left: s.String() + " in statements",
			Right: sum.String() + " in taxes"}
	}
	want, known := t.known(statements.Name, TaxAmount)
	if !known {
		return nil
	}
	if want != s.String() {
		return &DifferError{What: t.what(), Column: TaxAmount, Left: want + " in the lake's control totals",
			Right: s.String() + " in statements on the server"}
	}
	t.agreed(TaxAmount, s)
	return nil
}

// smallest returns an error that names the first bucket in which lines and statements differ.
func (t *totalCheck) smallest(column string, at, k int) error {
	lines, statements := Find(t.state.tables, "lines"), Find(t.state.tables, "statements")
	for bucket := range max(1, t.state.src.Snap.Manifest.Buckets) {
		l, err := t.sum(lines, at, bucket)
		if err != nil {
			return err
		}
		s, err := t.sum(statements, k, bucket)
		if err != nil {
			return err
		}
		if !l.Equal(s) {
			return &DifferError{What: fmt.Sprintf("%s, bucket %d", t.what(), bucket), Column: column,
				Left: l.String() + " in lines", Right: s.String() + " in statements"}
		}
	}
	return &DifferError{What: t.what(), Column: column, Left: "the sum of lines",
		Right: "that of statements differs"}
}

// sum adds up a column over the loads of the cycle and the currency; lake.NoBucket means all buckets.
func (t *totalCheck) sum(p *Table, column, bucket int) (decimal.Decimal, error) {
	var total decimal.Decimal
	for _, i := range t.state.items {
		if i.Table != p || i.Cycle != t.cycle || i.Money != t.currency ||
			bucket != lake.NoBucket && i.Bucket != bucket {
			continue
		}
		v, err := decimal.NewFromString(t.state.whole[i.Key()].sums[column])
		if err != nil {
			return total, fmt.Errorf("sum of %s: %w", i.Path, err)
		}
		total = total.Add(v)
	}
	return total, nil
}
