package rows

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// order is the order in which the rows of a table are returned (§8), with the columns that it needs.
type order struct {
	cols    tables.List[tables.Any]
	compare func(a, b anyRow) int
}

// by returns an order of rows of T's table.
func by[T any](cols tables.List[T], compare func(a, b Row[T]) int) order {
	return order{cols: cols.Any(), compare: func(a, b anyRow) int { return compare(of[T](a), of[T](b)) }}
}

func linesOrder() order { return order{cols: LineOrder().Any(), compare: compareLines} }

// LineOrder lists the columns by which lines are ordered.
func LineOrder() tables.List[tables.Line] {
	return tables.Columns(tables.LineCustomerID, tables.LineUsageStart, tables.LineID, tables.LineTier, tables.LineKind,
		tables.LineResourceID, tables.LineUnitPrice, tables.LineQuantity, tables.LineTradeID, tables.LineOriginCycle,
		tables.LinePaymentAmount)
}

// CompareLines compares two lines in the order of §8. Both rows need the columns of LineOrder.
func CompareLines(a, b Row[tables.Line]) int { return compareLines(a.Any(), b.Any()) }

// compareLines compares by customer_id, usage_start, id, tier, kind, resource_id, unit_price, quantity, trade_id; then
// origin_cycle and payment_amount. Differences of one closed cycle can be equal in all of these: they stay in the order
// of their files' days, and within a file in stored order.
func compareLines(x, y anyRow) int {
	a, b := of[tables.Line](x), of[tables.Line](y)
	if c := strings.Compare(a.Word(tables.LineCustomerID), b.Word(tables.LineCustomerID)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Time(tables.LineUsageStart), b.Time(tables.LineUsageStart)); c != 0 {
		return c
	}
	if c := bytes.Compare(a.Text(tables.LineID), b.Text(tables.LineID)); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Small(tables.LineTier), b.Small(tables.LineTier)),
		cmp.Compare(KindRank(a.Word(tables.LineKind)), KindRank(b.Word(tables.LineKind))),
		bytes.Compare(a.Text(tables.LineResourceID), b.Text(tables.LineResourceID)),
		a.Cols.Quantity(tables.LineUnitPrice).At(a.I).Compare(b.Cols.Quantity(tables.LineUnitPrice).At(b.I)),
		a.Cols.Quantity(tables.LineQuantity).At(a.I).Compare(b.Cols.Quantity(tables.LineQuantity).At(b.I)),
		strings.Compare(a.Word(tables.LineTradeID), b.Word(tables.LineTradeID)),
		strings.Compare(a.Word(tables.LineOriginCycle), b.Word(tables.LineOriginCycle)),
		a.Cols.Amount(tables.LinePaymentAmount).At(a.I).Compare(b.Cols.Amount(tables.LinePaymentAmount).At(b.I)),
	)
}

// KindRank returns a kind's position in the list of §8; unknown words come last.
func KindRank(word string) tables.KindOfLine {
	for k := tables.UsageLine; k <= tables.CapLine; k++ {
		if k.String() == word {
			return k
		}
	}
	return tables.CapLine + 1
}

// OwnTime returns the time at which the partner, terms and taxes of line i are looked up: own_time or, if it is empty,
// usage_start (§6.4).
func OwnTime(cols *parquet.Columns[tables.Line], i int) period.Instant {
	if t := cols.MaybeTime(tables.LineOwnTime).At(i); t != tables.Nothing {
		return t
	}
	return cols.Time(tables.LineUsageStart).At(i)
}

// Instant returns when line i counts: instant or, if it is empty, usage_start (§6.3).
func Instant(cols *parquet.Columns[tables.Line], i int) period.Instant {
	if t := cols.MaybeTime(tables.LineInstant).At(i); t != tables.Nothing {
		return t
	}
	return cols.Time(tables.LineUsageStart).At(i)
}

func statementsOrder() order {
	return by(tables.Columns(tables.StatementCustomerID), func(a, b Row[tables.Statement]) int {
		return strings.Compare(a.Word(tables.StatementCustomerID), b.Word(tables.StatementCustomerID))
	})
}

func rejectsOrder() order {
	// The hash distinguishes two successive files with the same name.
	return by(tables.Columns(tables.RejectFile, tables.RejectRow, tables.RejectFileHash),
		func(a, b Row[tables.Reject]) int {
			return cmp.Or(strings.Compare(a.Word(tables.RejectFile), b.Word(tables.RejectFile)),
				cmp.Compare(a.Whole(tables.RejectRow), b.Whole(tables.RejectRow)),
				strings.Compare(a.Word(tables.RejectFileHash), b.Word(tables.RejectFileHash)))
		})
}

// byWords orders rows by columns of words.
func byWords[T any](words ...tables.WordColumn[T]) order {
	cols := make(tables.List[T], len(words))
	for i, col := range words {
		cols[i] = col.Of()
	}
	return by(cols, func(a, b Row[T]) int {
		for _, col := range words {
			if n := strings.Compare(a.Word(col), b.Word(col)); n != 0 {
				return n
			}
		}
		return 0
	})
}

// marginsOrder is the order of the table margins within a cycle (§11.6).
func marginsOrder() order {
	return byWords(tables.MarginOriginCycle, tables.MarginSource, tables.MarginCustomerID, tables.MarginServiceName,
		tables.MarginAccount, tables.MarginDay, tables.MarginCommitmentStatus, tables.MarginReason,
		tables.MarginCurrency)
}

func taxesOrder() order {
	words := byWords(tables.TaxSellerID, tables.TaxBuyerID, tables.TaxTaxID)
	return order{cols: append(words.cols, tables.TaxRate.Of().Any()), compare: func(a, b anyRow) int {
		x, y := of[tables.Tax](a), of[tables.Tax](b)
		return cmp.Or(words.compare(a, b),
			cmp.Compare(x.Cols.Quantity(tables.TaxRate).At(x.I).Lo, y.Cols.Quantity(tables.TaxRate).At(y.I).Lo))
	}}
}

// with adds the order's columns to the requested ones; nil = all.
func (o order) with(cols tables.List[tables.Any]) tables.List[tables.Any] {
	if cols == nil {
		return nil
	}
	return append(slices.Clone(cols), o.cols...).Distinct()
}

func samplesOrder() order {
	return by(tables.Columns(tables.SampleCustomerID, tables.SampleSlot, tables.SampleResourceID),
		func(a, b Row[tables.Sample]) int {
			return cmp.Or(strings.Compare(a.Word(tables.SampleCustomerID), b.Word(tables.SampleCustomerID)),
				cmp.Compare(a.Time(tables.SampleSlot), b.Time(tables.SampleSlot)),
				strings.Compare(a.Word(tables.SampleResourceID), b.Word(tables.SampleResourceID)))
		})
}

// usageOrder is the order of the usage table: the first columns of the order of lines.
func usageOrder() order {
	return by(tables.Columns(tables.RecordCustomerID, tables.RecordUsageStart, tables.RecordRecordID),
		func(a, b Row[tables.Record]) int {
			return cmp.Or(strings.Compare(a.Word(tables.RecordCustomerID), b.Word(tables.RecordCustomerID)),
				cmp.Compare(a.Time(tables.RecordUsageStart), b.Time(tables.RecordUsageStart)),
				bytes.Compare(a.Text(tables.RecordRecordID), b.Text(tables.RecordRecordID)))
		})
}

// byCustomer is the order of tables that are sorted by customer_id, their first column.
func byCustomer() order { return byWords(tables.WordColumn[tables.Any](0)) }

// orderOf returns the order in which the files of a table are sorted; none for tables without a defined order.
func orderOf(def *tables.Table) order {
	switch def.Name {
	case tables.Lines().Name:
		return linesOrder()
	case tables.Usage().Name:
		return usageOrder()
	case tables.Bandwidth().Name:
		return samplesOrder()
	case tables.Statements().Name:
		return statementsOrder()
	case tables.PartnerStatements().Name:
		return partnerStatementsOrder()
	case tables.AccountEntries().Name:
		return accountsOrder()
	case tables.Margins().Name:
		return marginsOrder()
	case tables.Taxes().Name:
		return taxesOrder()
	case tables.Positions().Name, tables.Sums().Name, tables.Orders().Name, tables.CostGroups().Name:
		return byCustomer()
	}
	return order{cols: tables.List[tables.Any]{}, compare: func(anyRow, anyRow) int { return 0 }}
}
