package audit

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// moneySums holds the sums of lines, statements and partners' rows in one currency (§10.7).
type moneySums struct {
	lines, stated *columnSums
	partner       settledSum
}

func newMoneySums() *moneySums {
	return &moneySums{lines: newSums(tables.Lines().Table), stated: newSums(tables.StatementsOf(true,
		true).Table)}
}

// merge adds other sums of the same currency.
func (m *moneySums) merge(o *moneySums) error {
	return errors.Join(m.lines.Merge(o.lines, Decimals(tables.Untyped(o.lines.Def))),
		m.stated.Merge(o.stated, Decimals(tables.Untyped(o.stated.Def))),
		m.partner.lines.add(&o.partner.lines), m.partner.rows.add(&o.partner.rows))
}

// moneyOf returns the bucket's sums of a currency.
func (b *bucket) moneyOf(currency string) *moneySums {
	if b.money[currency] == nil {
		b.money[currency] = newMoneySums()
	}
	return b.money[currency]
}

// inCurrency adds a customer's statement and lines to the sums of its currency.
func (b *bucket) inCurrency(currency, customer string, row rows.Row[tables.Any], cols tables.List[tables.Any]) error {
	b.currency[customer] = currency
	m := b.moneyOf(currency)
	if err := m.stated.Add(row, cols); err != nil {
		return err
	}
	s := b.customers[customer]
	if s == nil {
		return nil
	}
	for i, a := range amounts {
		hi, lo := s.totals[i].Raw()
		if err := m.lines.Totals[a.line].Add(hi, lo); err != nil {
			return err
		}
	}
	return nil
}

// handMoney adds the sums of a bucket to those of its cycle. The verifier must be locked.
func (v *verifier) handMoney(b *bucket) error {
	for currency, m := range b.money {
		of := v.money[b.p.name]
		if of == nil {
			of = make(map[string]*moneySums)
			v.money[b.p.name] = of
		}
		if of[currency] == nil {
			of[currency] = newMoneySums()
		}
		if err := of[currency].merge(m); err != nil {
			return err
		}
	}
	return nil
}

// moneyTotal counts a control total of one currency: of a column of table lines, statements or margins.
func (v *verifier) moneyTotal(cycle, table, column, currency string) (string, bool) {
	if table == tables.Margins().Name {
		s, col := v.margins[cycle][currency], tables.Margins().Index(column)
		if s == nil || col < 0 {
			return "", false
		}
		return s.Totals[col].String(), true
	}
	m := v.money[cycle][currency]
	if m == nil {
		return "0.00000000", true
	}
	s := m.stated
	if table == tables.Lines().Name {
		s = m.lines
	}
	col := s.Def.Index(column)
	if col < 0 {
		return "", false
	}
	return s.Totals[col].String(), true
}
