package publish

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Table is a table of the copy.
type Table struct {
	Name  string        // name of the view
	lake  string        // table of the lake whose files it has; "" = its rows are calculated
	Def   *tables.Table // its columns; the data table has load and, if Def lacks it, cycle before them
	Cycle bool          // its rows belong to a cycle that the lake's file does not have in a column
	Sums  []int         // columns of Def that are added up, ascending: amounts, quantities and whole numbers
	// columns of the currencies of its amounts, filled in a workspace of several; none = no amounts
	money []int

	memories sync.Pool // of *memory
}

// memory returns the memory into which a file of the table is read.
func (p *Table) memory() *memory {
	if used, ok := p.memories.Get().(*memory); ok {
		return used
	}
	return &memory{batch: parquet.NewColumns(tables.Untyped(p.Def))}
}

// ViewColumns returns the columns of the view with types and comments, as CREATE VIEW lists them.
func (p *Table) ViewColumns() string {
	var list []string
	add := func(name, kind, meaning string) {
		list = append(list, fmt.Sprintf("    %s %s COMMENT %s", name, kind, QuotedText(meaning)))
	}
	if p.Cycle {
		add(CycleColumn, word, "cycle that the row belongs to, such as 2026-09")
	}
	for _, c := range p.Def.Columns {
		add(c.Name, kindOf(c.Type), c.Meaning)
	}
	return strings.Join(list, ",\n")
}

// Data returns the name of the table that has the rows.
func (p *Table) Data() string { return p.Name + "_data" }

// Tables lists the published tables, samples last.
func Tables(samples bool) []*Table {
	list := []*Table{
		{Name: "lines", lake: tables.Lines().Name, Def: tables.Lines().Table},
		{Name: "statements", lake: tables.Statements().Name, Def: tables.Statements().Table},
		{Name: "taxes", lake: tables.Taxes().Name, Def: tables.Taxes().Table},
		{Name: "partner_statements", lake: tables.PartnerStatements().Name, Def: tables.PartnerStatements().Table},
		{Name: "incentives", lake: tables.Incentives().Name, Def: tables.Incentives().Table},
		{Name: "accounts", lake: tables.AccountEntries().Name, Def: tables.AccountEntries().Table, Cycle: true},
		{Name: "rejects", lake: tables.Rejects().Name, Def: tables.Rejects().Table},
		{Name: "runs", Def: tables.Runs().Table},
		{Name: "totals", Def: tables.Totals().Table, Cycle: true},
		{Name: "margins", lake: tables.Margins().Name, Def: tables.Margins().Table},
		{Name: "cost_groups", lake: tables.CostGroups().Name, Def: tables.CostGroups().Table, Cycle: true},
		{Name: "cost_deliveries", lake: tables.CostDeliveries().Name, Def: tables.CostDeliveries().Table},
	}
	for _, def := range []*tables.Table{tables.PartnerAccounts().Table, tables.Receivables().Table,
		tables.Coupons().Table,
		tables.CouponRecords().Table, tables.Funds().Table, tables.Withdrawals().Table, tables.Invoices().Table,
		tables.InvoiceRecords().Table,
		tables.OrderStatus().Table} {
		list = append(list, &Table{Name: def.Name, lake: def.Name, Def: def})
	}
	if samples {
		list = append(list, &Table{Name: "samples", lake: tables.Bandwidth().Name, Def: tables.Bandwidth().Table,
			Cycle: true})
	}
	for _, p := range list {
		plain := p.Def
		p.Def = tables.Published(plain)
		for _, name := range [...]string{"currency", "customer_currency"} {
			if at := p.Def.Index(name); at >= 0 && plain.Index(name) < 0 {
				p.money = append(p.money, at)
			}
		}
		for i, c := range p.Def.Columns {
			if c.Type.Scale() > 0 || c.Type == tables.Whole {
				p.Sums = append(p.Sums, i)
			}
		}
	}
	return list
}

// Column is a column of a data table: its name and its type on the server.
type Column struct{ Name, Kind string }

// Columns returns the columns of the data table, in order: load, a cycle that Def lacks, and those of Def.
func (p *Table) Columns() []Column {
	list := []Column{{"load", "UInt64"}}
	if p.Def.Index(CycleColumn) < 0 {
		list = append(list, Column{CycleColumn, word})
	}
	for _, c := range p.Def.Columns {
		list = append(list, Column{c.Name, kindOf(c.Type)})
	}
	return list
}

// TaxAmount is the column of taxes and statements whose sums must be equal.
const TaxAmount = "tax_amount"

// CycleColumn is the column by which every data table is partitioned.
const CycleColumn = "cycle"

const word = "LowCardinality(String)"

// Moment is the server's type of an instant, in microseconds.
const Moment = "DateTime64(6, 'UTC')"

// kindOf returns the server's type for a column type of the lake.
func kindOf(t tables.Type) string {
	switch t {
	case tables.Word:
		return word
	case tables.Text:
		return "String"
	case tables.Time:
		return Moment
	case tables.MaybeTime:
		return "Nullable(" + Moment + ")"
	case tables.Amount, tables.Quantity, tables.Cost:
		return fmt.Sprintf("Decimal(38, %d)", t.Scale())
	case tables.Whole:
		return "Int64"
	default:
		return "Int32"
	}
}

// SumNames returns the names of the columns that are added up, in the order of Sums.
func (p *Table) SumNames() []string {
	names := make([]string, len(p.Sums))
	for i, c := range p.Sums {
		names[i] = p.Def.Columns[c].Name
	}
	return names
}

// Find returns the table with a name, or nil.
func Find(list []*Table, name string) *Table {
	i := slices.IndexFunc(list, func(p *Table) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return list[i]
}

// SumsSQL returns the SQL that adds up the compared columns. A sum of Decimal(38) overflows silently, so each value is
// widened first.
func (p *Table) SumsSQL() string {
	parts := make([]string, len(p.Sums))
	for i, c := range p.Sums {
		def := p.Def.Columns[c]
		wide := fmt.Sprintf("toInt256(`%s`)", def.Name)
		if scale := def.Type.Scale(); scale > 0 {
			wide = fmt.Sprintf("toDecimal256(`%s`, %d)", def.Name, scale)
		}
		parts[i] = "toString(sum(" + wide + "))"
	}
	return "CAST([" + strings.Join(parts, ", ") + "], 'Array(String)')"
}
