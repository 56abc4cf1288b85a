package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Columns of ageTable.
const (
	ageCustomer = iota
	ageMonth
	ageOpen
)

// ageTable lists the open debts by the cycle of the lines that caused them.
func ageTable() *tables.Table {
	return &tables.Table{Name: "ages", Columns: []tables.Column{
		wordColumn("customer_id", "who owes it"),
		wordColumn("month", "cycle of the lines"),
		amountColumn("open_amount", "part of their unpaid amounts that nothing has cleared"),
	}}
}

// aged asks for open debts by customer and cycle.
func aged() *Question {
	t := ageTable()
	return &Question{Name: "aged", Span: UpTo, Keys: t.Columns[:ageOpen], Sums: t.Columns[ageOpen:],
		Lake: Shape{Table: t, Ask: listAges}}
}

// listAges lists the open debts at the end of a cycle, as on the cover pages of bills.
func listAges(ctx context.Context, r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	end, ok := cmp.Or(r.Cycle, LastCycle(from.Snap)).Period()
	if !ok {
		return nil // a lake without a cycle
	}
	return Debts(ctx, from.Snap, end, func(customer string, of period.Cycle, open money.Amount) {
		to.Col(ageCustomer).AddWord(customer)
		to.Col(ageMonth).AddWord(of.String())
		to.Col(ageOpen).AddDec(open.Raw())
		to.N++
	})
}

// ageing asks how old the debts of customers are.
func ageing() *Question {
	amount := func(name, meaning string) tables.Column {
		return tables.Column{Name: name, Type: tables.Amount, Meaning: meaning}
	}
	return &Question{
		Name:    "ageing",
		Answers: "how old the debts of customers are, in months",
		Reads: "It reads `account_entries`, and `orders` for refunds. A refund takes off what the lines of its order " +
			"or charge left unpaid; other repayments clear the oldest debt first.",
		Span: UpTo, Keys: ageTable().Columns[:ageMonth],
		Sums: []tables.Column{
			amount("current_amount", "owed since the cycle itself"),
			amount("one_month_amount", "owed since the cycle before"),
			amount("two_months_amount", "owed since two cycles before"),
			amount("older_amount", "owed since three cycles before or longer"),
			amount("debt_amount", "debt at the end of the cycle: the sum of the others"),
		},
		Order: []GroupBy{{Column: "debt_amount", Down: true}},
		From:  &Derived{Of: aged(), Rows: ageRows},
	}
}

// ageCount is the number of ages; the last one has no upper bound.
const ageCount = 4

// ageRows adds up the open debts of each customer by age.
func ageRows(entries []AnswerRow, cycle lake.Cycle) ([]AnswerRow, error) {
	slices.SortFunc(entries, func(a, b AnswerRow) int {
		return strings.Compare(a.Keys[ageCustomer], b.Keys[ageCustomer])
	})
	var out []AnswerRow
	for len(entries) > 0 {
		customer := entries[0].Keys[ageCustomer]
		n := slices.IndexFunc(entries, func(r AnswerRow) bool { return r.Keys[ageCustomer] != customer })
		if n < 0 {
			n = len(entries)
		}
		row, err := ageRow(entries[:n], cycle)
		if err != nil {
			return nil, fmt.Errorf("debt of customer %s: %w", customer, err)
		}
		if some(row.Sums[ageCount]) {
			out = append(out, row)
		}
		entries = entries[n:]
	}
	return out, nil
}

// ageRow returns the debt of one customer by age.
func ageRow(entries []AnswerRow, cycle lake.Cycle) (AnswerRow, error) {
	end, ok := cycle.Period()
	if !ok {
		return AnswerRow{}, fmt.Errorf("no cycle")
	}
	ages := make([]money.AmountTotal, ageCount+1)
	for _, e := range entries {
		of, err := period.ParseCycle(e.Keys[ageMonth])
		if err != nil {
			return AnswerRow{}, err
		}
		open, err := money.AmountTotalFromRaw(e.Sums[0].Raw())
		err = errors.Join(err, ages[min(int(end-of), ageCount-1)].AddTotal(open), ages[ageCount].AddTotal(open))
		if err != nil {
			return AnswerRow{}, err
		}
	}
	row := AnswerRow{Keys: append([]string{entries[0].Keys[ageCustomer]}, entries[0].Keys[ageMonth+1:]...)}
	for _, n := range ages {
		total, err := money.NewTotal(money.AmountScale)
		if err == nil {
			err = total.Add(n.Raw())
		}
		if err != nil {
			return AnswerRow{}, err
		}
		row.Sums = append(row.Sums, total)
	}
	return row, nil
}
