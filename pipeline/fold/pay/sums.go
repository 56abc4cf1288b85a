package pay

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// summed are the amount columns of lines in the order of sumColumns.
var summed = [...]tables.AmountColumn[tables.Line]{tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
	tables.LineTruncatedAmount, tables.LinePaymentAmount,
	tables.LineCashAmount,
	tables.LineCreditAmount, tables.LineCouponAmount, tables.LineStoredValueCardAmount,
	tables.LineFlexipurchaseCouponAmount,
	tables.LineDebtAmount}

// sumColumns are the corresponding columns of the table sums.
var sumColumns = [len(summed)]tables.AmountColumn[tables.Sum]{tables.SumOfficialAmount,
	tables.SumOfficialDiscountAmount, tables.SumTruncatedAmount, tables.SumPaymentAmount, tables.SumCashAmount,
	tables.SumCreditAmount, tables.SumCouponAmount, tables.SumStoredValueCardAmount,
	tables.SumFlexipurchaseCouponAmount, tables.SumDebtAmount}

// sums adds up the lines of a file: per customer for the table sums, and all of them for the manifest.
type sums struct {
	cols     *parquet.Columns[tables.Sum]
	customer string
	lines    int64
	one, all [len(summed)]money.AmountTotal
	counted  money.AmountTotal
}

func newSums() *sums { return &sums{cols: parquet.NewColumns(tables.Sums())} }

// add adds a line. The lines of a customer must be consecutive.
func (s *sums) add(customer string, r row) error {
	if s.lines > 0 && s.customer != customer {
		if err := s.close(); err != nil {
			return err
		}
	}
	s.customer = customer
	s.lines++
	for k, col := range summed {
		if err := addDec(&s.one[k], r.cols.Amount(col).At(r.i)); err != nil {
			return fmt.Errorf("sum of %s of customer %s: %w", r.cols.Def.Columns[col].Name, customer, err)
		}
	}
	return addDec(&s.counted, r.cols.Amount(tables.LineCountedCouponAmount).At(r.i))
}

func addDec(to *money.AmountTotal, d parquet.Dec) error {
	if d == (parquet.Dec{}) {
		return nil
	}
	part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
	if err != nil {
		return err
	}
	return to.AddTotal(part)
}

// close writes the row of the current customer, if there was a line.
func (s *sums) close() error {
	if s.lines == 0 {
		return nil
	}
	c := s.cols
	c.Word(tables.SumCustomerID).Add(s.customer)
	c.Whole(tables.SumLineCount).Add(s.lines)
	for k := range s.one {
		c.Amount(sumColumns[k]).Add(s.one[k].Raw())
		if err := s.all[k].AddTotal(s.one[k]); err != nil {
			return err
		}
	}
	s.cols.N++
	s.lines, s.one = 0, [len(summed)]money.AmountTotal{}
	return nil
}

// of returns the sums of the whole file: those from rating, with the amounts replaced by those after payment.
func (s *sums) of(rated []lake.ColumnSum) []lake.ColumnSum {
	now := make(map[string]string, len(summed)+1)
	cols := tables.Lines().Columns
	for k, col := range summed {
		now[cols[col].Name] = s.all[k].String()
	}
	now[cols[tables.LineCountedCouponAmount].Name] = s.counted.String()
	out := make([]lake.ColumnSum, len(rated))
	for i, one := range rated {
		out[i] = one
		if v, ok := now[one.Column]; ok {
			out[i].Value = v
		}
	}
	return out
}
