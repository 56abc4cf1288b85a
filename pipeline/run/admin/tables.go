package admin

import (
	"fmt"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Tables that are not divided row by row, or not only so.
var (
	tableTransfers    = tables.Transfers().Name
	tableIdent        = tables.Ident().Name
	tablePositions    = tables.Positions().Name
	tableBalances     = tables.Balances().Name
	tableEntries      = tables.AccountEntries().Name
	tablePerformances = tables.Performances().Name
	tableLines        = tables.Lines().Name
	tableUsage        = tables.Usage().Name
)

// plain returns the tables whose files have the same columns in each cycle, by name.
var plain = sync.OnceValue(func() map[string]*tables.Table {
	byName := make(map[string]*tables.Table)
	for _, t := range []*tables.Table{tables.Lines().Table, tables.Sums().Table, tables.Usage().Table,
		tables.Bandwidth().Table, tables.Positions().Table, tables.Orders().Table, tables.Adjustments().Table,
		tables.Late().Table, tables.LateSamples().Table, tables.LatePositions().Table,
		tables.Reratings().Table, tables.Redraws().Table, tables.Shifts().Table, tables.AccountEvents().Table,
		tables.Balances().Table, tables.AccountEntries().Table, tables.CouponEntries().Table, tables.Taxes().Table,
		tables.TaxSums().Table, tables.Margins().Table, tables.CostGroups().Table, tables.CostPostings().Table} {
		byName[t.Name] = t
	}
	return byName
})

// tableOf is the table of a file, with the columns that the file has. An unknown table is an error.
func tableOf(e lake.FileEntry) (*tables.Table, error) {
	taxed, mixed := false, false
	tax := tables.StatementsOf(true, false).Columns[tables.StatementTaxAmount].Name
	for _, s := range e.Sums {
		column, _, _ := strings.Cut(s.Column, ".")
		taxed = taxed || column == tax
		mixed = mixed || rows.CurrencyOfSum(s) != ""
	}
	switch e.Table {
	case tables.Statements().Name:
		return tables.StatementsOf(taxed, mixed).Table, nil
	case tables.PartnerStatements().Name:
		return tables.PartnerStatementsOf(mixed).Table, nil
	}
	if t := plain()[e.Table]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("%s: no rule distributes the table %s over buckets", e.Path, e.Table)
}

// customerOf is the column of the customer that determines the bucket of a row.
func customerOf(t *tables.Table) tables.WordColumn[tables.Any] {
	at := t.Index("customer_id")
	if at < 0 {
		at = tables.TaxBuyerID.Index()
	}
	return tables.WordColumn[tables.Any](at)
}

// currencyOf is the column of an amount's currency. own says that the manifest has sums only of the currencies that the
// file's rows have; for statements, it has sums of all currencies of the books.
func currencyOf(t *tables.Table, amount string) (currency tables.WordColumn[tables.Any], own bool) {
	if t.Name == tables.Margins().Name && amount == t.Columns[tables.MarginPaymentAmount].Name {
		return tables.MarginPaymentCurrency.Any(), true
	}
	return tables.WordColumn[tables.Any](t.Index("currency")), t.Name != tables.Statements().Name
}
