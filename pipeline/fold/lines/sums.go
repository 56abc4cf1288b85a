package lines

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// SumWriter adds up each customer's lines of a day.
type SumWriter struct {
	books    *books.Books
	cols     *parquet.Columns[tables.Sum]
	customer int32
	lines    int64
	sum      amountSums
}

// amountSums are the sums of the amount columns of lines, of a customer or of a file.
type amountSums struct{ official, discount, truncated, payment money.AmountTotal }

func (s *amountSums) add(c *line.Charge) error {
	if err := s.official.Add(c.Official); err != nil {
		return err
	}
	if err := s.discount.Add(c.Discount); err != nil {
		return err
	}
	if err := s.truncated.Add(c.Truncated); err != nil {
		return err
	}
	return s.payment.Add(c.Payment)
}

// NewSumWriter makes a writer of sums.
func NewSumWriter(b *books.Books) *SumWriter {
	return &SumWriter{books: b, cols: parquet.NewColumns(tables.Sums())}
}

// Reset starts the sums of another day.
func (s *SumWriter) Reset() {
	s.cols.Reset()
	s.customer = -1
}

// Open starts the sums of a customer.
func (s *SumWriter) Open(customer int32) { s.customer, s.lines, s.sum = customer, 0, amountSums{} }

// Add adds a line of the open customer.
func (s *SumWriter) Add(c *line.Charge) error {
	s.lines++
	return s.sum.add(c)
}

// Close writes the open customer's row, if there was a line.
func (s *SumWriter) Close() {
	if s.lines == 0 {
		return
	}
	c := s.cols
	c.Word(tables.SumCustomerID).AddNew(s.books.Customers[s.customer].ID)
	c.Whole(tables.SumLineCount).Add(s.lines)
	c.Amount(tables.SumOfficialAmount).Add(s.sum.official.Raw())
	c.Amount(tables.SumOfficialDiscountAmount).Add(s.sum.discount.Raw())
	c.Amount(tables.SumTruncatedAmount).Add(s.sum.truncated.Raw())
	c.Amount(tables.SumPaymentAmount).Add(s.sum.payment.Raw())
	c.Amount(tables.SumCashAmount).Add(s.sum.payment.Raw())
	s.cols.N++
}

// Columns is the day's batch.
func (s *SumWriter) Columns() *parquet.Columns[tables.Sum] {
	for _, col := range [...]tables.AmountColumn[tables.Sum]{tables.SumCreditAmount, tables.SumCouponAmount,
		tables.SumStoredValueCardAmount, tables.SumFlexipurchaseCouponAmount, tables.SumDebtAmount} {
		s.cols.Amount(col).Set(0, 0)
	}
	return s.cols
}
