package linefile

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// summedColumns lists the columns of lines whose sums the manifest stores per file.
func summedColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity,
		tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount,
		tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LineCashAmount, tables.LineCreditAmount,
		tables.LineCouponAmount, tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount,
		tables.LineDebtAmount)
}

// Write writes lines, in the order of §8, and their sums per customer. It returns the files of key, a key of table
// lines, and those of the corresponding key of table sums. Without lines the keys have no files. It sorts lines in
// place.
func Write(
	t *lake.SubTxn, bk *books.Books, key manifest.FileKey, lines []*Line,
) (map[manifest.FileKey][]manifest.FileEntry, error) {
	slices.SortStableFunc(lines, func(a, b *Line) int { return a.before(b) })
	rows := parquet.NewColumns(tables.Lines())
	cycle, day := key.Cycle.String(), key.Day.String()
	for _, l := range lines {
		l.appendTo(rows, cycle, day, bk)
	}
	sums, err := tablefile.Sums(rows, summedColumns())
	if err != nil {
		return nil, err
	}
	out := make(map[manifest.FileKey][]manifest.FileEntry)
	if out[key], err = tablefile.Write(t, key, rows, sums); err != nil {
		return nil, err
	}
	added, err := sumsOf(bk, lines)
	if err != nil {
		return nil, err
	}
	key.Table = "sums"
	out[key], err = tablefile.Write(t, key, added, nil)
	return out, err
}

// sumsOf adds up lines, which are in order of customer, per customer.
func sumsOf(bk *books.Books, lines []*Line) (*parquet.Columns[tables.Sum], error) {
	out := parquet.NewColumns(tables.Sums())
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Customer == lines[0].Customer {
			n++
		}
		var official, discount, truncated, payment money.AmountTotal
		for _, l := range lines[:n] {
			err := errors.Join(official.Add(l.Official), discount.Add(l.Discount), truncated.Add(l.Truncated),
				payment.Add(l.Payment))
			if err != nil {
				return nil, err
			}
		}
		out.Word(tables.SumCustomerID).Add(bk.Customers[lines[0].Customer].ID)
		out.Whole(tables.SumLineCount).Add(int64(n))
		for i, t := range map[tables.AmountColumn[tables.Sum]]money.AmountTotal{tables.SumOfficialAmount: official,
			tables.SumOfficialDiscountAmount: discount,
			tables.SumTruncatedAmount:        truncated, tables.SumPaymentAmount: payment,
			tables.SumCashAmount:   payment,
			tables.SumCreditAmount: {},
			tables.SumCouponAmount: {}, tables.SumStoredValueCardAmount: {}, tables.SumFlexipurchaseCouponAmount: {},
			tables.SumDebtAmount: {}} {
			out.Amount(i).Add(t.Raw())
		}
		out.N++
		lines = lines[n:]
	}
	return out, nil
}
