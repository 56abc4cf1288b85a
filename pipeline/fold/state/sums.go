package state

import (
	"errors"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LineSumWriter adds up each customer's lines of a day.
type LineSumWriter struct {
	books    *books.Books
	cols     *parquet.Columns[tables.Sum]
	customer int32
	lines    int64
	sum      amountSums
}

// amountSums are the sums of the amount columns of lines, of a customer or of a file.
type amountSums struct {
	Official  money.AmountTotal `json:"official"`
	Discount  money.AmountTotal `json:"discount"`
	Truncated money.AmountTotal `json:"truncated"`
	Payment   money.AmountTotal `json:"payment"`
}

func (s *amountSums) add(c *tables.Charge) error {
	if err := s.Official.Add(c.Official); err != nil {
		return err
	}
	if err := s.Discount.Add(c.Discount); err != nil {
		return err
	}
	if err := s.Truncated.Add(c.Truncated); err != nil {
		return err
	}
	return s.Payment.Add(c.Payment)
}

func (s *amountSums) addAll(o *amountSums) error {
	return errors.Join(s.Official.AddTotal(o.Official), s.Discount.AddTotal(o.Discount),
		s.Truncated.AddTotal(o.Truncated), s.Payment.AddTotal(o.Payment))
}

// NewLineSumWriter makes a writer of sums.
func NewLineSumWriter(b *books.Books) *LineSumWriter {
	return &LineSumWriter{books: b, cols: parquet.NewColumns(tables.Sums())}
}

// Reset starts the sums of another day.
func (s *LineSumWriter) Reset() {
	s.cols.Reset()
	s.customer = -1
}

// Open starts the sums of a customer.
func (s *LineSumWriter) Open(customer int32) { s.customer, s.lines, s.sum = customer, 0, amountSums{} }

// Add adds a line of the open customer.
func (s *LineSumWriter) Add(c *tables.Charge) error {
	s.lines++
	return s.sum.add(c)
}

// AddAll adds lines of the open customer that were added up before.
func (s *LineSumWriter) AddAll(o *LineSums) error {
	s.lines += o.Lines
	return s.sum.addAll(&o.Amounts)
}

// Close writes the open customer's row, if there was a line.
func (s *LineSumWriter) Close() {
	if s.lines == 0 {
		return
	}
	c := s.cols
	c.Word(tables.SumCustomerID).AddNew(s.books.Customers[s.customer].ID)
	c.Whole(tables.SumLineCount).Add(s.lines)
	c.Amount(tables.SumOfficialAmount).Add(s.sum.Official.Raw())
	c.Amount(tables.SumOfficialDiscountAmount).Add(s.sum.Discount.Raw())
	c.Amount(tables.SumTruncatedAmount).Add(s.sum.Truncated.Raw())
	c.Amount(tables.SumPaymentAmount).Add(s.sum.Payment.Raw())
	c.Amount(tables.SumCashAmount).Add(s.sum.Payment.Raw())
	s.cols.N++
}

// Columns is the day's batch.
func (s *LineSumWriter) Columns() *parquet.Columns[tables.Sum] {
	for _, col := range [...]tables.AmountColumn[tables.Sum]{tables.SumCreditAmount, tables.SumCouponAmount,
		tables.SumStoredValueCardAmount, tables.SumFlexipurchaseCouponAmount, tables.SumDebtAmount} {
		s.cols.Amount(col).Set(0, 0)
	}
	return s.cols
}
