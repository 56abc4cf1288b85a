package pay

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// partColumns are the columns of lines that hold the parts of a payment, by payment.Balance.
var partColumns = [payment.Balances]int{tables.LStoredValueAmount, tables.LFlexiCouponAmount, tables.LCashAmount,
	tables.LCreditAmount, tables.LDebtAmount}

// row is one line: a row of a batch.
type row struct {
	cols *parquet.Columns
	i    int
}

func (r row) word(col int) string { return r.cols.C[col].Word(r.i) }

func (r row) text(col int) []byte { return r.cols.C[col].Text(r.i) }

func (r row) time(col int) period.Instant { return period.Instant(r.cols.C[col].Ints[r.i]) }

func (r row) amount(col int) (money.Amount, error) {
	d := r.cols.C[col].Decs[r.i]
	return money.AmountFromRaw(d.Hi, d.Lo)
}

func (r row) setAmount(col int, a money.Amount) {
	d := &r.cols.C[col].Decs[r.i]
	d.Hi, d.Lo = a.Raw()
}

// instant is when a line is paid (§6.3): usage_start, unless the line says otherwise.
func (r row) instant() period.Instant {
	if t := r.time(tables.LInstant); t != tables.Nothing {
		return t
	}
	return r.time(tables.LUsageStart)
}

// split is what paid the line, as its columns say.
func (r row) split() (s payment.Split, err error) {
	for b, col := range partColumns {
		if s.Parts[b], err = r.amount(col); err != nil {
			return s, err
		}
	}
	s.Coupon, err = r.amount(tables.LCouponAmount)
	return s, err
}

// setSplit writes what paid the line into its columns.
func (r row) setSplit(s *payment.Split) {
	for b, col := range partColumns {
		r.setAmount(col, s.Parts[b])
	}
	r.setAmount(tables.LCouponAmount, s.Coupon)
	r.setAmount(tables.LCountedCoupon, s.Counted)
}

// compare is the order of §8 within a customer, and after it what distinguishes lines that agree in all of it.
func (r row) compare(o row) int {
	if d := cmp.Compare(r.time(tables.LUsageStart), o.time(tables.LUsageStart)); d != 0 {
		return d
	}
	if d := bytes.Compare(r.text(tables.LID), o.text(tables.LID)); d != 0 {
		return d
	}
	return cmp.Or(
		cmp.Compare(r.cols.C[tables.LTier].Codes[r.i], o.cols.C[tables.LTier].Codes[o.i]),
		cmp.Compare(kindRank(r.word(tables.LKind)), kindRank(o.word(tables.LKind))),
		bytes.Compare(r.text(tables.LResourceID), o.text(tables.LResourceID)),
		r.compareDec(o, tables.LUnitPrice), r.compareDec(o, tables.LQuantity),
		strings.Compare(r.word(tables.LTradeID), o.word(tables.LTradeID)),
		strings.Compare(r.word(tables.LOriginCycle), o.word(tables.LOriginCycle)),
		r.compareDec(o, tables.LPaymentAmount),
	)
}

func (r row) compareDec(o row, col int) int {
	a, b := r.cols.C[col].Decs[r.i], o.cols.C[col].Decs[o.i]
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

// kindRank is a kind's place in the order of §8.
func kindRank(word string) int {
	kinds := [...]line.Kind{line.Usage, line.FlatFee, line.Period, line.Order, line.Refund, line.Adjustment,
		line.Recurring, line.TrueUp, line.Overage, line.Cap}
	return slices.IndexFunc(kinds[:], func(k line.Kind) bool { return k.String() == word })
}
