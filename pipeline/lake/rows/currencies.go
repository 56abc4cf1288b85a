package rows

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// CustomerCurrencies returns the currencies in which customers were billed, from the cycles of a state that were billed
// in several currencies (§10.7). It is empty if there is no such cycle.
func CustomerCurrencies(ctx context.Context, snap *lake.Snapshot) (map[string]string, error) {
	billed := make(map[string]string)
	for _, ref := range snap.Manifest.Cycles {
		def, err := StatementsTable(snap, ref.Cycle)
		if err != nil {
			return nil, err
		}
		at := tables.CurrencyColumn(def.Table)
		if at < 0 {
			continue
		}
		files, err := filesOf(snap, ref.Cycle, def.Name)
		if err != nil {
			return nil, err
		}
		scan := Scan[tables.Statement]{Table: def, Cols: tables.Columns(tables.StatementCustomerID, at)}
		for _, e := range files {
			err := Groups(ctx, snap, e, scan, func(c *parquet.Columns[tables.Statement]) error {
				for i := range c.N {
					billed[c.Word(tables.StatementCustomerID).At(i)] = c.Word(at).At(i)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return billed, nil
}

// BalanceCurrencies returns the currencies of the customers in a file of balances.
func BalanceCurrencies(o FileOpener, e lake.FileEntry) (map[string]string, error) {
	own := make(map[string]string)
	cols := tables.Columns(tables.BalanceCustomerID, tables.BalanceCurrency)
	return own, EachRow(o, e, tables.Balances(), cols,
		func(c *parquet.Columns[tables.Balance], row int) error {
			if code := c.Word(tables.BalanceCurrency).At(row); code != "" {
				own[c.Word(tables.BalanceCustomerID).At(row)] = code
			}
			return nil
		})
}

// StatedCurrencies returns the currencies of the customers with a statement in the files of a cycle.
func StatedCurrencies(o FileOpener, files []lake.FileEntry) (map[string]string, error) {
	own := make(map[string]string)
	def := tables.StatementsOf(true, true)
	at := tables.CurrencyColumn(def.Table)
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		err := EachRow(o, e, def, tables.Columns(tables.StatementCustomerID, at),
			func(c *parquet.Columns[tables.Statement], row int) error {
				own[c.Word(tables.StatementCustomerID).At(row)] = c.Word(at).At(row)
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return own, nil
}
