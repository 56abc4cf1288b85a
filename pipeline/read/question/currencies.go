package question

import (
	"context"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Keys that tell currencies apart (ASK-5).
const (
	currencyKey = "currency"
	payerKey    = "customer_currency"
)

// PerCurrency is the question in a workspace whose customers or partners have several currencies (§10.7): the last keys
// are the currency of the amounts and, of partner statements, that of the customer, in which payment_amount is. A
// question without amounts, and one that has the currency of its amounts as a key, is as it was.
func (q *Question) PerCurrency() *Question {
	if q.from != nil {
		of := q.from.of.PerCurrency()
		out := *q
		out.from = &derived{of: of, rows: q.from.rows, order: q.from.order}
		out.Keys = append(slices.Clone(q.Keys), of.Keys[len(of.Keys)-1])
		out.currencies = 1
		return &out
	}
	amount := func(c tables.Column) bool { return c.Type == tables.Amount }
	named := func(c tables.Column) bool { return c.Name == currencyKey }
	switch {
	case !slices.ContainsFunc(q.Sums, amount):
		return q
	case q.lake.table.Name == tables.Margins().Name: // its currency is that of the costs
		out := *q
		out.Keys = append(slices.Clone(q.Keys), wordColumn("payment_currency", "currency of payment_amount"))
		out.currencies = 1
		return &out
	case slices.ContainsFunc(q.Keys, named):
		return q
	}
	out := *q
	out.Keys = slices.Clone(q.Keys)
	if q.lake.table.Name == tables.PartnerStatements().Name {
		out.Keys = append(out.Keys, wordColumn(payerKey, "currency of the customers, in which payment_amount is"))
		out.Apart = append(slices.Clone(q.Apart), "payment_amount")
	}
	out.Keys = append(out.Keys, wordColumn(currencyKey, "currency of the amounts"))
	out.currencies = len(out.Keys) - len(q.Keys)
	out.lake.reads = slices.Clone(q.lake.reads)
	for _, name := range q.lake.owners() {
		out.lake.reads = append(out.lake.reads, q.lake.table.Index(name))
	}
	return &out
}

// owners are the columns of the lake's table with the ids of those in whose currency amounts are: the first that is not
// empty counts. Of partner statements it is the partner, and the second is the customer.
func (s *shape) owners() []string {
	names := []string{"customer_id", "buyer_id", "partner_id", "from_partner_id"}
	switch s.table.Name {
	case tables.PartnerStatements().Name:
		names = []string{"partner_id", "customer_id"}
	case tables.Transfers().Name:
		names = names[3:]
	}
	return slices.DeleteFunc(names, func(name string) bool { return s.table.Index(name) < 0 })
}

// currencyFinder finds the currencies of customers and partners.
type currencyFinder struct {
	books  *books.Books
	billed map[string]string // by customer, of statements
}

// newCurrencyFinder reads the currencies that customers were billed in: lines keep them until the next run, whatever
// today's books say. nil = all amounts of the workspace have one currency.
func newCurrencyFinder(ctx context.Context, from *partners.Reader) (*currencyFinder, error) {
	billed, err := rows.CustomerCurrencies(ctx, from.Snap)
	if err != nil || len(billed) == 0 && !from.Books.Mixed {
		return nil, err
	}
	return &currencyFinder{from.Books, billed}, nil
}

// of is the currency of the customer or partner that a column names; the workspace's if it names nobody.
func (f *currencyFinder) of(column, id string) (string, error) {
	if id == "" {
		return f.books.Currency, nil
	}
	if column == "customer_id" || column == "buyer_id" {
		if code, ok := f.billed[id]; ok {
			return code, nil
		}
		if code := f.books.Customer(id); code >= 0 {
			return f.books.CustomerCurrency(code).Code, nil
		}
		return "", fmt.Errorf("the currency of customer %s: books/customers.csv does not have it", id)
	}
	if code := f.books.Partner(id); code >= 0 {
		return f.books.PartnerCurrency(code).Code, nil
	}
	return "", fmt.Errorf("the currency of partner %s: books/partners.csv does not have it", id)
}

// splitter divides batches by the currencies of their rows.
type splitter struct {
	q      *Question
	find   *currencyFinder
	owners []string
	at     []int // columns of owners
	reads  []int
	out    parquet.Columns
}

func newSplitter(q *Question, o Only, find *currencyFinder) *splitter {
	if q.currencies == 0 {
		return nil
	}
	s := &splitter{q: q, find: find, owners: q.lake.owners(), reads: q.reads(o),
		out: *parquet.NewColumns(q.lake.table)}
	for _, name := range s.owners {
		s.at = append(s.at, q.lake.table.Index(name))
	}
	return s
}

// each visits the rows of a batch, those of one currency after those of another.
func (s *splitter) each(c *parquet.Columns, visit func(part *parquet.Columns, currencies [2]string) error) error {
	of := make([][2]string, c.N)
	known := make([]map[string]string, len(s.owners))
	for k := range known {
		known[k] = map[string]string{}
	}
	var all [][2]string
	for i := range c.N {
		var err error
		if of[i], err = s.currencies(c, i, known); err != nil {
			return err
		}
		if !slices.Contains(all, of[i]) {
			all = append(all, of[i])
		}
	}
	if len(all) == 1 {
		return visit(c, all[0])
	}
	for _, currencies := range all {
		s.out.Reset()
		for i := range c.N {
			if of[i] == currencies {
				rows.AppendRow(&s.out, rows.Row{Cols: c, I: i}, s.reads)
			}
		}
		if err := visit(&s.out, currencies); err != nil {
			return err
		}
	}
	return nil
}

// currencies are the keys of a row: its currency alone, or that of the customer before that of the partner. known are
// currencies that were found, by owner.
func (s *splitter) currencies(c *parquet.Columns, i int, known []map[string]string) (out [2]string, err error) {
	if len(s.owners) == 0 {
		out[0] = s.find.books.Currency
		return out, nil
	}
	for k, column := range s.owners {
		id := wordOrText(c, s.at[k], i)
		if id == "" && k+1 < len(s.owners) {
			continue
		}
		code, ok := known[k][id]
		if !ok {
			if code, err = s.find.of(column, id); err != nil {
				return out, err
			}
			known[k][id] = code
		}
		if s.q.currencies == 1 {
			out[0] = code
			return out, nil
		}
		out[1-k] = code // partner, then customer
	}
	return out, nil
}

func wordOrText(c *parquet.Columns, col, row int) string {
	if c.Def.Columns[col].Type == tables.Text {
		return string(c.C[col].Text(row))
	}
	return c.C[col].Word(row)
}
