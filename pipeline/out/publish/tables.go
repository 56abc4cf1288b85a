package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// The layouts are versions of the contents of a load's rows: columns, their order and their values. A file that was
// inserted with another layout than its item has is inserted again.
const (
	plainLayout = 1
	taxedLayout = 2 // of statements with tax_amount: earlier programs inserted these files without the column
)

// published is a table of the copy.
type published struct {
	name  string // as the view is called
	lake  string // table of the lake whose files it holds; "" = it is worked out
	def   *tables.Table
	cycle bool // its rows are of a cycle, and the lake's file does not say so in a column
	sums  []int
	money []int // columns of the currencies of its amounts, which a workspace of several fills; none = no amounts
}

// viewColumns are the columns of the view with their types and comments, as a CREATE VIEW lists them.
func (p *published) viewColumns() string {
	var list []string
	add := func(name, kind, meaning string) {
		list = append(list, fmt.Sprintf("    %s %s COMMENT %s", name, kind, clickhouse.Literal(meaning)))
	}
	if p.cycle {
		add(cycleColumn, word, "cycle that the row belongs to, such as 2026-09")
	}
	for _, c := range p.def.Columns {
		add(c.Name, kindOf(c.Type), c.Meaning)
	}
	return strings.Join(list, ",\n")
}

// data is the table that holds the rows.
func (p *published) data() string { return p.name + "_data" }

// theTables lists what is published, samples last.
func theTables(samples bool) []*published {
	list := []*published{
		{name: "lines", lake: tables.Lines().Name, def: tables.Lines().Table},
		{name: "statements", lake: tables.Statements().Name, def: tables.Statements().Table},
		{name: "taxes", lake: tables.Taxes().Name, def: tables.Taxes().Table},
		{name: "partner_statements", lake: tables.PartnerStatements().Name, def: tables.PartnerStatements().Table},
		{name: "incentives", lake: tables.Incentives().Name, def: tables.Incentives().Table},
		{name: "accounts", lake: tables.AccountEntries().Name, def: tables.AccountEntries().Table, cycle: true},
		{name: "rejects", lake: tables.Rejects().Name, def: tables.Rejects().Table},
		{name: "runs", def: tables.Runs().Table},
		{name: "totals", def: tables.Totals().Table, cycle: true},
		{name: "margins", lake: tables.Margins().Name, def: tables.Margins().Table},
		{name: "cost_groups", lake: tables.CostGroups().Name, def: tables.CostGroups().Table, cycle: true},
		{name: "cost_deliveries", lake: tables.CostDeliveries().Name, def: tables.CostDeliveries().Table},
	}
	for _, def := range []*tables.Table{tables.PartnerAccounts().Table, tables.Receivables().Table,
		tables.Coupons().Table,
		tables.CouponRecords().Table, tables.Funds().Table, tables.Withdrawals().Table, tables.Invoices().Table,
		tables.InvoiceRecords().Table,
		tables.OrderStatus().Table} {
		list = append(list, &published{name: def.Name, lake: def.Name, def: def})
	}
	if samples {
		list = append(list, &published{name: "samples", lake: tables.Bandwidth().Name, def: tables.Bandwidth().Table,
			cycle: true})
	}
	for _, p := range list {
		plain := p.def
		p.def = tables.Published(plain)
		for _, name := range [...]string{"currency", "customer_currency"} {
			if at := p.def.Index(name); at >= 0 && plain.Index(name) < 0 {
				p.money = append(p.money, at)
			}
		}
		for i, c := range p.def.Columns {
			if c.Type.Scale() > 0 || c.Type == tables.Whole {
				p.sums = append(p.sums, i)
			}
		}
	}
	return list
}

// column is a column of a data table.
type column struct{ name, kind string }

// columns are those of the data table, in order.
func (p *published) columns() []column {
	list := []column{{"load", "UInt64"}}
	if p.def.Index(cycleColumn) < 0 {
		list = append(list, column{cycleColumn, word})
	}
	for _, c := range p.def.Columns {
		list = append(list, column{c.Name, kindOf(c.Type)})
	}
	return list
}

// taxAmount is the column of taxes and statements that must agree.
const taxAmount = "tax_amount"

// cycleColumn is what every data table is partitioned by.
const cycleColumn = "cycle"

const (
	word   = "LowCardinality(String)"
	moment = "DateTime64(6, 'UTC')"
)

// kindOf is a column type of the lake as the server writes it.
func kindOf(t tables.Type) string {
	switch t {
	case tables.Word:
		return word
	case tables.Text:
		return "String"
	case tables.Time:
		return moment
	case tables.MaybeTime:
		return "Nullable(" + moment + ")"
	case tables.Amount, tables.Quantity, tables.Cost:
		return fmt.Sprintf("Decimal(38, %d)", t.Scale())
	case tables.Whole:
		return "Int64"
	default:
		return "Int32"
	}
}

// sumNames are the columns that are added up, in order.
func (p *published) sumNames() []string {
	names := make([]string, len(p.sums))
	for i, c := range p.sums {
		names[i] = p.def.Columns[c].Name
	}
	return names
}

// find is the table of a name, or nil.
func find(list []*published, name string) *published {
	i := slices.IndexFunc(list, func(p *published) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return list[i]
}
