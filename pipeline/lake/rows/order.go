package rows

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/line"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// order says in which order the rows of a table leave (§8), and which columns that takes.
type order struct {
	cols    []int
	compare func(a, b Row) int
}

func linesOrder() order {
	return order{
		cols: []int{tables.LCustomerID, tables.LUsageStart, tables.LID, tables.LTier, tables.LKind, tables.LResourceID,
			tables.LUnitPrice, tables.LQuantity, tables.LTradeID, tables.LOriginCycle, tables.LPaymentAmount},
		compare: compareLines,
	}
}

// LineOrder is the columns that lines are ordered by.
func LineOrder() []int { return linesOrder().cols }

// CompareLines is the order of lines (§8). Both rows have the columns of LineOrder.
func CompareLines(a, b Row) int { return compareLines(a, b) }

// compareLines is the order of lines: customer_id, usage_start, id, tier, kind, resource_id, unit_price, quantity,
// trade_id. Differences of one closed cycle agree in all of these: origin_cycle and payment_amount put them in order.
func compareLines(a, b Row) int {
	if c := strings.Compare(a.Word(tables.LCustomerID), b.Word(tables.LCustomerID)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Time(tables.LUsageStart), b.Time(tables.LUsageStart)); c != 0 {
		return c
	}
	if c := bytes.Compare(a.Text(tables.LID), b.Text(tables.LID)); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(a.Small(tables.LTier), b.Small(tables.LTier)),
		cmp.Compare(KindRank(a.Word(tables.LKind)), KindRank(b.Word(tables.LKind))),
		bytes.Compare(a.Text(tables.LResourceID), b.Text(tables.LResourceID)),
		compareDec(a, b, tables.LUnitPrice),
		compareDec(a, b, tables.LQuantity),
		strings.Compare(a.Word(tables.LTradeID), b.Word(tables.LTradeID)),
		strings.Compare(a.Word(tables.LOriginCycle), b.Word(tables.LOriginCycle)),
		compareDec(a, b, tables.LPaymentAmount),
	)
}

// KindRank is a kind's place in the list of §8; an unknown word comes last.
func KindRank(word string) line.Kind {
	for k := line.Usage; k <= line.Cap; k++ {
		if k.String() == word {
			return k
		}
	}
	return line.Cap + 1
}

func compareDec(a, b Row, col int) int {
	x, y := a.Cols.C[col].Decs[a.I], b.Cols.C[col].Decs[b.I]
	return cmp.Or(cmp.Compare(x.Hi, y.Hi), cmp.Compare(x.Lo, y.Lo))
}

func statementsOrder() order {
	return order{cols: []int{tables.SCustomerID}, compare: func(a, b Row) int {
		return strings.Compare(a.Word(tables.SCustomerID), b.Word(tables.SCustomerID))
	}}
}

func rejectsOrder() order {
	// The hash distinguishes two files that bore the same name one after the other.
	return order{cols: []int{tables.RFile, tables.RRow, tables.RFileHash}, compare: func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Word(tables.RFile), b.Word(tables.RFile)),
			cmp.Compare(a.Whole(tables.RRow), b.Whole(tables.RRow)),
			strings.Compare(a.Word(tables.RFileHash), b.Word(tables.RFileHash)))
	}}
}

// marginsOrder is the order of the table margins within a cycle (§11.6).
func marginsOrder() order {
	cols := []int{tables.MOriginCycle, tables.MSource, tables.MCustomerID, tables.MServiceName, tables.MAccount,
		tables.MDay, tables.MStatus, tables.MReason, tables.MCurrency}
	return order{cols: cols, compare: func(a, b Row) int {
		for _, c := range cols {
			if n := strings.Compare(a.Word(c), b.Word(c)); n != 0 {
				return n
			}
		}
		return 0
	}}
}

func taxesOrder() order {
	words := []int{tables.TaxSeller, tables.TaxBuyer, tables.TaxID}
	return order{cols: append(slices.Clone(words), tables.TaxRate), compare: func(a, b Row) int {
		for _, c := range words {
			if n := strings.Compare(a.Word(c), b.Word(c)); n != 0 {
				return n
			}
		}
		return cmp.Compare(a.Cols.C[tables.TaxRate].Decs[a.I].Lo, b.Cols.C[tables.TaxRate].Decs[b.I].Lo)
	}}
}

// with adds the order's columns to those that are asked for; nil = all.
func (o order) with(cols []int) []int {
	if cols == nil {
		return nil
	}
	all := append(slices.Clone(cols), o.cols...)
	slices.Sort(all)
	return slices.Compact(all)
}

func samplesOrder() order {
	return order{cols: []int{tables.BCustomerID, tables.BSlot, tables.BResourceID}, compare: func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Word(tables.BCustomerID), b.Word(tables.BCustomerID)),
			cmp.Compare(a.Time(tables.BSlot), b.Time(tables.BSlot)),
			strings.Compare(a.Word(tables.BResourceID), b.Word(tables.BResourceID)))
	}}
}

// usageOrder is the order of the usage table: that of lines, as far as it goes.
func usageOrder() order {
	return order{cols: []int{tables.UCustomerID, tables.UUsageStart, tables.URecordID}, compare: func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Word(tables.UCustomerID), b.Word(tables.UCustomerID)),
			cmp.Compare(a.Time(tables.UUsageStart), b.Time(tables.UUsageStart)), bytes.Compare(a.Text(tables.URecordID),
				b.Text(tables.URecordID)))
	}}
}

// byCustomer is the order of tables that are sorted by customer_id, their first column.
func byCustomer() order {
	return order{cols: []int{0}, compare: func(a, b Row) int { return strings.Compare(a.Word(0), b.Word(0)) }}
}

// orderOf is the order in which the files of a table are sorted; for tables without a promise, none.
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
	return order{cols: []int{}, compare: func(Row, Row) int { return 0 }}
}
