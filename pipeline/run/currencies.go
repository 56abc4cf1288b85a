package run

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/pipeline/run/bookproblem"
	"github.com/tollbook/tollbook/pipeline/workspace"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// samePartners refuses books that give a partner another currency than that of its statement of a closed cycle: what it
// was owed and earned there would be added to amounts of another currency.
func (r *runState) samePartners(cycle manifest.Cycle, files []manifest.FileEntry) error {
	def, err := rows.PartnerStatementsTable(r.txn.Base(), cycle)
	if err != nil {
		return err
	}
	cols := tables.Columns(tables.PartnerStatementPartnerID)
	mixed := len(def.Columns) > tables.PartnerStatementCurrency.Index()
	if mixed {
		cols = append(cols, tables.PartnerStatementCurrency.Of())
	}
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		err := tablefile.Each(r.txn, e, def, cols, func(c *parquet.Columns[tables.PartnerStatement], row int) error {
			id, was := c.Word(tables.PartnerStatementPartnerID).At(row), r.ws.Books.Currency
			if mixed {
				was = c.Word(tables.PartnerStatementCurrency).At(row)
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
// late records and re-rating would add amounts of two currencies. It refuses books that lack a customer with such
// statements in another currency than the workspace's: no other book says what its amounts are in.
func (r *runState) sameCurrencies() error {
	base := r.txn.Base()
	had := slices.ContainsFunc(base.Manifest.Totals, func(t manifest.Total) bool {
		return strings.Contains(t.Name, "/statements.due_amount.")
	})
	if !had && !r.ws.Books.Mixed {
		return nil
	}
	for _, ref := range base.Manifest.Cycles {
		if ref.State != manifest.CycleClosed || ref.Archived != nil {
			continue
		}
		files, err := base.Files(ref.Cycle)
		if err != nil {
			return err
		}
		billed, err := rows.StatedCurrencies(r.txn, files)
		if err != nil {
			return err
		}
		if err := r.samePartners(ref.Cycle, files); err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(billed)) {
			was := cmp.Or(billed[id], r.ws.Books.Currency)
			code := r.ws.Books.Customer(id)
			if code < 0 && was != r.ws.Books.Currency {
				return bookproblem.Of(&settle.MissingBookError{Book: "customers.csv", What: "customer", ID: id})
			}
			if code >= 0 && r.ws.Books.CustomerCurrency(code).Code != was {
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
