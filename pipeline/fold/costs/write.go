package costs

import (
	"context"
	"errors"
	"maps"
	"math/big"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// writer writes into the next state of a transaction.
type writer struct {
	txn      *lake.SubTxn
	books    *books.Books
	buckets  int
	result   *Result
	verbatim *verbatimJSON
	several  bool // the sources have several currencies
}

// write prices an open cycle and puts its lines, groups and margins into the next state. Memory holds a row group of
// lines and one of groups.
func (w *writer) write(ctx context.Context, by *pricer, r *rated) error {
	lines, groups := rows.NewLineWriter(w.txn, w.books), rows.NewFileWriter(w.txn, tables.CostGroups())
	low := 0
	err := by.price(ctx, r, sink{
		begin: func(bucket int) error {
			key := lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(r.cycle),
				Day:    lake.CostsDay,
				Bucket: bucket}
			lines.Begin(key)
			key.Table = tables.CostGroups().Name
			groups.Restart(key)
			return nil
		},
		line: lines.Add,
		group: func(g *group) error {
			if err := w.storeGroup(groups.Cols, r, g); err != nil {
				return err
			}
			low += int(groups.Cols.Small(tables.CostGroupLowMargin).At(groups.Cols.N - 1))
			return groups.Added()
		},
		end: func(int) error {
			if err := w.endLines(lines); err != nil {
				return err
			}
			files, err := groups.Finish(nil)
			if err != nil {
				return err
			}
			return w.txn.Next().Replace(groups.Key(), files...)
		}})
	if err := errors.Join(err, r.sorted.Close()); err != nil {
		return err
	}
	if low > 0 {
		w.result.note("groups of cost rows of %s that bring less than their minimum margin: %d, listed by tollbook "+
			"query low-margin --cycle %[1]s", r.cycle, low)
	}
	return w.margins(r, by.workers)
}

// eachBucket calls do for each bucket, several at a time.
func eachBucket[T any](buckets [][]T, workers int, do func([]T)) {
	var all errgroup.Group
	all.SetLimit(max(1, workers))
	for _, one := range buckets {
		all.Go(func() error {
			do(one)
			return nil
		})
	}
	_ = all.Wait() // none fails
}

// margins writes the margins of an open cycle.
func (w *writer) margins(r *rated, workers int) error {
	keys := make([][]MarginKey, w.buckets)
	for k := range r.margins.Rows {
		b := w.bucket(k.Customer)
		keys[b] = append(keys[b], k)
	}
	eachBucket(keys, workers, SortMarginKeys)
	for b := range w.buckets {
		out := parquet.NewColumns(tables.Margins())
		for i := range keys[b] {
			if err := r.margins.Store(out, r.cycle, r.cycle, &keys[b][i], r.margins.Rows[keys[b][i]]); err != nil {
				return err
			}
		}
		key := lake.FileKey{Table: tables.Margins().Name, Cycle: lake.CycleOf(r.cycle), Day: lake.CostsDay,
			Bucket: b}
		if err := w.marginFile(key, out); err != nil {
			return err
		}
	}
	return nil
}

// bucket returns the bucket of a customer; costs without a customer are in the first.
func (w *writer) bucket(customer string) int { return bucketOf(customer, w.buckets) }

func bucketOf(customer string, buckets int) int {
	if customer == "" {
		return 0
	}
	return lake.BucketOf(customer, buckets)
}

// endLines ends a file of lines with its sums, and notes the place if there are or were any.
func (w *writer) endLines(out *rows.LineWriter) error {
	next, key := w.txn.Next(), out.Key()
	n, files, err := out.Finish()
	if err != nil || n == 0 && len(next.Find(key)) == 0 {
		return err
	}
	for k, list := range files {
		if err := next.Replace(k, list...); err != nil {
			return err
		}
	}
	w.result.Places = append(w.result.Places, lake.Place{Cycle: key.Cycle.Or(lake.NoCycle), Bucket: key.Bucket})
	w.result.Lines += n
	return nil
}

// marginSums are the columns of margins whose sums the manifest stores per file.
func marginSums() tables.List[tables.Margin] {
	return tables.Columns(tables.MarginCostList, tables.MarginCostContracted, tables.MarginCostEffective,
		tables.MarginCostBilled, tables.MarginPaymentAmount, tables.MarginMarginAmount)
}

// marginFile writes a file of margins. Its sums are of the columns and, if there are several currencies, of each
// currency of the costs and of the payments: column.CURRENCY (§10.7).
func (w *writer) marginFile(key lake.FileKey, out *parquet.Columns[tables.Margin]) error {
	sums, err := rows.SumsIn(out, marginSums())
	if err != nil {
		return err
	}
	add := func(column tables.ColumnOf[tables.Margin], by tables.WordColumn[tables.Margin]) error {
		totals := make(map[string]money.Total)
		for i := range out.N {
			of, d := out.Word(by).At(i), out.Col(column).Decs[i]
			t, known := totals[of]
			if !known {
				if t, err = money.NewTotal(out.Def.Columns[column].Type.Scale()); err != nil {
					return err
				}
			}
			if err := t.Add(d.Hi, d.Lo); err != nil {
				return err
			}
			totals[of] = t
		}
		for _, currency := range slices.Sorted(maps.Keys(totals)) {
			if currency != "" { // empty for a line without an account, which has no cost
				name := out.Def.Columns[column].Name + "." + currency
				sums = append(sums, lake.ColumnSum{Column: name, Value: totals[currency].String()})
			}
		}
		return nil
	}
	if w.several {
		for _, column := range tables.MarginCosts() {
			if err := add(column.Of(), tables.MarginCurrency); err != nil {
				return err
			}
		}
	}
	if w.books.Mixed {
		if err := add(tables.MarginPaymentAmount.Of(), tables.MarginPaymentCurrency); err != nil {
			return err
		}
	}
	return rows.PutFile(w.txn, key, out, sums)
}

// storeGroup appends a group to a batch of its table.
func (w *writer) storeGroup(out *parquet.Columns[tables.CostGroup], r *rated, g *group) error {
	json, err := w.verbatim.Of(&g.verbatim)
	if err != nil {
		return err
	}
	paid, err := g.payment.Amount()
	if err != nil {
		return err
	}
	d, minMargin := r.delivery(g), g.minMargin(r.books)
	for _, one := range [...]struct {
		at   tables.WordColumn[tables.CostGroup]
		word string
	}{
		{tables.CostGroupCustomerID, r.books.Customers[g.customer].ID}, {tables.CostGroupOriginCycle, r.cycle.String()},
		{tables.CostGroupSource, d.Source}, {tables.CostGroupSKU, r.books.Products[g.sku].SKU},
		{tables.CostGroupQuantityColumn, g.column.String()}, {tables.CostGroupServiceName, g.field(books.CostService)},
		{tables.CostGroupRegionID, g.field(books.CostRegion)}, {tables.CostGroupChargeCategory,
			g.field(books.CostCategory)},
		{tables.CostGroupChargeClass, g.field(books.CostClass)}, {tables.CostGroupCommitmentStatus,
			g.field(books.CommitmentStatus)},
	} {
		out.Word(one.at).Add(one.word)
	}
	for _, one := range [...]struct {
		at   tables.TextColumn[tables.CostGroup]
		text string
	}{
		{tables.CostGroupID, g.id}, {tables.CostGroupDelivery, d.Name}, {tables.CostGroupAccount, g.account()},
		{tables.CostGroupResourceID, g.field(books.CostResource)}, {tables.CostGroupMinMargin, minMargin},
		{tables.CostGroupCame, json},
	} {
		out.Text(one.at).Add(one.text)
	}
	out.Small(tables.CostGroupRule).Add(int32(g.rule + 1))
	out.Whole(tables.CostGroupRows).Add(g.rows)
	for i := range g.values {
		out.Cost(tables.CostGroupValues()[i]).Add(g.values[i].Raw())
	}
	pricing, consumed := g.units(books.PricingQuantity, "PricingUnit"), g.units(books.ConsumedQuantity, "ConsumedUnit")
	out.Small(tables.CostGroupPricingUnits).Add(pricing)
	out.Small(tables.CostGroupConsumedUnits).Add(consumed)
	out.Quantity(tables.CostGroupFxRate).Add(g.fx.Raw())
	out.Amount(tables.CostGroupPaymentAmount).Add(paid.Raw())
	addFlag(out.Small(tables.CostGroupLowMargin), g.low(r.books, paid))
	out.Time(tables.CostGroupUsageStart).Add(g.start)
	out.Time(tables.CostGroupUsageEnd).Add(g.end)
	out.N++
	return nil
}

// minMargin is the margin that the group's lines must bring; "" = none is set.
func (g *group) minMargin(b *books.Books) string {
	if g.markup < 0 || !b.Markups[g.markup].HasMin {
		return ""
	}
	return b.Markups[g.markup].MinMargin.Trim()
}

// low reports whether the group's lines bring less than effective cost × (1 + min_margin).
func (g *group) low(b *books.Books, paid money.Amount) bool {
	if g.markup < 0 || !b.Markups[g.markup].HasMin || !g.priced {
		return false
	}
	margin := b.Markups[g.markup].MinMargin
	if IsPar(g.fx) {
		return paid.BelowMargin(g.values[books.EffectiveCost], margin)
	}
	least := new(big.Rat).Add(big.NewRat(1, 1), margin.Rat())
	least.Mul(least, g.values[books.EffectiveCost].Rat())
	return paid.Rat().Cmp(least.Mul(least, g.fx.Rat())) < 0
}
