package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// CurrencyFinder finds the currencies of customers and partners.
type CurrencyFinder struct {
	Books  *books.Books
	Billed map[string]string // by customer, from statements
}

// NewCurrencyFinder reads the currencies in which customers were billed: lines keep them until the next run, whatever
// today's books say. nil = all amounts of the workspace have one currency.
func NewCurrencyFinder(ctx context.Context, snap *lake.Snapshot, b *books.Books) (*CurrencyFinder, error) {
	billed, err := rows.CustomerCurrencies(ctx, snap)
	if err != nil || len(billed) == 0 && !b.Mixed {
		return nil, err
	}
	return &CurrencyFinder{b, billed}, nil
}

// Of returns the currency of the customer or partner that a column names; the workspace's if the column is empty.
func (f *CurrencyFinder) Of(column, id string) (string, error) {
	switch {
	case id == "" && column == "recipient_id": // an event that returns or voids an invoice has no amount
		return "", nil
	case id == "":
		return f.Books.Currency, nil
	}
	switch column {
	case "recipient_id", "buyer_id": // partner or customer of an invoice or a tax
		if code := f.Books.Partner(id); code >= 0 {
			return f.Books.PartnerCurrency(code).Code, nil
		}
		fallthrough
	case "customer_id":
		if code, ok := f.Billed[id]; ok {
			return code, nil
		}
		if code := f.Books.Customer(id); code >= 0 {
			return f.Books.CustomerCurrency(code).Code, nil
		}
		return "", fmt.Errorf("the currency of customer %s: books/customers.csv does not have it", id)
	}
	if code := f.Books.Partner(id); code >= 0 {
		return f.Books.PartnerCurrency(code).Code, nil
	}
	return "", fmt.Errorf("the currency of partner %s: books/partners.csv does not have it", id)
}

// CurrencyOwners returns the columns of a table with the ids of those in whose currency its amounts are: the first that
// is not empty counts. For partner statements the first is the partner and the second the customer.
func CurrencyOwners(def *tables.Table) []string {
	names := []string{"customer_id", "buyer_id", "recipient_id", "partner_id", "from_partner_id"}
	switch def.Name {
	case tables.PartnerStatements().Name:
		names = []string{"partner_id", "customer_id"}
	case tables.Transfers().Name:
		names = []string{"from_partner_id"}
	}
	return slices.DeleteFunc(names, func(name string) bool { return def.Index(name) < 0 })
}

// OwnerID returns the text of a column of a row.
func OwnerID(c *parquet.Columns[tables.Any], col tables.ColumnOf[tables.Any], row int) string {
	if c.Def.Columns[col].Type == tables.Text {
		return string(c.Col(col).Text(row))
	}
	return c.Col(col).Word(row)
}

// OfRow returns the currency of the amounts of a row.
func (f *CurrencyFinder) OfRow(c *parquet.Columns[tables.Any], row int) (string, error) {
	owners := CurrencyOwners(c.Def)
	for i, column := range owners {
		if id := OwnerID(c, tables.ColumnOf[tables.Any](c.Def.Index(column)), row); id != "" || i+1 == len(owners) {
			return f.Of(column, id)
		}
	}
	return f.Books.Currency, nil
}

// CurrenciesKnown returns an error if the books lack a customer whose statement of a cycle is not in the workspace's
// currency: lines do not contain their currency. The error is a *books.MissingError.
func CurrenciesKnown(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle lake.Cycle) error {
	def, err := rows.StatementsTable(snap, cycle)
	if err != nil || tables.CurrencyColumn(def.Table) < 0 {
		return err
	}
	return rows.EachStatement(ctx, snap, cycle, "", rows.Limits{}, func(s *rows.Statement) error {
		if s.Currency == "" || s.Currency == b.Currency || b.Customer(s.CustomerID) >= 0 {
			return nil
		}
		return books.Missing(books.ByLines, "customers.csv", "customer", s.CustomerID)
	})
}
