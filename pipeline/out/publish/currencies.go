package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/query"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// pair has the currency of a row's amounts and, in a partner statement, the currency of the customer.
type pair struct{ own, customer string }

func (p pair) String() string { return strings.TrimSuffix(p.own+"-"+p.customer, "-") }

// Several reports whether the amounts of the state have several currencies, and returns the workspace's own currency.
// Items must have been called before.
func (s *Source) Several() (own string, several bool) {
	if s.finder == nil {
		return "", false
	}
	return s.finder.Books.Currency, true
}

// byCurrency divides an item of a workspace of several currencies into one item per currency, so that no load has
// amounts of two (PUB-13). The path names the customers and partners of the currency, because theirs can change.
func (s *Source) byCurrency(ctx context.Context, i *Item) ([]*Item, error) {
	if s.finder == nil || len(i.Table.money) == 0 {
		return []*Item{i}, nil
	}
	type part struct {
		rows   int64
		owners map[string]bool
	}
	parts := map[pair]*part{}
	for cols, err := range i.Read(ctx) {
		if err != nil {
			return nil, err
		}
		owner := s.ownersOf(cols)
		for row := range cols.N {
			key, who := owner.of(row)
			one := parts[key]
			if one == nil {
				one = &part{owners: map[string]bool{}}
				parts[key] = one
			}
			one.rows++
			one.owners[who] = true
		}
	}
	var out []*Item
	for key, one := range parts {
		names := strings.Join(slices.Sorted(maps.Keys(one.owners)), "\n")
		it := *i
		it.Path = fmt.Sprintf("%s/currency=%s/%s", i.Path, key, lake.HashBytes([]byte(names)))
		it.Known, it.Money, it.Rows, it.Sums = false, key.own, one.rows, nil
		it.Read = func(ctx context.Context) Batches { return s.readCurrency(i, ctx, key) }
		out = append(out, &it)
	}
	return out, nil
}

// readCurrency reads the rows of an item that have a currency, and fills the columns of the currency.
func (s *Source) readCurrency(i *Item, ctx context.Context, key pair) Batches {
	return func(yield func(*parquet.Columns[tables.Any], error) bool) {
		out, words := parquet.NewColumns(tables.Untyped(i.Table.Def)), parquet.Recode{}
		for cols, err := range i.Read(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			out.Reset()
			words.Reset(cols)
			owner := s.ownersOf(cols)
			for row := range cols.N {
				if of, _ := owner.of(row); of == key {
					out.AppendRun(cols, row, row+1, nil, &words)
				}
			}
			if out.N == 0 {
				continue
			}
			batch := shared(out, out.Def)
			for k, at := range i.Table.money {
				col := batch.Col(tables.ColumnOf[tables.Any](at))
				*col = parquet.Col{}
				col.SetWord([]string{key.own, key.customer}[k])
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// owners finds the currencies of the rows of a batch.
type owners struct {
	finder *query.CurrencyFinder
	cols   *parquet.Columns[tables.Any]
	stated tables.ColumnOf[tables.Any] // column of the currency, if the lake's file has it; -1 = none
	at     tables.List[tables.Any]     // columns of the ids of those whose money it is
	known  map[string]pair
}

func (s *Source) ownersOf(cols *parquet.Columns[tables.Any]) *owners {
	o := &owners{finder: s.finder, cols: cols, stated: -1, known: map[string]pair{}}
	switch cols.Def.Name {
	case tables.Statements().Name, tables.PartnerStatements().Name:
		o.stated = tables.ColumnOf[tables.Any](cols.Def.Index("currency"))
	}
	for _, name := range query.CurrencyOwners(cols.Def) {
		o.at = append(o.at, tables.ColumnOf[tables.Any](cols.Def.Index(name)))
	}
	return o
}

// of returns the currencies of a row, and the ids that determine them. If neither the books nor a statement of several
// currencies has an id, the row belongs to a cycle of one currency.
func (o *owners) of(row int) (pair, string) {
	var ids []string
	for _, at := range o.at {
		ids = append(ids, query.OwnerID(o.cols, at, row))
	}
	stated := ""
	if o.stated >= 0 {
		stated = o.cols.Col(o.stated).Word(row)
	}
	who := stated + "\x00" + strings.Join(ids, "\x00")
	of, known := o.known[who]
	if known {
		return of, who
	}
	find := func(k int) string {
		code, err := o.finder.Of(o.cols.Def.Columns[o.at[k]].Name, ids[k])
		if err != nil {
			return o.finder.Books.Currency
		}
		return code
	}
	for k, id := range ids {
		if of.own = find(k); id != "" {
			break
		}
	}
	if stated != "" {
		of.own = stated
	}
	if o.cols.Def.Name == tables.PartnerStatements().Name {
		of.customer = find(1)
	}
	o.known[who] = of
	return of, who
}

// widened returns a batch with the additional columns of the published table, which are empty.
func widened(cols *parquet.Columns[tables.Any], def *tables.Table) *parquet.Columns[tables.Any] {
	out := shared(cols, def)
	for _, at := range tables.Untyped(def).All()[len(cols.Def.Columns):] {
		c := out.Col(at)
		c.Codes, c.Dict = make([]int32, cols.N), []string{""}
	}
	return out
}

// shared returns a batch of the table def with the columns of another batch, which are the first ones of def.
func shared(cols *parquet.Columns[tables.Any], def *tables.Table) *parquet.Columns[tables.Any] {
	out := parquet.NewColumns(tables.Untyped(def))
	out.N = cols.N
	for _, at := range tables.Untyped(cols.Def).All() {
		*out.Col(at) = *cols.Col(at)
	}
	return out
}
