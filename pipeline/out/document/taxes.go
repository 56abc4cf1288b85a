package document

import (
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
)

// taxes converts rows of taxes to what documents show, with the names of the books.
func (s *Sources) taxes(list []rows.Tax) []Tax {
	query.NameTaxes(s.Books, list)
	var out []Tax
	for _, t := range list {
		out = append(out, Tax(t))
	}
	return out
}

// taxes returns the sentences below a bill that say how its tax is calculated.
func (n notes) taxes(b *Bill) []string {
	if !b.Header.Closed {
		return OpenTaxNotes(n.books, n.settings, b.Customer.ID)
	}
	var list []rows.Tax
	for _, t := range b.Amounts.Taxes {
		list = append(list, rows.Tax(t))
	}
	return ClosedTaxNotes(n.books, b.Customer.ID, list)
}

// addedTaxes returns the rows of the taxes that prices do not include.
func addedTaxes(list []Tax) []LetterRow {
	var out []LetterRow
	for i := range list {
		if !list[i].Included() {
			out = append(out, LetterRow{Name: list[i].Text(), Amount: list[i].Amount})
		}
	}
	return out
}

// includedTaxes adds a table of the taxes that are included in the amount due.
func includedTaxes(l *Letter, list []Tax) error {
	var rows []LetterRow
	var sum money.AmountTotal
	for i := range list {
		if !list[i].Included() {
			continue
		}
		rows = append(rows, LetterRow{Name: list[i].Text(), Amount: list[i].Amount})
		if err := sum.Add(list[i].Amount); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	total, err := sum.Amount()
	if err != nil {
		return err
	}
	table, err := RoundedTable(LetterText{English: "Included tax", Chinese: "含税"}, l.Digits, rows,
		LetterRow{Name: LetterText{English: "Tax", Chinese: "税额"}, Amount: total})
	l.Tables = append(l.Tables, table)
	return err
}

// statementTaxes adds the taxes on what a partner owes, which are not part of it, and returns the sum.
func statementTaxes(l *Letter, list []Tax, owed LetterRow) (LetterRow, error) {
	added := addedTaxes(list)
	if len(added) == 0 {
		return owed, includedTaxes(l, list)
	}
	rows := append([]LetterRow{owed}, added...)
	var amounts []money.Amount
	for _, r := range rows {
		amounts = append(amounts, r.Amount)
	}
	total, err := SumOf(amounts...)
	if err != nil {
		return owed, err
	}
	sum := LetterRow{Name: LetterText{English: "Owed to us with tax", Chinese: "含税应付我方"}, Amount: total}
	table, err := RoundedTable(LetterText{English: "Tax", Chinese: "税额"}, l.Digits, rows, sum)
	l.Tables, l.Payable = append(l.Tables, table), total
	return sum, err
}
