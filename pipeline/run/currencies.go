package run

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// moneyTotals returns the control totals of a cycle's lines and statements for each currency, which must agree (§10.7);
// a cycle of one currency has none. The totals of lines are sums of the customers' daily sums.
func (t *TotalsState) moneyTotals(cycle string, files []lake.FileEntry) ([]lake.TableTotal, error) {
	stated := make(map[string]*tableSums) // by currency
	for _, e := range files {
		for _, s := range e.Sums {
			currency := rows.CurrencyOfSum(s)
			if e.Table != tables.Statements().Name || currency == "" {
				continue
			}
			if stated[currency] == nil {
				stated[currency] = newTableSums()
			}
			column, _, _ := strings.Cut(s.Column, ".")
			if err := stated[currency].add(lake.ColumnSum{Column: column, Value: s.Value}); err != nil {
				return nil, fmt.Errorf("%s: %w", e.Path, err)
			}
		}
	}
	if len(stated) == 0 {
		return nil, nil
	}
	lines, err := t.moneyOfLines(files)
	if err != nil {
		return nil, err
	}
	var list []lake.TableTotal
	for _, currency := range slices.Sorted(maps.Keys(stated)) {
		for i, col := range amountsOfSums {
			name := tables.Lines().Columns[linesOfSums[i]].Name
			sum := lines[i].Of(currency)
			if s := stated[currency].text(tables.Sums().Columns[col].Name); s != sum.String() {
				return nil, &TotalsError{Name: fmt.Sprintf("%s of cycle %s in %s", name, cycle, currency),
					Left: sum.String() + " in lines", Right: s + " in statements"}
			}
			list = append(list, lake.TableTotal{Name: cycle + "/lines." + name + "." + currency, Value: sum.String()})
		}
		for _, column := range stated[currency].columns {
			list = append(list, lake.TableTotal{Name: cycle + "/statements." + column + "." + currency,
				Value: stated[currency].text(column)})
		}
	}
	return list, nil
}

// amountsOfSums are the amount columns of the table sums, linesOfSums the columns of lines from which they are summed.
var (
	amountsOfSums = [...]tables.AmountColumn[tables.Sum]{tables.SumOfficialAmount, tables.SumOfficialDiscountAmount,
		tables.SumTruncatedAmount, tables.SumPaymentAmount, tables.SumCashAmount, tables.SumCreditAmount,
		tables.SumCouponAmount, tables.SumStoredValueCardAmount, tables.SumFlexipurchaseCouponAmount,
		tables.SumDebtAmount}
	linesOfSums = [...]tables.AmountColumn[tables.Line]{tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
		tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LineCashAmount, tables.LineCreditAmount,
		tables.LineCouponAmount, tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount,
		tables.LineDebtAmount}
)

// moneyOfLines adds up the amounts of the lines of a cycle by currency, in the order of amountsOfSums.
func (t *TotalsState) moneyOfLines(files []lake.FileEntry) (sums [len(amountsOfSums)]money.PerCurrency, err error) {
	own, err := rows.StatedCurrencies(t.Txn.SubTxn, files)
	if err != nil {
		return sums, err
	}
	for _, e := range files {
		if e.Table != tables.Sums().Name {
			continue
		}
		err := rows.EachRow(t.Txn.SubTxn, e, tables.Sums(), nil, func(c *parquet.Columns[tables.Sum], row int) error {
			currency := own[c.Word(tables.SumCustomerID).At(row)]
			for i, col := range amountsOfSums {
				d := c.Amount(col).At(row)
				part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
				if err == nil {
					err = sums[i].AddTotal(currency, part)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return sums, err
		}
	}
	return sums, nil
}

// couponsPaid is the coupon_amount of the lines of a cycle by currency. totals are those of moneyTotals.
func couponsPaid(cycle string, totals []lake.TableTotal) map[string]string {
	paid := map[string]string{}
	for _, t := range totals {
		if currency, is := strings.CutPrefix(t.Name, cycle+"/lines.coupon_amount."); is {
			paid[currency] = t.Value
		}
	}
	return paid
}

// withCurrencies removes from the control totals of a table those sums of amounts for which byMoney has one for each
// currency.
func withCurrencies(list, byMoney []lake.TableTotal) []lake.TableTotal {
	apart := make(map[string]bool, len(byMoney))
	for _, t := range byMoney {
		apart[t.Name[:strings.LastIndexByte(t.Name, '.')]] = true
	}
	return slices.DeleteFunc(list, func(t lake.TableTotal) bool {
		return apart[t.Name] || strings.Count(t.Name, ".") > 1
	})
}
