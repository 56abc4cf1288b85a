package fold

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sumWriter adds up each customer's lines of a day.
type sumWriter struct {
	f        *Folder
	cols     *parquet.Columns
	customer int32
	lines    int64
	sum      amountSums
}

// amountSums is the amount columns of some lines: a customer's, or those of a file.
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

func newSumWriter(f *Folder) *sumWriter {
	return &sumWriter{f: f, cols: parquet.NewColumns(tables.Sums())}
}

func (s *sumWriter) reset() {
	s.cols.Reset()
	s.customer = -1
}

func (s *sumWriter) open(customer int32) { s.customer, s.lines, s.sum = customer, 0, amountSums{} }

func (s *sumWriter) add(c *line.Charge) error {
	s.lines++
	return s.sum.add(c)
}

// close writes the open customer's row, if there was a line.
func (s *sumWriter) close() {
	if s.lines == 0 {
		return
	}
	c := s.cols.C
	c[tables.DCustomerID].AddNewWord(s.f.Books.Customers[s.customer].ID)
	c[tables.DLines].Ints = append(c[tables.DLines].Ints, s.lines)
	c[tables.DOfficial].AddDec(s.sum.official.Raw())
	c[tables.DDiscount].AddDec(s.sum.discount.Raw())
	c[tables.DTruncated].AddDec(s.sum.truncated.Raw())
	c[tables.DPayment].AddDec(s.sum.payment.Raw())
	c[tables.DCash].AddDec(s.sum.payment.Raw())
	s.cols.N++
}

// columns is the day's batch.
func (s *sumWriter) columns() *parquet.Columns {
	for _, col := range [...]int{tables.DCredit, tables.DCoupon, tables.DStored, tables.DFlexi, tables.DDebt} {
		s.cols.C[col].SetDec(0, 0)
	}
	return s.cols
}
