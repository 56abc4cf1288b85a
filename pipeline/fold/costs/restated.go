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

// restatedGroups writes the groups of a bucket's postings into the open cycle, so that differences can be shown with
// the data of the cost file. A group of which nothing is due any more is copied from the cycle that billed it, without
// rows, costs and payment.
func (s *poster) restatedGroups(r *rated, bucket int, list []*posting) error {
	want := make(map[groupKey]bool)
	for _, p := range list {
		want[groupKey{p.customer, p.origin.String(), p.id}] = true
	}
	key := manifest.FileKey{Table: tables.CostGroups().Name, Cycle: manifest.CycleOf(s.target()),
		Day: manifest.RestatedDay, Bucket: bucket}
	all := parquet.NewColumns(tables.CostGroups())
	for _, g := range r.groups {
		k := groupKey{r.books.Customers[g.customer].ID, r.cycle.String(), g.id}
		if want[k] {
			delete(want, k)
			if err := s.storeGroup(all, r, g); err != nil {
				return err
			}
		}
	}
	take := func(row rows.Row[tables.CostGroup]) error {
		if k := storedKey(row); want[k] {
			delete(want, k)
			rows.AppendRow(all, row, nil)
			if k.origin == r.cycle.String() {
				empty(all)
			}
		}
		return nil
	}
	if err := margins.Each(s.txn.Open, s.txn.Next().Find(key), tables.CostGroups(), take); err != nil {
		return err
	}
	for at := s.closed; at >= r.cycle && len(want) > 0; at-- {
		if err := margins.Each(s.txn.Open, s.groupFiles(r.cycle, at, bucket), tables.CostGroups(), take); err != nil {
			return err
		}
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
	return tablefile.Put(s.txn, key, out, nil)
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
	sums := []*parquet.Col{groups.Col(tables.CostGroupPaymentAmount.Of())}
	for _, value := range tables.CostGroupValues() {
		sums = append(sums, groups.Col(value.Of()))
	}
	for _, c := range sums {
		c.Decs[groups.N-1] = parquet.Dec{}
	}
	groups.Col(tables.CostGroupRows.Of()).Ints[groups.N-1] = 0
	groups.Col(tables.CostGroupLowMargin.Of()).Codes[groups.N-1] = 0
}
