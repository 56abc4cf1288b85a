package query

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Columns of taxTable.
const (
	taxCycle = iota
	taxID
	taxRate
	taxPrices
	taxTaxable
	taxAmount
)

// taxTable has the rows of customers in table taxes, with the rate as a word.
func taxTable() *tables.Table {
	columns := pick(tables.Taxes().Table, "cycle tax_id rate prices taxable_amount tax_amount")
	columns[taxRate].Type = tables.Word
	return &tables.Table{Name: tables.Taxes().Name, Columns: columns}
}

// customersTax asks which taxes customers were charged. The taxable amount of a line with several taxes counts for each
// of them, so it has no total. The total of tax_amount equals that of statements.
func customersTax() *Question {
	t := taxTable()
	return &Question{
		Name: "tax", Answers: "which taxes customers are charged, by tax and rate", View: tables.Taxes().Name,
		Keys: t.Columns[:taxTaxable], Sums: t.Columns[taxTaxable:], Apart: []string{"taxable_amount"},
		Lake: Shape{Table: tables.Taxes().Table, Reads: append(columnsOf(tables.Taxes().Table, t),
			tables.TaxSellerID.Of().Any()), Made: t,
			Make: customerTaxes, Only: []string{"customer"}},
	}
}

// customerTaxes copies the rows of customers.
func customerTaxes(_ *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i := range from.N {
		if from.Word(tables.TaxSellerID.Any()).At(i) != "" {
			continue
		}
		if err := addTax(from, i, to); err != nil {
			return err
		}
		to.N++
	}
	return nil
}

// addTax appends a row of taxes to columns in the order of taxTable.
func addTax(from *parquet.Columns[tables.Any], i int, to *parquet.Columns[tables.Any]) error {
	d := from.Quantity(tables.TaxRate.Any()).At(i)
	rate, err := money.RateFromRaw(d.Hi, d.Lo)
	if err != nil {
		return err
	}
	to.Col(taxCycle).AddWord(from.Word(tables.TaxCycle.Any()).At(i))
	to.Col(taxID).AddWord(from.Word(tables.TaxTaxID.Any()).At(i))
	to.Col(taxRate).AddWord(rate.Trim())
	to.Col(taxPrices).AddWord(from.Word(tables.TaxPrices.Any()).At(i))
	for col, at := range map[tables.ColumnOf[tables.Any]]tables.AmountColumn[tables.Tax]{
		taxTaxable: tables.TaxTaxableAmount, taxAmount: tables.TaxTaxAmount} {
		d := from.Col(at.Of().Any()).Decs[i]
		to.Col(col).AddDec(d.Hi, d.Lo)
	}
	return nil
}

// countryTable is taxTable with the names of taxes and the countries of customers.
func countryTable() *tables.Table {
	t := taxTable()
	t.Columns = append(t.Columns,
		tables.Column{Name: "country", Type: tables.Word,
			Meaning: "country of the customer in the current books/parties.csv; empty = none"},
		tables.Column{Name: "name", Type: tables.Word, Meaning: "name of the tax in the current books/taxes.csv"},
		tables.Taxes().Columns[tables.TaxBuyerID])
	return t
}

// taxByCountry is customersTax by the countries of customers.
func taxByCountry() *Question {
	t := countryTable()
	return &Question{
		Name: "tax-by-country", Answers: "which taxes customers are charged, by country, tax and rate",
		Keys: pick(t, "cycle country tax_id name rate prices"), Sums: pick(t, "taxable_amount tax_amount"),
		Apart: []string{"taxable_amount"},
		Lake:  Shape{Table: t, List: listCountryTaxes, Only: []string{"customer"}},
	}
}

// listCountryTaxes lists the rows of customers.
func listCountryTaxes(r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
	for _, ref := range from.Snap.Manifest.Cycles {
		if !r.Cycle.IsZero() && ref.Cycle != r.Cycle {
			continue
		}
		files, err := from.Snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		for _, e := range files {
			if e.Table != tables.Taxes().Name || e.Bucket == lake.NoBucket {
				continue
			}
			err := rows.EachRow(from.Snap, e, tables.Taxes().Any(), nil, func(cols *parquet.Columns[tables.Any],
				i int) error {
				buyer, id := cols.Word(tables.TaxBuyerID.Any()).At(i), cols.Word(tables.TaxTaxID.Any()).At(i)
				country := ""
				if at := from.Books.Money.PartyNamed(buyer); at >= 0 {
					country = from.Books.Money.Parties[at].Country
				}
				name := ""
				if t := from.Books.TaxNamed(id); t != nil {
					name = t.Name
				}
				to.Col(taxAmount + 1).AddWord(country)
				to.Col(taxAmount + 2).AddWord(name)
				to.Col(taxAmount + 3).AddWord(buyer)
				to.N++
				return addTax(cols, i, to)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
