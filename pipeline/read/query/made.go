package query

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// columnsOf returns the indexes in a table of the columns that another table has with the same names.
func columnsOf(t, names *tables.Table) tables.List[tables.Any] {
	var out tables.List[tables.Any]
	for _, c := range names.Columns {
		out = append(out, tables.ColumnOf[tables.Any](t.Index(c.Name)))
	}
	return out
}

// dayTable has the columns of lines that revenue needs.
func dayTable() *tables.Table {
	return &tables.Table{Name: "days",
		Columns: pick(tables.Lines().Table,
			"cycle service_type_code region_code day official_amount official_discount_amount truncated_amount "+
				"payment_amount")}
}

// days replaces the day of lines of orders and adjustments by the day of trade.
func days(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i, at := range columnsOf(tables.Lines().Table, to.Def) {
		*to.Col(tables.ColumnOf[tables.Any](i)) = *from.Col(at)
	}
	to.N = from.N
	day := from.Col(tables.LineDay.Of().Any())
	if !slices.Contains(day.Dict, lake.EventsDay.String()) {
		return nil
	}
	out := to.Col(tables.ColumnOf[tables.Any](to.Def.Index("day")))
	*out = parquet.Col{}
	for i := range from.N {
		word := day.Word(i)
		if word == lake.EventsDay.String() {
			word = w.Day(from.Time(tables.LineTradeTime.Any()).At(i)).String()
		}
		out.AddWord(word)
	}
	return nil
}

// Columns of drawTable.
const (
	drawCycle = iota
	drawCustomer
	drawPackage
	drawSKU
	drawMeasure
	drawQuantity
)

// drawTable lists what lines drew from packages, one row for each package of a line.
func drawTable() *tables.Table {
	line := tables.Lines().Columns
	return &tables.Table{Name: "draws", Columns: []tables.Column{
		line[tables.LineCycle], line[tables.LineCustomerID], {Name: "package_id", Type: tables.Word,
			Meaning: "the package that was drawn on"},
		line[tables.LineSKU], line[tables.LineMeasure],
		{Name: "drawn_quantity", Type: tables.Quantity,
			Meaning: "how much was drawn, in the measure; negative: given back"},
	}}
}

// draws splits the draws of lines: package_id:quantity;…
func draws(_ *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i := range from.N {
		text := string(from.Text(tables.LinePackageDraws.Any()).At(i))
		err := tables.EachPackageDraw(text, money.ParseSignedQuantity, func(id string, q money.SignedQuantity) error {
			to.Col(drawCycle).AddWord(from.Word(tables.LineCycle.Any()).At(i))
			to.Col(drawCustomer).AddWord(from.Word(tables.LineCustomerID.Any()).At(i))
			to.Col(drawPackage).AddWord(id)
			to.Col(drawSKU).AddWord(from.Word(tables.LineSKU.Any()).At(i))
			to.Col(drawMeasure).AddWord(from.Word(tables.LineMeasure.Any()).At(i))
			to.Col(drawQuantity).AddDec(q.Raw())
			to.N++
			return nil
		})
		if err != nil {
			return fmt.Errorf("package_draws %q: %w", text, err)
		}
	}
	return nil
}

// Columns of debtTable.
const (
	debtCustomer = iota
	debtOpening
	debtIncurred
	debtRepaid
	debtClosing
)

// debtTable lists changes of debts: those of cycles before the requested one as opening amount, those of the requested
// one as incurred or repaid.
func debtTable() *tables.Table {
	return &tables.Table{Name: "debts", Columns: []tables.Column{
		{Name: "customer_id", Type: tables.Word, Meaning: "who owes it"},
		{Name: "opening_amount", Type: tables.Amount,
			Meaning: "what was owed at the start of the cycle; 0 without --cycle"},
		{Name: "incurred_amount", Type: tables.Amount, Meaning: "what lines left unpaid since"},
		{Name: "repaid_amount", Type: tables.Amount,
			Meaning: "what recharges, allocations and refunds took from it since"},
		{Name: "debt_amount", Type: tables.Amount,
			Meaning: "debt at the end: opening_amount + incurred_amount - repaid_amount"},
	}}
}

// debts adds the entries of accounts that change a debt.
func debts(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	return eachDebt(from, func(customer string, a, incurred, repaid money.Amount) {
		var opening money.Amount
		if w.Before {
			opening, incurred, repaid = a, money.Amount{}, money.Amount{}
		}
		to.Col(debtCustomer).AddWord(customer)
		to.Col(debtOpening).AddDec(opening.Raw())
		to.Col(debtIncurred).AddDec(incurred.Raw())
		to.Col(debtRepaid).AddDec(repaid.Raw())
		to.Col(debtClosing).AddDec(a.Raw())
		to.N++
	})
}

// eachDebt visits the entries of accounts that change a debt: a is the change, incurred is what a line left unpaid,
// repaid is the reduction of the debt. Either incurred or repaid is 0.
func eachDebt(from *parquet.Columns[tables.Any], visit func(customer string, a, incurred, repaid money.Amount)) error {
	for i := range from.N {
		if from.Word(tables.AccountEntryBalanceType.Any()).At(i) != "debt" {
			continue
		}
		a, err := rows.As[tables.AccountEntry](rows.Row[tables.Any]{Cols: from, I: i}).Amount(tables.AccountEntryAmount)
		if err != nil {
			return err
		}
		var incurred, repaid money.Amount
		if a.Sign() < 0 {
			repaid = a.Neg()
		} else {
			incurred = a
		}
		visit(from.Word(tables.AccountEntryCustomerID.Any()).At(i), a, incurred, repaid)
	}
	return nil
}
