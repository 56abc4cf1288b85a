package query

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Keys for currencies (ASK-5).
const (
	currencyKey = "currency"
	payerKey    = "customer_currency"
)

// PerCurrency returns the question for a workspace whose customers or partners have several currencies (§10.7). It adds
// the currency of the amounts as last key and, for partner statements, the currency of the customer, which applies to
// payment_amount. A question without amounts, or with a key for their currency, is returned unchanged.
func (q *Question) PerCurrency() *Question {
	if q.From != nil {
		of := q.From.Of.PerCurrency()
		out := *q
		out.From = &Derived{Of: of, Rows: q.From.Rows, Order: q.From.Order}
		if q.From.Context != nil {
			out.From.Context = q.From.Context.PerCurrency()
		}
		out.Keys = append(slices.Clone(q.Keys), of.Keys[len(of.Keys)-1])
		out.currencies = 1
		return &out
	}
	amount := func(c tables.Column) bool { return c.Type == tables.Amount }
	named := func(c tables.Column) bool { return c.Name == currencyKey }
	switch {
	case !slices.ContainsFunc(q.Sums, amount):
		return q
	case q.Lake.Table.Name == tables.Margins().Name: // its currency is that of the costs
		out := *q
		out.Keys = append(slices.Clone(q.Keys), tables.Column{Name: "payment_currency", Type: tables.Word,
			Meaning: "currency of payment_amount"})
		out.currencies = 1
		return &out
	case slices.ContainsFunc(q.Keys, named):
		return q
	}
	out := *q
	out.Keys = slices.Clone(q.Keys)
	if q.Lake.Table.Name == tables.PartnerStatements().Name {
		out.Keys = append(out.Keys, tables.Column{Name: payerKey, Type: tables.Word,
			Meaning: "currency of the customers, in which payment_amount is"})
		out.Apart = append(slices.Clone(q.Apart), "payment_amount")
	}
	out.Keys = append(out.Keys, tables.Column{Name: currencyKey, Type: tables.Word,
		Meaning: "currency of the amounts"})
	out.currencies = len(out.Keys) - len(q.Keys)
	out.Lake.Reads = slices.Clone(q.Lake.Reads)
	for _, name := range CurrencyOwners(q.Lake.Table) {
		out.Lake.Reads = append(out.Lake.Reads, tables.ColumnOf[tables.Any](q.Lake.Table.Index(name)))
	}
	return &out
}

// splitter divides batches by the currencies of their rows.
type splitter struct {
	q      *Question
	find   *CurrencyFinder
	owners []string
	at     tables.List[tables.Any] // columns of owners
	reads  tables.List[tables.Any]
	out    parquet.Columns[tables.Any]
}

func newSplitter(q *Question, o OnlyFor, find *CurrencyFinder) *splitter {
	if q.currencies == 0 {
		return nil
	}
	s := &splitter{q: q, find: find, owners: CurrencyOwners(q.Lake.Table), reads: q.reads(o),
		out: *parquet.NewColumns(tables.Untyped(q.Lake.Table))}
	for _, name := range s.owners {
		s.at = append(s.at, tables.ColumnOf[tables.Any](q.Lake.Table.Index(name)))
	}
	return s
}

// each visits the rows of a batch, grouped by currency.
func (s *splitter) each(c *parquet.Columns[tables.Any], visit func(part *parquet.Columns[tables.Any],
	of [2]string) error) error {
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
	for _, one := range all {
		s.out.Reset()
		for i := range c.N {
			if of[i] == one {
				rows.AppendRow(&s.out, rows.Row[tables.Any]{Cols: c, I: i}, s.reads)
			}
		}
		if err := visit(&s.out, one); err != nil {
			return err
		}
	}
	return nil
}

// currencies returns the keys of a row: its currency alone, or that of the customer before that of the partner. known
// caches currencies by owner.
func (s *splitter) currencies(c *parquet.Columns[tables.Any], i int, known []map[string]string) (out [2]string,
	err error) {
	if len(s.owners) == 0 {
		out[0] = s.find.Books.Currency
		return out, nil
	}
	for k, column := range s.owners {
		id := OwnerID(c, s.at[k], i)
		if id == "" && k+1 < len(s.owners) {
			continue
		}
		code, ok := known[k][id]
		if !ok {
			if code, err = s.find.Of(column, id); err != nil {
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
