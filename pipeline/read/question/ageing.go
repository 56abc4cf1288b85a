package question

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/ask"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// Columns of ageTable.
const (
	ageCustomer = iota
	ageMonth
	ageIncurred
	ageRepaid
)

// ageTable is the entries that change debts, by the cycle that they were made in.
func ageTable() *tables.Table {
	return &tables.Table{Name: "ages", Columns: []tables.Column{
		{Name: "customer_id", Type: tables.Word, Meaning: "who owes it"},
		{Name: "month", Type: tables.Word, Meaning: "cycle of the entry"},
		{Name: "incurred_amount", Type: tables.Amount, Meaning: "what lines left unpaid"},
		{Name: "repaid_amount", Type: tables.Amount, Meaning: "what recharges, allocations and refunds took from it"},
	}}
}

// aged is what was added to debts and repaid, by customer and cycle.
func aged() *ask.Question {
	t := ageTable()
	return &ask.Question{
		Name: "aged", Span: ask.UpTo, Keys: t.Columns[:ageIncurred], Sums: t.Columns[ageIncurred:],
		Lake: ask.Shape{Table: tables.AccountEntries().Table, Reads: tables.Columns(tables.AccountEntryCustomerID,
			tables.AccountEntryBalanceType,
			tables.AccountEntryAmount).Any(), Made: t, Make: ages},
	}
}

// ages takes the entries of accounts that change a debt.
func ages(w *ask.Reading, from, to *parquet.Columns[tables.Any]) error {
	cycle := w.Cycle.String()
	return eachDebt(from, func(customer string, _, incurred, repaid money.Amount) {
		to.Col(ageCustomer).AddWord(customer)
		to.Col(ageMonth).AddWord(cycle)
		to.Col(ageIncurred).AddDec(incurred.Raw())
		to.Col(ageRepaid).AddDec(repaid.Raw())
		to.N++
	})
}

// ageing is the question how old the debts of customers are.
func ageing() *ask.Question {
	amount := func(name, meaning string) tables.Column {
		return tables.Column{Name: name, Type: tables.Amount, Meaning: meaning}
	}
	return &ask.Question{
		Name:    "ageing",
		Answers: "how old the debts of customers are, in months; repayments clear the oldest debt first",
		Span:    ask.UpTo, Keys: ageTable().Columns[:ageMonth],
		Sums: []tables.Column{
			amount("current_amount", "owed since the cycle itself"),
			amount("one_month_amount", "owed since the cycle before"),
			amount("two_months_amount", "owed since two cycles before"),
			amount("older_amount", "owed since three cycles before or longer"),
			amount("debt_amount", "debt at the end of the cycle: the sum of the others"),
		},
		Order: []ask.By{{Column: "debt_amount", Down: true}},
		From:  &ask.Derived{Of: aged(), Rows: ageRows},
	}
}

// ageCount is how many ages there are; the last one is open.
const ageCount = 4

// ageRows clears the oldest debts of each customer by what was repaid. A cycle is never repaid before a debt of it
// exists, so the order of entries within it has no effect.
func ageRows(entries []ask.Row, cycle manifest.Cycle) ([]ask.Row, error) {
	slices.SortFunc(entries, func(a, b ask.Row) int {
		return cmp.Or(strings.Compare(a.Keys[ageCustomer], b.Keys[ageCustomer]),
			strings.Compare(a.Keys[ageMonth], b.Keys[ageMonth]))
	})
	var out []ask.Row
	for len(entries) > 0 {
		customer := entries[0].Keys[ageCustomer]
		n := slices.IndexFunc(entries, func(r ask.Row) bool { return r.Keys[ageCustomer] != customer })
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

// ageRow is the debt of one customer by age. The entries are in the order of their cycles.
func ageRow(entries []ask.Row, cycle manifest.Cycle) (ask.Row, error) {
	var repaid money.AmountTotal
	debts := make([]money.AmountTotal, len(entries))
	for i, e := range entries {
		paid, err := amountTotalOf(e.Sums[ageRepaid-ageIncurred])
		if err == nil {
			err = repaid.AddTotal(paid)
		}
		if err != nil {
			return ask.Row{}, err
		}
		if debts[i], err = amountTotalOf(e.Sums[0]); err != nil {
			return ask.Row{}, err
		}
	}
	left, err := payment.ClearOldest(debts, repaid)
	if err != nil {
		return ask.Row{}, err
	}
	end, ok := cycle.Period()
	if !ok {
		return ask.Row{}, fmt.Errorf("no cycle")
	}
	ages := make([]money.AmountTotal, ageCount+1)
	for i, e := range entries {
		of, err := period.ParseCycle(e.Keys[ageMonth])
		if err != nil {
			return ask.Row{}, err
		}
		err = errors.Join(ages[min(int(end-of), ageCount-1)].AddTotal(left[i]), ages[ageCount].AddTotal(left[i]))
		if err != nil {
			return ask.Row{}, err
		}
	}
	row := ask.Row{Keys: append([]string{entries[0].Keys[ageCustomer]}, entries[0].Keys[ageMonth+1:]...)}
	for _, n := range ages {
		total, err := money.NewTotal(money.AmountScale)
		if err == nil {
			err = total.Add(n.Raw())
		}
		if err != nil {
			return ask.Row{}, err
		}
		row.Sums = append(row.Sums, total)
	}
	return row, nil
}

// amountTotalOf is a sum of amounts as its own type.
func amountTotalOf(t money.Total) (money.AmountTotal, error) {
	return money.AmountTotalFromRaw(t.Raw())
}
