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
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// CheckCurrencies refuses books in which a customer or a partner has another currency than in its statements of closed
// cycles, or for its money there (SAMECURRENCY-1): late records, re-rating and payments would add amounts of two
// currencies. It also refuses books that lack a customer whose statements are not in the workspace's currency, because
// no other book states its currency.
func CheckCurrencies(base *lake.Snapshot, b *books.Books) error {
	had := slices.ContainsFunc(base.Manifest.Totals, func(t lake.TableTotal) bool {
		return strings.Contains(t.Name, "/statements.due_amount.")
	})
	if !had && !b.Mixed {
		return nil
	}
	c := &check{base, b, make(map[string]stated), make(map[string]stated)}
	var balances []lake.FileEntry
	for _, ref := range base.Manifest.Cycles {
		if ref.State != lake.CycleClosed {
			continue
		}
		files, err := base.Files(ref.Cycle)
		if err == nil {
			err = c.statements(ref.Cycle, files)
		}
		if err != nil {
			return err
		}
		for i := range files {
			if files[i].Table == tables.Balances().Name {
				balances = append(balances, files[i])
			}
		}
	}
	if err := c.compare(); err != nil {
		return err
	}
	if err := c.balances(balances); err != nil {
		return err
	}
	return c.events()
}

// check compares a state of the lake with books.
type check struct {
	base  *lake.Snapshot
	books *books.Books
	// by id, of the newest statements
	customers, partners map[string]stated
}

// stated is the currency of the statement of a closed cycle.
type stated struct {
	currency string
	cycle    lake.Cycle
}

// statements reads the statements of a closed cycle.
func (c *check) statements(cycle lake.Cycle, files []lake.FileEntry) error {
	billed, err := rows.StatedCurrencies(c.base, files)
	if err != nil {
		return err
	}
	for id, was := range billed {
		c.customers[id] = stated{cmp.Or(was, c.books.Currency), cycle}
	}
	return c.partnerStatements(cycle, files)
}

// compare compares the statements with the books.
func (c *check) compare() error {
	for _, id := range slices.Sorted(maps.Keys(c.partners)) {
		if err := c.partner(id, c.partners[id].currency, c.partners[id].cycle); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.customers)) {
		was := c.customers[id]
		if c.books.Customer(id) < 0 && was.currency != c.books.Currency {
			return BookProblem(books.Missing(books.ByLines, "customers.csv", "customer", id))
		}
		if err := c.customer(id, was.currency, was.cycle); err != nil {
			return err
		}
	}
	return nil
}

// balances checks the newest balances of closed cycles: a customer can have money without a statement.
func (c *check) balances(files []lake.FileEntry) error {
	for _, e := range rows.LatestFiles(files, tables.Balances().Name) {
		had, err := rows.BalanceCurrencies(c.base, e)
		if err != nil {
			return err
		}
		for _, id := range slices.Sorted(maps.Keys(had)) {
			if err := c.customer(id, had[id], e.Cycle); err != nil {
				return err
			}
		}
	}
	return nil
}

// customer checks the currency of a customer's money in a closed cycle.
func (c *check) customer(id, was string, cycle lake.Cycle) error {
	code := c.books.Customer(id)
	if code < 0 {
		return nil
	}
	return same("customer", id, c.books.CustomerCurrency(code).Code, was, cycle)
}

// same refuses a currency that differs from that of the customer or partner in a closed cycle.
func same(whose, id, now, was string, cycle lake.Cycle) error {
	if now == was {
		return nil
	}
	return &workspace.RefusedError{
		What: fmt.Sprintf("the books give %s %s the currency %s, and its closed cycle %s is in %s", whose, id, now,
			cycle, was),
		Hint: fmt.Sprintf("a %s's currency does not change: give it a new %[1]s_id for the new currency", whose),
	}
}

// partnerStatements reads the partner statements of a closed cycle: their amounts would be added to amounts of another
// currency.
func (c *check) partnerStatements(cycle lake.Cycle, files []lake.FileEntry) error {
	def, err := rows.PartnerStatementsTable(c.base, cycle)
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
		err := eachRow(c, e, def, cols, func(of *parquet.Columns[tables.PartnerStatement], row int) error {
			id, was := of.Word(tables.PartnerStatementPartnerID).At(row), c.books.Currency
			if mixed {
				was = of.Word(tables.PartnerStatementCurrency).At(row)
			}
			c.partners[id] = stated{was, cycle}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// events checks the events about partners' money in closed cycles: a partner can have money without a statement.
func (c *check) events() error {
	def := tables.PartnerEvents()
	files, err := c.base.Find(query.CouponFileKey(def.Table))
	closed := c.base.Manifest.ClosedThrough.Or(lake.NoCycle)
	if err != nil || closed == lake.NoCycle {
		return err
	}
	end := c.books.Zone.Bounds(closed).To
	cols := tables.Columns(tables.PartnerEventPartnerID, tables.PartnerEventInstant, tables.PartnerEventReason,
		tables.PartnerEventCurrency)
	for _, e := range files {
		err := eachRow(c, e, def, cols, func(of *parquet.Columns[tables.PartnerEvent], row int) error {
			was, at := of.Word(tables.PartnerEventCurrency).At(row), of.Time(tables.PartnerEventInstant).At(row)
			if of.Word(tables.PartnerEventReason).At(row) != "" || at >= end {
				return nil
			}
			return c.partner(of.Word(tables.PartnerEventPartnerID).At(row), was,
				lake.CycleOf(c.books.Zone.Cycle(at)))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRow compares the rows of a file until one of them refuses the books. The error does not name the row, because it
// is a row of an internal table.
func eachRow[T any](c *check, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	compare func(of *parquet.Columns[T], row int) error) error {
	var refused error
	err := rows.EachRow(c.base, e, def, cols, func(of *parquet.Columns[T], row int) error {
		if refused == nil {
			refused = compare(of, row)
		}
		return nil
	})
	return cmp.Or(err, refused)
}

// partner checks the currency of a partner's money in a closed cycle.
func (c *check) partner(id, was string, cycle lake.Cycle) error {
	code := c.books.Partner(id)
	if code < 0 {
		return nil
	}
	return same("partner", id, c.books.PartnerCurrency(code).Code, was, cycle)
}
