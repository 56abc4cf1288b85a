package rows

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Statement is the amount that a customer owes for a cycle. Official = Discount + Truncated + Payment, and Payment =
// Rounding + Due, less Tax if prices are exclusive of it.
type Statement struct {
	Cycle      string       `json:"cycle"`
	CustomerID string       `json:"customer_id"`
	Lines      int64        `json:"line_count"`
	Official   money.Amount `json:"official_amount"`
	Discount   money.Amount `json:"official_discount_amount"`
	Truncated  money.Amount `json:"truncated_amount"`
	Payment    money.Amount `json:"payment_amount"`
	Rounding   money.Amount `json:"rounding_amount"`
	Due        money.Amount `json:"due_amount"`

	Tax *money.Amount `json:"tax_amount,omitempty"` // nil in a cycle without taxes

	Currency string `json:"currency,omitempty"` // "" in a cycle of one currency
}

// Sums adds up statements of one currency.
type Sums struct {
	Customers int64             `json:"customers"`
	Lines     int64             `json:"line_count"`
	Official  money.AmountTotal `json:"official_amount"`
	Discount  money.AmountTotal `json:"official_discount_amount"`
	Truncated money.AmountTotal `json:"truncated_amount"`
	Payment   money.AmountTotal `json:"payment_amount"`
	Rounding  money.AmountTotal `json:"rounding_amount"`
	Due       money.AmountTotal `json:"due_amount"`

	Tax *money.AmountTotal `json:"tax_amount,omitempty"` // nil in a cycle without taxes

	Currency string `json:"currency,omitempty"` // "" in a cycle of one currency
}

// CurrencySums are the sums of statements by currency; a cycle with one currency has one.
type CurrencySums []Sums

// Add adds a statement to the sums of its currency.
func (t *CurrencySums) Add(st *Statement) error {
	at, ok := slices.BinarySearchFunc(*t, st.Currency, func(s Sums, currency string) int {
		return strings.Compare(s.Currency, currency)
	})
	if !ok {
		*t = slices.Insert(*t, at, Sums{Currency: st.Currency})
	}
	return (*t)[at].add(st)
}

// add adds a statement of the same currency.
func (s *Sums) add(st *Statement) error {
	s.Customers++
	s.Lines += st.Lines
	if st.Tax != nil {
		if s.Tax == nil {
			s.Tax = &money.AmountTotal{}
		}
		if err := s.Tax.Add(*st.Tax); err != nil {
			return err
		}
	}
	return errors.Join(s.Official.Add(st.Official), s.Discount.Add(st.Discount), s.Truncated.Add(st.Truncated),
		s.Payment.Add(st.Payment), s.Rounding.Add(st.Rounding), s.Due.Add(st.Due))
}

// EachStatement visits the statements of a cycle by customer_id; customer "" = all.
func EachStatement(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, customer string, l Limits,
	visit func(*Statement) error) (err error) {
	if err := HasCycle(snap, cycle); err != nil {
		return err
	}
	rows, err := Statements(ctx, snap, cycle, customer, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	return rows.Each(func(row Row[tables.Statement]) error {
		s := Statement{Cycle: row.Word(tables.StatementCycle), CustomerID: row.Word(tables.StatementCustomerID),
			Lines: row.Whole(tables.StatementLineCount)}
		amounts := []struct {
			col tables.AmountColumn[tables.Statement]
			to  *money.Amount
		}{{tables.StatementOfficialAmount, &s.Official}, {tables.StatementOfficialDiscountAmount, &s.Discount},
			{tables.StatementTruncatedAmount, &s.Truncated},
			{tables.StatementPaymentAmount, &s.Payment}, {tables.StatementRoundingAmount, &s.Rounding},
			{tables.StatementDueAmount, &s.Due}}
		if at := tables.CurrencyColumn(row.Cols.Def); at >= 0 {
			s.Currency = row.Word(at)
		}
		if tables.HasTax(row.Cols.Def) {
			s.Tax = new(money.Amount)
			amounts = append(amounts, struct {
				col tables.AmountColumn[tables.Statement]
				to  *money.Amount
			}{tables.StatementTaxAmount, s.Tax})
		}
		for _, a := range amounts {
			var err error
			if *a.to, err = row.Amount(a.col); err != nil {
				return err
			}
		}
		return visit(&s)
	})
}
