package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// moneyTotals are the control totals of the lines and statements of a cycle for each currency, which must agree
// (§10.7); none of a cycle of one currency. Lines are added up from the sums of customers' days.
func (t *controlTotals) moneyTotals(cycle string, files []lake.FileEntry) ([]lake.Total, error) {
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
			if err := stated[currency].add(lake.Sum{Column: column, Value: s.Value}); err != nil {
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
	var list []lake.Total
	for _, currency := range slices.Sorted(maps.Keys(stated)) {
		for i, col := range amountsOfSums {
			name := tables.Lines().Columns[linesOfSums[i]].Name
			sum := lines[i].Of(currency)
			if s := stated[currency].text(tables.Sums().Columns[col].Name); s != sum.String() {
				return nil, &TotalsError{Name: fmt.Sprintf("%s of cycle %s in %s", name, cycle, currency),
					Left: sum.String() + " in lines", Right: s + " in statements"}
			}
			list = append(list, lake.Total{Name: cycle + "/lines." + name + "." + currency, Value: sum.String()})
		}
		for _, column := range stated[currency].columns {
			list = append(list, lake.Total{Name: cycle + "/statements." + column + "." + currency,
				Value: stated[currency].text(column)})
		}
	}
	return list, nil
}

// amountsOfSums are the amount columns of the table sums, linesOfSums the columns of lines that they add up.
var (
	amountsOfSums = [...]int{tables.DOfficial, tables.DDiscount, tables.DTruncated, tables.DPayment, tables.DCash,
		tables.DCredit, tables.DCoupon, tables.DStored, tables.DFlexi, tables.DDebt}
	linesOfSums = [...]int{tables.LOfficialAmount, tables.LDiscountAmount, tables.LTruncatedAmount,
		tables.LPaymentAmount, tables.LCashAmount, tables.LCreditAmount, tables.LCouponAmount,
		tables.LStoredValueAmount,
		tables.LFlexiCouponAmount, tables.LDebtAmount}
)

// moneyOfLines adds up the amounts of the lines of a cycle by currency, in the order of amountsOfSums.
func (t *controlTotals) moneyOfLines(files []lake.FileEntry) (sums [len(amountsOfSums)]money.PerCurrency, err error) {
	own, err := currenciesOf(t.txn, files)
	if err != nil {
		return sums, err
	}
	for _, e := range files {
		if e.Table != tables.Sums().Name {
			continue
		}
		err := tablefile.Each(t.txn, e, tables.Sums(), nil, func(c *parquet.Columns, row int) error {
			currency := own[c.C[tables.DCustomerID].Word(row)]
			for i, col := range amountsOfSums {
				d := c.C[col].Decs[row]
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

// currenciesOf are the currencies of the customers with a statement among the files of a cycle.
func currenciesOf(o tablefile.Opener, files []lake.FileEntry) (map[string]string, error) {
	own := make(map[string]string)
	def := tables.StatementsOf(true, true)
	at := tables.CurrencyColumn(def)
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		err := tablefile.Each(o, e, def, []int{tables.SCustomerID, at}, func(c *parquet.Columns, row int) error {
			own[c.C[tables.SCustomerID].Word(row)] = c.C[at].Word(row)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return own, nil
}

// couponsPaid is the coupon_amount of the lines of a cycle by currency. totals are those of moneyTotals.
func couponsPaid(cycle string, totals []lake.Total) map[string]string {
	paid := map[string]string{}
	for _, t := range totals {
		if currency, is := strings.CutPrefix(t.Name, cycle+"/lines.coupon_amount."); is {
			paid[currency] = t.Value
		}
	}
	return paid
}

// withCurrencies leaves out of the control totals of a table the sums of amounts of which there is one for each
// currency.
func withCurrencies(list, byMoney []lake.Total) []lake.Total {
	apart := make(map[string]bool, len(byMoney))
	for _, t := range byMoney {
		apart[t.Name[:strings.LastIndexByte(t.Name, '.')]] = true
	}
	return slices.DeleteFunc(list, func(t lake.Total) bool { return apart[t.Name] || strings.Count(t.Name, ".") > 1 })
}

// samePartners refuses books that give a partner another currency than that of its statement of a closed cycle: what it
// was owed and earned there would be added to amounts of another currency.
func (r *runState) samePartners(cycle string, files []lake.FileEntry) error {
	def, err := rows.PartnerStatementsTable(r.txn.Base(), cycle)
	if err != nil {
		return err
	}
	cols, at := []int{tables.XPartnerID}, -1
	if len(def.Columns) > tables.XCurrency {
		at = tables.XCurrency
		cols = append(cols, at)
	}
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		err := tablefile.Each(r.txn, e, def, cols, func(c *parquet.Columns, row int) error {
			id, was := c.C[tables.XPartnerID].Word(row), r.ws.Books.Currency
			if at >= 0 {
				was = c.C[at].Word(row)
			}
			code := r.ws.Books.Partner(id)
			if code < 0 || r.ws.Books.PartnerCurrency(code).Code == was {
				return nil
			}
			return &workspace.RefusedError{
				What: fmt.Sprintf("the books give partner %s the currency %s, and its closed cycle %s is in %s", id,
					r.ws.Books.PartnerCurrency(code).Code, cycle, was),
				Hint: "a partner's currency does not change: give it a new partner_id for the new currency",
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sameCurrencies refuses books that give a customer another currency than that of its statements of closed cycles:
// late records and re-rating would add amounts of two currencies.
func (r *runState) sameCurrencies() error {
	base := r.txn.Base()
	had := slices.ContainsFunc(base.Manifest.Totals, func(t lake.Total) bool {
		return strings.Contains(t.Name, "/statements.due_amount.")
	})
	if !had && !r.ws.Books.Mixed {
		return nil
	}
	for _, ref := range base.Manifest.Cycles {
		if ref.State != lake.CycleClosed || ref.Archived != nil {
			continue
		}
		files, err := base.Files(ref.Cycle)
		if err != nil {
			return err
		}
		billed, err := currenciesOf(r.txn, files)
		if err != nil {
			return err
		}
		if err := r.samePartners(ref.Cycle, files); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(billed)) {
			was := cmp.Or(billed[id], r.ws.Books.Currency)
			if code := r.ws.Books.Customer(id); code >= 0 && r.ws.Books.CustomerCurrency(code).Code != was {
				return &workspace.RefusedError{
					What: fmt.Sprintf("the books give customer %s the currency %s, and its closed cycle %s is in %s",
						id,
						r.ws.Books.CustomerCurrency(code).Code, ref.Cycle, was),
					Hint: "a customer's currency does not change: give it a new customer_id for the new currency",
				}
			}
		}
	}
	return nil
}
