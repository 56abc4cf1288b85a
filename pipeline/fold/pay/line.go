package pay

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// partColumns are the columns of lines that hold the parts of a payment, by payment.Balance.
var partColumns = [payment.Balances]tables.AmountColumn[tables.Line]{tables.LineStoredValueCardAmount,
	tables.LineFlexipurchaseCouponAmount, tables.LineCashAmount,
	tables.LineCreditAmount, tables.LineDebtAmount}

// row is one line: a row of a batch.
type row struct {
	cols *parquet.Columns[tables.Line]
	i    int
}

func (r row) word(col tables.WordColumn[tables.Line]) string { return r.cols.Word(col).At(r.i) }

func (r row) text(col tables.TextColumn[tables.Line]) []byte { return r.cols.Text(col).At(r.i) }

func (r row) start() period.Instant { return r.cols.Time(tables.LineUsageStart).At(r.i) }

func (r row) amount(col tables.AmountColumn[tables.Line]) (money.Amount, error) {
	d := r.cols.Amount(col).At(r.i)
	return money.AmountFromRaw(d.Hi, d.Lo)
}

func (r row) setAmount(col tables.AmountColumn[tables.Line], a money.Amount) {
	d := &r.cols.Amount(col).All()[r.i]
	d.Hi, d.Lo = a.Raw()
}

// instant is when a line is paid.
func (r row) instant() period.Instant { return rows.Instant(r.cols, r.i) }

// holds reports whether one of the spans contains the line's own time, at which its discount was chosen (§9.2).
func (r row) holds(spans []period.Span) bool {
	if len(spans) == 0 {
		return false
	}
	own := r.own()
	return slices.ContainsFunc(spans, func(s period.Span) bool { return s.Holds(own) })
}

// own returns the line's own time.
func (r row) own() period.Instant { return rows.OwnTime(r.cols, r.i) }

// split returns what paid the line, from its columns.
func (r row) split() (s payment.Split, err error) {
	for b, col := range partColumns {
		if s.Parts[b], err = r.amount(col); err != nil {
			return s, err
		}
	}
	s.Coupon, err = r.amount(tables.LineCouponAmount)
	return s, err
}

// setSplit writes what paid the line into its columns.
func (r row) setSplit(s *payment.Split) {
	for b, col := range partColumns {
		r.setAmount(col, s.Parts[b])
	}
	r.setAmount(tables.LineCouponAmount, s.Coupon)
	r.setAmount(tables.LineCountedCouponAmount, s.Counted)
}

// compare is the order of §8 within a customer. Lines that are equal in it are ordered by their other columns.
func (r row) compare(o row) int {
	if d := cmp.Compare(r.start(), o.start()); d != 0 {
		return d
	}
	if d := bytes.Compare(r.text(tables.LineID), o.text(tables.LineID)); d != 0 {
		return d
	}
	return cmp.Or(
		cmp.Compare(r.cols.Small(tables.LineTier).At(r.i), o.cols.Small(tables.LineTier).At(o.i)),
		cmp.Compare(rows.KindRank(r.word(tables.LineKind)), rows.KindRank(o.word(tables.LineKind))),
		bytes.Compare(r.text(tables.LineResourceID), o.text(tables.LineResourceID)),
		r.compareQuantity(o, tables.LineUnitPrice), r.compareQuantity(o, tables.LineQuantity),
		strings.Compare(r.word(tables.LineTradeID), o.word(tables.LineTradeID)),
		strings.Compare(r.word(tables.LineOriginCycle), o.word(tables.LineOriginCycle)),
		r.cols.Amount(tables.LinePaymentAmount).At(r.i).Compare(o.cols.Amount(tables.LinePaymentAmount).At(o.i)),
	)
}

func (r row) compareQuantity(o row, col tables.QuantityColumn[tables.Line]) int {
	return r.cols.Quantity(col).At(r.i).Compare(o.cols.Quantity(col).At(o.i))
}
