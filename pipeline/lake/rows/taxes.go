package rows

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StatementsTable returns the table of the statements of a cycle, with the columns of tax and currency if the cycle can
// have tax or several currencies.
func StatementsTable(snap *lake.Snapshot, cycle lake.Cycle) (def tables.Def[tables.Statement], err error) {
	files, err := filesOf(snap, cycle, tables.Statements().Name)
	if err != nil {
		return def, err
	}
	taxed, mixed := false, false
	tax := tables.StatementsOf(true, false).Columns[tables.StatementTaxAmount].Name
	for _, e := range files {
		for _, s := range e.Sums {
			taxed = taxed || s.Column == tax
			mixed = mixed || CurrencyOfSum(s) != ""
		}
	}
	return tables.StatementsOf(taxed, mixed), nil
}

// PartnerStatementsTable returns the table of the stored partner statements of a closed cycle, with the columns of
// currencies if it can have several.
func PartnerStatementsTable(snap *lake.Snapshot, cycle lake.Cycle) (
	def tables.Def[tables.PartnerStatement], err error) {
	files, err := filesOf(snap, cycle, tables.PartnerStatements().Name)
	if err != nil {
		return def, err
	}
	mixed := slices.ContainsFunc(files, func(e lake.FileEntry) bool {
		return slices.ContainsFunc(e.Sums, func(s lake.ColumnSum) bool { return CurrencyOfSum(s) != "" })
	})
	return tables.PartnerStatementsOf(mixed), nil
}

// CurrencyOfSum returns the currency of a sum of statements in several currencies. The manifest stores one sum per
// currency, named column.CURRENCY. "" = a sum of a column.
func CurrencyOfSum(s lake.ColumnSum) string {
	_, currency, _ := strings.Cut(s.Column, ".")
	return currency
}

// Tax is one row of taxes: a tax in the amount that a customer or a partner owes for a cycle.
type Tax struct {
	SellerID string       `json:"seller_id,omitempty"` // of a partner's row
	TaxID    string       `json:"tax_id"`
	Name     string       `json:"name,omitempty"` // from the books
	Rate     money.Rate   `json:"rate"`
	Taxable  money.Amount `json:"taxable_amount"`
	Amount   money.Amount `json:"tax_amount"`
	Prices   string       `json:"prices"` // exclusive, or inclusive: Taxable includes the tax
}

// TaxAt reads a row of taxes.
func TaxAt(row Row[tables.Tax]) (t Tax, err error) {
	t = Tax{SellerID: row.Word(tables.TaxSellerID), TaxID: row.Word(tables.TaxTaxID),
		Prices: row.Word(tables.TaxPrices)}
	d := row.Cols.Quantity(tables.TaxRate).At(row.I)
	if t.Rate, err = money.RateFromRaw(d.Hi, d.Lo); err != nil {
		return t, row.wrap(tables.TaxRate.Of(), err)
	}
	if t.Taxable, err = row.Amount(tables.TaxTaxableAmount); err != nil {
		return t, err
	}
	t.Amount, err = row.Amount(tables.TaxTaxAmount)
	return t, err
}

// Taxes returns the stored taxes of a cycle by seller, buyer, tax and rate: those of customers, and those of partners
// once the cycle is closed. buyer "" = all.
func Taxes(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, buyer string, l Limits) (*Rows[tables.Tax],
	error) {
	files, err := filesOf(snap, cycle, tables.Taxes().Name)
	if err != nil {
		return nil, err
	}
	return rowsOf(ctx, snap, newMerger(tables.Taxes().Table, taxesOrder(), nil, l), files,
		Filter[tables.Tax]{tables.TaxBuyerID, buyer})
}

// TaxesOfCustomers returns the rows of customers in taxes of a cycle, by customer, tax and rate; nil if there is no
// file.
func TaxesOfCustomers(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, l Limits) (*Rows[tables.Tax],
	error) {
	files, err := filesOf(snap, cycle, tables.Taxes().Name)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Bucket == lake.NoBucket
	})
	if len(files) == 0 {
		return nil, nil
	}
	return rowsOf(ctx, snap, newMerger(tables.Taxes().Table, taxesOrder(), nil, l), files,
		Filter[tables.Tax]{tables.TaxBuyerID, ""})
}

// CustomerTaxes returns the taxes of a customer for a cycle by tax and rate.
func CustomerTaxes(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, customer string,
	l Limits) (list []Tax, err error) {
	all, err := Taxes(ctx, snap, cycle, customer, l)
	if err != nil {
		return nil, err
	}
	err = all.Each(func(row Row[tables.Tax]) error {
		t, err := TaxAt(row)
		if t.SellerID == "" {
			list = append(list, t)
		}
		return err
	})
	return list, errors.Join(err, all.Close())
}
