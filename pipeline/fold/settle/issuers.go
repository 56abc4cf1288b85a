package settle

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// TaxAdded reports whether the tax of a row of taxes is added to the price.
func TaxAdded(cols *parquet.Columns[tables.Tax], i int) bool {
	return cols.Word(tables.TaxPrices).At(i) == settings.Tax{}.Prices()
}

// IssuedTax is the part of a customer's tax that belongs to the lines of one issuer.
type IssuedTax struct {
	Customer, ID string
	Rate         money.Rate
	Issuer       string // settlement.VendorID or a partner_id
	Tax          money.Amount
	Taxable      money.Amount // payments for the lines; they contain a tax that prices include
}

// TaxesByIssuer divides the taxes of customers by the issuers that sold them the lines (SETTLE-4). files are those of
// the cycle. Taxes that prices include are omitted. The parts are in the order of customer, tax, rate and issuer.
func TaxesByIssuer(from rows.FileOpener, files []lake.FileEntry, customers map[string]bool) ([]IssuedTax, error) {
	return taxesByIssuer(from, files, customers, false)
}

// TaxesOfIssuer returns the parts of a customer's taxes that belong to the lines of one issuer in a cycle, divided as
// by TaxesByIssuer: first the taxes that are added to prices, then those that prices include.
func TaxesOfIssuer(from *lake.Snapshot, cycle lake.Cycle, customer, issuer string) (list []rows.Tax, err error) {
	files, err := from.Files(cycle)
	if err != nil {
		return nil, err
	}
	for _, included := range []bool{false, true} {
		parts, err := taxesByIssuer(from, files, map[string]bool{customer: true}, included)
		if err != nil {
			return nil, err
		}
		for _, t := range parts {
			if t.Issuer == issuer {
				list = append(list, rows.Tax{TaxID: t.ID, Rate: t.Rate, Taxable: t.Taxable, Amount: t.Tax,
					Prices: settings.Tax{Inclusive: included}.Prices()})
			}
		}
	}
	return list, nil
}

func taxesByIssuer(from rows.FileOpener, files []lake.FileEntry, customers map[string]bool,
	included bool) ([]IssuedTax, error) {
	if len(customers) == 0 {
		return nil, nil
	}
	d := &taxDivision{from: from, files: files, rules: invoice.TaxRules{Inclusive: included},
		rows: map[taxRowID]*dividedTax{}}
	err := eachRow(d, tables.Taxes(), nil, func(_ lake.FileEntry,
		cols *parquet.Columns[tables.Tax], i int) error {
		if cols.Word(tables.TaxSellerID).At(i) != "" || TaxAdded(cols, i) == included ||
			!customers[cols.Word(tables.TaxBuyerID).At(i)] {
			return nil
		}
		return d.take(cols, i)
	})
	if err == nil && len(d.rows) > 0 {
		err = d.addLines()
	}
	if err != nil {
		return nil, err
	}
	return d.parts()
}

// taxRowID identifies a row of taxes of a customer.
type taxRowID struct {
	customer, id string
	rate         money.Rate
}

func compareTaxRows(a, b taxRowID) int {
	return cmp.Or(strings.Compare(a.customer, b.customer), strings.Compare(a.id, b.id), a.rate.Cmp(b.rate))
}

// taxRowAt reads the columns that identify a tax of a customer.
func taxRowAt[T any](cols *parquet.Columns[T], i int, customer, id tables.WordColumn[T],
	rate tables.QuantityColumn[T]) (taxRowID, error) {
	d := cols.Quantity(rate).At(i)
	r, err := money.RateFromRaw(d.Hi, d.Lo)
	return taxRowID{cols.Word(customer).At(i), cols.Word(id).At(i), r}, err
}

// dividedTax is a row of taxes that is being divided.
type dividedTax struct {
	amount  money.Amount
	digits  int
	perLine bool
	exact   map[string]*big.Rat           // by issuer
	taxable map[string]*money.AmountTotal // by issuer
}

// taxDivision divides rows of taxes by issuer.
type taxDivision struct {
	from  rows.FileOpener
	files []lake.FileEntry
	rules invoice.TaxRules
	rows  map[taxRowID]*dividedTax
}

// eachRow visits the rows of a table.
func eachRow[T any](d *taxDivision, def tables.Def[T], columns tables.List[T],
	visit func(lake.FileEntry, *parquet.Columns[T], int) error) error {
	for _, e := range d.files {
		if e.Table != def.Name {
			continue
		}
		err := rows.EachRow(d.from, e, def, columns, func(cols *parquet.Columns[T], i int) error {
			return visit(e, cols, i)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take adds a row of taxes.
func (d *taxDivision) take(cols *parquet.Columns[tables.Tax], i int) error {
	id, err := taxRowAt(cols, i, tables.TaxBuyerID, tables.TaxTaxID, tables.TaxRate)
	if err != nil {
		return err
	}
	raw := cols.Amount(tables.TaxTaxAmount).At(i)
	amount, err := money.AmountFromRaw(raw.Hi, raw.Lo)
	d.rows[id] = &dividedTax{amount: amount, digits: int(cols.Small(tables.TaxDigits).At(i)),
		perLine: cols.Word(tables.TaxRounding).At(i) == settings.Tax{PerLine: true}.Rounding(),
		exact:   map[string]*big.Rat{}, taxable: map[string]*money.AmountTotal{}}
	return err
}

// lineTax is a row of tax_sums: a tax of lines of a customer and service whose own times are in a span.
type lineTax struct {
	taxRowID
	rates   money.UnitPrice // sum of the rates of its lines
	service string
	valid   period.Span
}

// addLines adds up the exact tax of lines by issuer. The tax_sums of a file determine which taxes its lines have.
func (d *taxDivision) addLines() error {
	type fileID struct {
		bucket int
		day    lake.Day
	}
	byFile := map[fileID]map[string][]lineTax{} // by customer
	err := eachRow(d, tables.TaxSums(), nil, func(e lake.FileEntry, cols *parquet.Columns[tables.TaxSum],
		i int) error {
		id, err := taxRowAt(cols, i, tables.TaxSumCustomerID, tables.TaxSumTaxID, tables.TaxSumRate)
		if err != nil || d.rows[id] == nil {
			return err
		}
		file := fileID{e.Bucket, e.Day}
		if byFile[file] == nil {
			byFile[file] = map[string][]lineTax{}
		}
		raw := cols.Quantity(tables.TaxSumRates).At(i)
		rates, err := money.UnitPriceFromRaw(raw.Hi, raw.Lo)
		if err != nil {
			return err
		}
		t := lineTax{id, rates, cols.Word(tables.TaxSumServiceTypeCode).At(i), period.Span{
			From: cols.MaybeTime(tables.TaxSumOwnFrom).At(i),
			To:   cols.MaybeTime(tables.TaxSumOwnTo).At(i)}}
		if t.valid.To == tables.Nothing {
			t.valid.To = period.Forever
		}
		byFile[file][id.customer] = append(byFile[file][id.customer], t)
		return nil
	})
	if err != nil {
		return err
	}
	columns := tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType,
		tables.LineServiceTypeCode,
		tables.LinePaymentAmount, tables.LineUsageStart, tables.LineOwnTime)
	for _, e := range d.files {
		taxes := byFile[fileID{e.Bucket, e.Day}]
		if e.Table != tables.Lines().Name || len(taxes) == 0 {
			continue
		}
		err := rows.EachRow(d.from, e, tables.Lines(), columns, func(cols *parquet.Columns[tables.Line],
			i int) error {
			return d.line(taxes[cols.Word(tables.LineCustomerID).At(i)], cols, i)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// line adds the taxes of a line.
func (d *taxDivision) line(taxes []lineTax, cols *parquet.Columns[tables.Line], i int) error {
	own := rows.OwnTime(cols, i)
	issuer := settlement.VendorID
	if cols.Word(tables.LineAssociationType).At(i) == books.Resale.Word() {
		issuer = cols.Word(tables.LinePartnerID).At(i)
	}
	for _, t := range taxes {
		if t.service != cols.Word(tables.LineServiceTypeCode).At(i) || !t.valid.Holds(own) {
			continue
		}
		raw := cols.Amount(tables.LinePaymentAmount).At(i)
		payment, err := money.AmountFromRaw(raw.Hi, raw.Lo)
		if err != nil {
			return err
		}
		row := d.rows[t.taxRowID]
		exact := d.rules.Exact(payment, t.rate, t.rates)
		if row.perLine {
			rounded, err := money.RoundRat(exact, row.digits)
			if err != nil {
				return err
			}
			exact = rounded.Rat()
		}
		if row.exact[issuer] == nil {
			row.exact[issuer], row.taxable[issuer] = new(big.Rat), new(money.AmountTotal)
		}
		row.exact[issuer].Add(row.exact[issuer], exact)
		if err := row.taxable[issuer].Add(payment); err != nil {
			return err
		}
	}
	return nil
}

// parts divides the rows.
func (d *taxDivision) parts() (list []IssuedTax, err error) {
	for _, id := range slices.SortedFunc(maps.Keys(d.rows), compareTaxRows) {
		row := d.rows[id]
		issuers := slices.Sorted(maps.Keys(row.exact))
		exact := make([]*big.Rat, len(issuers))
		for i, issuer := range issuers {
			exact[i] = row.exact[issuer]
		}
		amounts, err := invoice.DivideRounded(row.amount, exact, row.digits)
		if err != nil {
			return nil, fmt.Errorf("customer %s, tax %s, rate %s: %w", id.customer, id.id, id.rate.Trim(), err)
		}
		for i, amount := range amounts {
			taxable, err := row.taxable[issuers[i]].Amount()
			if err != nil {
				return nil, fmt.Errorf("customer %s, tax %s: %w", id.customer, id.id, err)
			}
			list = append(list, IssuedTax{id.customer, id.id, id.rate, issuers[i], amount, taxable})
		}
	}
	return list, nil
}
