package query

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func margin() *Question {
	return &Question{
		Name: "margin",
		Answers: "what the vendors' cost files cost and what customers pay for them, by customer, service, account " +
			"and day",
		View: "margins",
		Keys: pick(tables.Margins().Table,
			"cycle origin_cycle source customer_id service_name account day commitment_status reason currency"),
		Sums: pick(tables.Margins().Table,
			"cost_list cost_contracted cost_effective cost_billed payment_amount margin_amount"),
		Own:  []string{"margin_amount"},
		Lake: Shape{Table: tables.Margins().Table},
	}
}

func unallocated() *Question {
	return &Question{
		Name: "unallocated", Answers: "costs that nobody bears; they block the close of their cycle",
		View:  "margins",
		Keys:  pick(tables.Margins().Table, "cycle origin_cycle reason source account service_name currency"),
		Sums:  pick(tables.Margins().Table, "cost_list cost_contracted cost_effective cost_billed"),
		Order: []GroupBy{{Column: "cost_billed", Down: true}},
		Lake: Shape{Table: tables.Margins().Table, Keep: func(c *parquet.Columns[tables.Any], row int) bool {
			return slices.Contains(books.Unallocated(), c.Word(tables.MarginReason.Any()).At(row))
		}},
	}
}

// lowTable lists the groups of cost rows whose lines are below their minimum margin.
func lowTable() *tables.Table {
	t := &tables.Table{Name: tables.CostGroups().Name}
	for _, c := range pick(tables.CostGroups().Table, "customer_id id origin_cycle source service_name account sku "+
		"min_margin cost_effective fx_rate payment_amount") {
		if c.Type == tables.Text {
			c.Type = tables.Word
		}
		if c.Name == "cost_effective" {
			c.Meaning += ", in the source's currency"
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// statesTable is lowTable with the cycle as first column.
func statesTable() *tables.Table {
	t := lowTable()
	t.Columns = append([]tables.Column{wordColumn("cycle",
		"the cycle that billed the line, or the next open one after a delivery changed its amounts or costs; amounts "+
			"are those as of that cycle")}, t.Columns...)
	return t
}

// lowMargin has no totals: for a closed month that a later delivery changed, the table has a state for each cycle in
// which it changed, and costs can be in several currencies.
func lowMargin() *Question {
	return &Question{
		Name:    "low-margin",
		Answers: "which lines of cost files bring less than effective cost × (1 + min_margin)",
		View:    "cost_groups",
		Keys:    pick(statesTable(), "cycle customer_id id origin_cycle source service_name account sku min_margin"),
		Sums:    pick(statesTable(), "cost_effective fx_rate payment_amount"),
		Apart:   []string{"cost_effective", "payment_amount"},
		Lake: Shape{Table: tables.CostGroups().Table,
			Reads: append(columnsOf(tables.CostGroups().Table, lowTable()), tables.CostGroupLowMargin.Of().Any()),
			Made:  statesTable(), Make: lows},
	}
}

// lows copies the groups below their minimum margin.
func lows(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i := range from.N {
		if from.Col(tables.CostGroupLowMargin.Of().Any().Any()).Codes[i] == 1 {
			to.Col(0).AddWord(w.Cycle.String())
			copyRow(from, to, i)
		}
	}
	return nil
}

// copyRow copies the columns of a row that another table has with the same names; texts become words.
func copyRow(from, to *parquet.Columns[tables.Any], i int) {
	for k, at := range columnsOf(from.Def, to.Def) {
		if at < 0 {
			continue // the caller adds it
		}
		c, out := from.Col(at), to.Col(tables.ColumnOf[tables.Any](k))
		switch from.Def.Columns[at].Type {
		case tables.Word:
			out.AddWord(c.Word(i))
		case tables.Text:
			out.AddWord(string(c.Text(i)))
		case tables.Whole, tables.Time, tables.MaybeTime:
			out.Ints = append(out.Ints, c.Ints[i])
		case tables.Small:
			out.Codes = append(out.Codes, c.Codes[i])
		default:
			out.Decs = append(out.Decs, c.Decs[i])
		}
	}
	to.N++
}

// deliveryTable lists the deliveries with their texts as words.
func deliveryTable() *tables.Table {
	t := &tables.Table{Name: tables.CostDeliveries().Name}
	for _, c := range tables.CostDeliveries().Columns {
		if c.Type == tables.Text {
			c.Type = tables.Word
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// costDeliveries has no totals: a delivery replaces earlier ones, which are rows too, and costs can be in several
// currencies.
func costDeliveries() *Question {
	sums := "rows rejected cost_list cost_contracted cost_effective cost_billed"
	return &Question{
		Name:    "cost-deliveries",
		Answers: "which deliveries of cost files there are, and which of them count",
		View:    "cost_deliveries",
		Span:    OfNone,
		Keys:    pick(deliveryTable(), "source period delivery state currency tolerated fault"),
		Sums:    pick(deliveryTable(), sums),
		Apart:   strings.Fields(sums),
		Lake: Shape{Table: tables.CostDeliveries().Table, Reads: columnsOf(tables.CostDeliveries().Table,
			deliveryTable()),
			Made: deliveryTable(), Make: func(_ *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
				for i := range from.N {
					copyRow(from, to, i)
				}
				return nil
			}},
	}
}
