package costs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/cost"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// groupKey identifies a group of a restated month in the cycle that bills the difference.
type groupKey struct{ customer, origin, id string }

func (k groupKey) compare(o groupKey) int {
	return cmp.Or(strings.Compare(k.customer, o.customer), strings.Compare(k.origin, o.origin),
		strings.Compare(k.id, o.id))
}

func storedKey(row rows.Row[tables.CostGroup]) groupKey {
	return groupKey{row.Word(tables.CostGroupCustomerID), row.Word(tables.CostGroupOriginCycle),
		string(row.Text(tables.CostGroupID))}
}

// restatedGroups writes the groups of a closed cycle into the open one that bills its differences: those of the bucket's
// postings, so that differences can be shown with the data of the cost file, and those whose costs or low margin differ
// from what was stored up to the last close. A group of which nothing is due any more is copied from the cycle that has
// it, without rows, costs and payment. low is the number of groups that are below their minimum margin.
func (s *poster) restatedGroups(r *rated, bucket int, list []*posting) (low int, err error) {
	want := make(map[groupKey]bool)
	for _, p := range list {
		if p.origin == r.cycle {
			want[groupKey{p.customer, p.origin.String(), p.id}] = true
		}
	}
	before, err := s.groupsBefore(r, bucket)
	if err != nil {
		return 0, err
	}
	now, all := parquet.NewColumns(tables.CostGroups()), parquet.NewColumns(tables.CostGroups())
	for _, g := range r.groups {
		if s.bucket(r.books.Customers[g.customer].ID) != bucket {
			continue
		}
		if err := s.storeGroup(now, r, g); err != nil {
			return 0, err
		}
	}
	for i := range now.N {
		row := rows.Row[tables.CostGroup]{Cols: now, I: i}
		k := storedKey(row)
		if want[k] || stateOf(row) != before[k] {
			rows.AppendRow(all, row, nil)
			low += row.Small(tables.CostGroupLowMargin)
		}
		delete(want, k)
		delete(before, k)
	}
	for k, had := range before {
		want[k] = want[k] || had != groupState{}
	}
	if err := s.goneGroups(r, bucket, want, all); err != nil {
		return 0, err
	}
	order := make([]int, all.N)
	for i := range order {
		order[i] = i
	}
	row := func(i int) rows.Row[tables.CostGroup] { return rows.Row[tables.CostGroup]{Cols: all, I: i} }
	slices.SortFunc(order, func(a, b int) int { return storedKey(row(a)).compare(storedKey(row(b))) })
	out := parquet.NewColumns(tables.CostGroups())
	for _, i := range order {
		rows.AppendRow(out, row(i), nil)
	}
	return low, tablefile.Put(s.txn, s.restatedKey(bucket), out, nil)
}

// restatedKey returns the key of the groups of closed cycles in the open one.
func (s *poster) restatedKey(bucket int) manifest.FileKey {
	return manifest.FileKey{Table: tables.CostGroups().Name, Cycle: manifest.CycleOf(s.target()),
		Day: manifest.RestatedDay, Bucket: bucket}
}

// goneGroups appends the open cycle's groups of other closed cycles, and those groups of the cycle that are wanted: from
// the open cycle or the last one that has them, without what they add up.
func (s *poster) goneGroups(r *rated, bucket int, want map[groupKey]bool,
	all *parquet.Columns[tables.CostGroup]) error {
	take := func(row rows.Row[tables.CostGroup]) error {
		switch k := storedKey(row); {
		case k.origin != r.cycle.String():
			rows.AppendRow(all, row, nil)
		case want[k]:
			delete(want, k)
			rows.AppendRow(all, row, nil)
			empty(all)
		}
		return nil
	}
	err := margins.Each(s.txn.Open, s.txn.Next().Find(s.restatedKey(bucket)), tables.CostGroups(), take)
	if err != nil || len(want) == 0 {
		return err
	}
	return s.eachGroupBefore(r, bucket, func(row rows.Row[tables.CostGroup]) error {
		if storedKey(row).origin != r.cycle.String() {
			return nil
		}
		return take(row)
	})
}

// groupState is what a group adds up.
type groupState struct {
	sums [1 + cost.Columns]parquet.Dec // payment_amount, then the columns of tables.CostGroupValues
	rows int64
	low  int
}

func stateOf(row rows.Row[tables.CostGroup]) groupState {
	g := groupState{rows: row.Whole(tables.CostGroupRows), low: row.Small(tables.CostGroupLowMargin)}
	for i, col := range sumColumns() {
		g.sums[i] = row.Cols.Col(col).Decs[row.I]
	}
	return g
}

// sumColumns returns the columns that a group adds up.
func sumColumns() (cols [1 + cost.Columns]tables.ColumnOf[tables.CostGroup]) {
	cols[0] = tables.CostGroupPaymentAmount.Of()
	for i, value := range tables.CostGroupValues() {
		cols[1+i] = value.Of()
	}
	return cols
}

// groupsBefore returns what the groups of a closed cycle added up when the last cycle was closed.
func (s *poster) groupsBefore(r *rated, bucket int) (map[groupKey]groupState, error) {
	before := make(map[groupKey]groupState)
	err := s.eachGroupBefore(r, bucket, func(row rows.Row[tables.CostGroup]) error {
		if k := storedKey(row); k.origin == r.cycle.String() {
			if _, newer := before[k]; !newer {
				before[k] = stateOf(row)
			}
		}
		return nil
	})
	return before, err
}

// eachGroupBefore visits the groups of a bucket that closed cycles have from a closed cycle on, the last cycle first.
func (s *poster) eachGroupBefore(r *rated, bucket int, take func(rows.Row[tables.CostGroup]) error) error {
	for at := s.closed; at >= r.cycle; at-- {
		if err := margins.Each(s.txn.Open, s.groupFiles(r.cycle, at, bucket), tables.CostGroups(), take); err != nil {
			return err
		}
	}
	return nil
}

// groupFiles returns the files of a bucket in which a cycle has groups of a closed billing period.
func (s *poster) groupFiles(origin, at period.Cycle, bucket int) []manifest.FileEntry {
	day := manifest.RestatedDay
	if at == origin {
		day = manifest.CostsDay
	}
	return s.txn.Next().Select(manifest.CycleOf(at), func(k manifest.FileKey) bool {
		return k.Table == tables.CostGroups().Name && k.Day == day && k.Bucket == bucket
	})
}

// empty removes what the last group adds up: by the deliveries that count and today's rules, nothing of it is due.
func empty(groups *parquet.Columns[tables.CostGroup]) {
	for _, col := range sumColumns() {
		groups.Col(col).Decs[groups.N-1] = parquet.Dec{}
	}
	groups.Col(tables.CostGroupRows.Of()).Ints[groups.N-1] = 0
	groups.Col(tables.CostGroupLowMargin.Of()).Codes[groups.N-1] = 0
}
