package pay

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// balanceReader reads the opening balances of a day, one customer at a time in the order of ids.
type balanceReader struct {
	path     string
	file     *rows.Reader[tables.Balance]
	cols     *parquet.Columns[tables.Balance]
	at       int
	customer string // whose rows are next
	ok       bool   // false at the end
	rows     []payment.Row
	currency string // of rows; "" = unknown
}

// openBalances starts to read a balances file; an entry without a path has no balances.
func openBalances(w *Worker, e lake.FileEntry) (*balanceReader, error) {
	b := &balanceReader{at: -1}
	if e.Path == "" {
		return b, nil
	}
	f, err := rows.OpenFile(w.Txn, e, tables.Balances(), nil)
	if err != nil {
		return nil, err
	}
	b.path, b.file = e.Path, f
	return b, b.advance()
}

func (b *balanceReader) close() { _ = b.file.Close() } // opened for reading

// advance moves to the next row.
func (b *balanceReader) advance() (err error) {
	b.at++
	for b.cols == nil || b.at >= b.cols.N {
		if b.cols, err = b.file.Next(); err != nil || b.cols == nil {
			b.ok = false
			return err
		}
		b.at = 0
	}
	b.ok, b.customer = true, b.cols.Word(tables.BalanceCustomerID).At(b.at)
	return nil
}

// take returns the rows of a customer, which is the next one or has none, and advances. The rows are valid until the
// next call.
func (b *balanceReader) take(customer string) ([]payment.Row, error) {
	b.rows, b.currency = b.rows[:0], ""
	for b.ok && b.customer == customer {
		r, err := b.row()
		if err != nil {
			return nil, fmt.Errorf("%s: customer %s: %w", b.path, customer, err)
		}
		b.rows, b.currency = append(b.rows, r), b.cols.Word(tables.BalanceCurrency).At(b.at)
		if err := b.advance(); err != nil {
			return nil, err
		}
	}
	return b.rows, nil
}

func (b *balanceReader) row() (r payment.Row, err error) {
	c, i := b.cols, b.at
	if r.Kind, err = payment.ParseRowKind(c.Word(tables.BalanceBalance).At(i)); err != nil {
		return r, err
	}
	if r.Kind.OfCoupon() {
		r.Coupon, r.From = c.Word(tables.BalanceCouponID).At(i), c.MaybeTime(tables.BalanceValidFrom).At(i)
	}
	d := c.Amount(tables.BalanceAmount).At(i)
	r.Amount, err = money.AmountFromRaw(d.Hi, d.Lo)
	return r, err
}

// addBalances appends a customer's rows to the closing balances. currency is that of the amounts.
func addBalances(to *rows.Writer[tables.Balance], customer, currency string, rows []payment.Row) error {
	for i := range rows {
		r, c := &rows[i], to.Cols
		from := tables.Nothing
		if r.Kind.OfCoupon() {
			from = r.From
		}
		c.Word(tables.BalanceCustomerID).Add(customer)
		c.Word(tables.BalanceBalance).Add(r.Kind.String())
		c.Word(tables.BalanceCouponID).Add(r.Coupon)
		c.MaybeTime(tables.BalanceValidFrom).Add(from)
		c.Amount(tables.BalanceAmount).Add(r.Amount.Raw())
		c.Word(tables.BalanceCurrency).Add(currency)
		c.N++
		if err := to.Added(); err != nil {
			return err
		}
	}
	return nil
}

// addEntries appends the movements of a line or an account event; monthEnd is 1 for those of month-end lines.
func addEntries(to *rows.Writer[tables.AccountEntry], customer string, at period.Instant, id []byte,
	list []payment.Entry, monthEnd int32) error {
	for i := range list {
		e, c := &list[i], to.Cols
		c.Word(tables.AccountEntryCustomerID).Add(customer)
		c.Time(tables.AccountEntryTime).Add(at)
		c.Text(tables.AccountEntryID).AddBytes(id)
		c.Word(tables.AccountEntryType).Add(e.Type.String())
		c.Word(tables.AccountEntryBalanceType).Add(e.Balance.String())
		c.Amount(tables.AccountEntryAmount).Add(e.Amount.Raw())
		c.Amount(tables.AccountEntryBalanceAfter).Add(e.After.Raw())
		c.Small(tables.AccountEntryMonthEnd).Add(monthEnd)
		c.N++
		if err := to.Added(); err != nil {
			return err
		}
	}
	return nil
}
