package table

import "slices"

// currencyName is the name of the column with the currency of a row's amounts.
const currencyName = "currency"

// Published is a table as it is published to ClickHouse: with a column for the currency of its amounts if the lake's
// files have none (§10.7). The added columns are empty in a workspace of one currency.
func Published(t *Table) *Table {
	amounts := func(c Column) bool { return c.Type == Amount }
	named := func(c Column) bool { return c.Name == currencyName }
	switch t.Name {
	case Statements().Name:
		return StatementsOf(true, true).Table
	case PartnerStatements().Name:
		t = PartnerStatementsOf(true).Table
		return t.with(Column{"customer_currency", Word,
			"currency of the amounts before performance_amount: the customer's"})
	}
	if !slices.ContainsFunc(t.Columns, amounts) || slices.ContainsFunc(t.Columns, named) {
		return t
	}
	return t.with(Column{currencyName, Word, "currency of the amounts: that of the customer or partner whose they " +
		"are; empty in a workspace of one currency"})
}

// with returns the table with one more column, which its files do not have.
func (t *Table) with(c Column) *Table {
	out := *t
	out.Columns = append(slices.Clone(t.Columns), c)
	return out.adding(append(slices.Clone(t.Added), c.Name)...)
}
