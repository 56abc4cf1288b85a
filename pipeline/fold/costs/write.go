package costs

import (
	"context"
	"maps"
	"math/big"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/pipeline/fold/costs/verbatim"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// writer writes into the next state of a transaction.
type writer struct {
	txn      *lake.SubTxn
	books    *books.Books
	buckets  int
	result   *Result
	verbatim *verbatim.JSON
	several  bool // the sources have several currencies
}

// write prices an open cycle and puts its lines, groups and margins into the next state, bucket by bucket. Memory holds
// the lines of one bucket at a time.
func (w *writer) write(ctx context.Context, by *pricer, r *rated) error {
	list := make([][]found, w.buckets)
	for _, f := range r.found {
		b := w.bucket(w.books.Customers[f.customer].ID)
		list[b] = append(list[b], f)
	}
	eachBucket(list, by.workers, func(one []found) { slices.SortFunc(one, found.compare) })
	low, err := w.pricedBuckets(ctx, by, r, list)
	if err != nil {
		return err
	}
	if low > 0 {
		w.result.note("groups of cost rows of %s that bring less than their minimum margin: %d, listed by tollbook "+
			"query low-margin --cycle %[1]s", r.cycle, low)
	}
	if err := r.reconcile(); err != nil {
		return err
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

// pricedBucket is the groups of a bucket, as rows of their table, and their lines.
type pricedBucket struct {
	bucket int
	groups *parquet.Columns[tables.CostGroup]
	lines  []*linefile.Line
}

// pricedBuckets prices the groups of each bucket and writes them and their lines. It writes a bucket while it prices
// the next one. low is the number of groups below their minimum margin.
func (w *writer) pricedBuckets(ctx context.Context, by *pricer, r *rated, list [][]found) (low int, err error) {
	all, ctx := errgroup.WithContext(ctx)
	ready, free := make(chan pricedBucket), make(chan *parquet.Columns[tables.CostGroup], 3)
	for range cap(free) { // for the buckets being priced, passed on and written
		free <- parquet.NewColumns(tables.CostGroups())
	}
	all.Go(func() error {
		defer close(ready)
		for b := range w.buckets {
			one, groups := pricedBucket{bucket: b}, r.open(list[b])
			var err error
			if one.lines, err = by.price(r, groups); err != nil {
				return err
			}
			select {
			case one.groups = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := w.groups(one.groups, r, groups); err != nil {
				return err
			}
			for i := range one.groups.N {
				low += int(one.groups.Small(tables.CostGroupLowMargin).At(i))
			}
			select {
			case ready <- one:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	all.Go(func() error {
		for one := range ready {
			key := manifest.FileKey{Table: tables.Lines().Name, Cycle: manifest.CycleOf(r.cycle),
				Day:    manifest.CostsDay,
				Bucket: one.bucket}
			if err := w.lines(key, one.lines); err != nil {
				return err
			}
			key.Table = tables.CostGroups().Name
			if err := tablefile.Put(w.txn, key, one.groups, nil); err != nil {
				return err
			}
			free <- one.groups
		}
		return nil
	})
	err = all.Wait()
	return low, err
}

// margins writes the margins of an open cycle.
func (w *writer) margins(r *rated, workers int) error {
	keys := make([][]margins.Key, w.buckets)
	for k := range r.margins.Rows {
		b := w.bucket(k.Customer)
		keys[b] = append(keys[b], k)
	}
	eachBucket(keys, workers, margins.SortKeys)
	for b := range w.buckets {
		out := parquet.NewColumns(tables.Margins())
		for i := range keys[b] {
			if err := r.margins.Store(out, r.cycle, r.cycle, &keys[b][i], r.margins.Rows[keys[b][i]]); err != nil {
				return err
			}
		}
		key := manifest.FileKey{Table: tables.Margins().Name, Cycle: manifest.CycleOf(r.cycle), Day: manifest.CostsDay,
			Bucket: b}
		if err := w.marginFile(key, out); err != nil {
			return err
		}
	}
	return nil
}

// bucket returns the bucket of a customer; costs without a customer are in the first.
func (w *writer) bucket(customer string) int {
	if customer == "" {
		return 0
	}
	return place.Bucket(customer, w.buckets)
}

// lines writes the lines of a key with their sums, and notes the place if there are or were any.
func (w *writer) lines(key manifest.FileKey, lines []*linefile.Line) error {
	next := w.txn.Next()
	if len(lines)+len(next.Find(key)) == 0 {
		return nil
	}
	files, err := linefile.Write(w.txn, w.books, key, lines)
	if err != nil {
		return err
	}
	for k, list := range files {
		if err := next.Replace(k, list...); err != nil {
			return err
		}
	}
	w.result.Places = append(w.result.Places, place.Place{Cycle: key.Cycle.Or(place.NoCycle), Bucket: key.Bucket})
	w.result.Lines += int64(len(lines))
	return nil
}

// marginSums are the columns of margins whose sums the manifest stores per file.
func marginSums() tables.List[tables.Margin] {
	return tables.Columns(tables.MarginCostList, tables.MarginCostContracted, tables.MarginCostEffective,
		tables.MarginCostBilled, tables.MarginPaymentAmount, tables.MarginMarginAmount)
}

// marginFile writes a file of margins. Its sums are of the columns and, if there are several currencies, of each
// currency of the costs and of the payments: column.CURRENCY (§10.7).
func (w *writer) marginFile(key manifest.FileKey, out *parquet.Columns[tables.Margin]) error {
	sums, err := tablefile.Sums(out, marginSums())
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
				sums = append(sums, manifest.Sum{Column: name, Value: totals[currency].String()})
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
	return tablefile.Put(w.txn, key, out, sums)
}

// groups fills a batch of the table of groups.
func (w *writer) groups(out *parquet.Columns[tables.CostGroup], r *rated, list []*group) error {
	out.Reset()
	for _, g := range list {
		if err := w.storeGroup(out, r, g); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) storeGroup(out *parquet.Columns[tables.CostGroup], r *rated, g *group) error {
	json, err := w.verbatim.Of(g.words, &g.verbatim)
	if err != nil {
		return err
	}
	paid, err := g.payment.Amount()
	if err != nil {
		return err
	}
	for _, one := range [...]struct {
		at   tables.WordColumn[tables.CostGroup]
		word string
	}{
		{tables.CostGroupCustomerID, r.books.Customers[g.customer].ID}, {tables.CostGroupOriginCycle, r.cycle.String()},
		{tables.CostGroupSource, g.delivery.Source}, {tables.CostGroupSKU, r.books.Products[g.sku].SKU},
		{tables.CostGroupQuantityColumn, g.column.String()}, {tables.CostGroupServiceName, g.field(cost.Service)},
		{tables.CostGroupRegionID, g.field(cost.Region)}, {tables.CostGroupChargeCategory, g.field(cost.Category)},
		{tables.CostGroupChargeClass, g.field(cost.Class)}, {tables.CostGroupCommitmentStatus,
			g.field(cost.CommitmentStatus)},
	} {
		out.Word(one.at).Add(one.word)
	}
	for _, one := range [...]struct {
		at   tables.TextColumn[tables.CostGroup]
		text string
	}{
		{tables.CostGroupID, g.id}, {tables.CostGroupDelivery, g.delivery.Name}, {tables.CostGroupAccount, g.account()},
		{tables.CostGroupResourceID, g.field(cost.Resource)}, {tables.CostGroupMinMargin, g.minMargin()},
		{tables.CostGroupCame, json},
	} {
		out.Text(one.at).Add(one.text)
	}
	out.Small(tables.CostGroupRule).Add(int32(g.rule + 1))
	out.Whole(tables.CostGroupRows).Add(g.rows)
	for i := range g.values {
		out.Cost(tables.CostGroupValues()[i]).Add(g.values[i].Raw())
	}
	pricing, consumed := g.units(cost.PricingQuantity, "PricingUnit"), g.units(cost.ConsumedQuantity, "ConsumedUnit")
	out.Small(tables.CostGroupPricingUnits).Add(pricing)
	out.Small(tables.CostGroupConsumedUnits).Add(consumed)
	out.Quantity(tables.CostGroupFxRate).Add(g.fx.Raw())
	out.Amount(tables.CostGroupPaymentAmount).Add(paid.Raw())
	addFlag(out.Small(tables.CostGroupLowMargin), g.low(paid))
	out.Time(tables.CostGroupUsageStart).Add(g.start)
	out.Time(tables.CostGroupUsageEnd).Add(g.end)
	out.N++
	return nil
}

// minMargin is the margin that the group's lines must bring; "" = none is set.
func (g *group) minMargin() string {
	if g.markup == nil || !g.markup.HasMin {
		return ""
	}
	return g.markup.MinMargin.Trim()
}

// low reports whether the group's lines bring less than effective cost × (1 + min_margin).
func (g *group) low(paid money.Amount) bool {
	if g.markup == nil || !g.markup.HasMin || !g.priced {
		return false
	}
	if margins.IsPar(g.fx) {
		return paid.BelowMargin(g.values[cost.Effective], g.markup.MinMargin)
	}
	least := new(big.Rat).Add(big.NewRat(1, 1), g.markup.MinMargin.Rat())
	least.Mul(least, g.values[cost.Effective].Rat())
	return paid.Rat().Cmp(least.Mul(least, g.fx.Rat())) < 0
}
