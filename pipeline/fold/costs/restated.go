package costs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// groupKey identifies a group of a closed cycle in the cycle that bills its differences.
type groupKey struct{ Customer, Origin, ID string }

func (k groupKey) compare(o groupKey) int {
	return cmp.Or(strings.Compare(k.Customer, o.Customer), strings.Compare(k.Origin, o.Origin),
		strings.Compare(k.ID, o.ID))
}

func keyOf(row rows.Row[tables.CostGroup]) groupKey {
	return groupKey{row.Word(tables.CostGroupCustomerID), row.Word(tables.CostGroupOriginCycle),
		string(row.Text(tables.CostGroupID))}
}

// Restated stores the groups of a closed cycle that was rated again.
type Restated struct {
	Txn    *lake.SubTxn
	Origin period.Cycle // the cycle
	Closed period.Cycle // the last closed cycle: the one after it bills the differences
}

// Write writes the groups of a bucket into the open cycle. now are those of the cycle as it is rated now; posted are
// the groups of its postings. low is the number of groups of the cycle that it writes with a low margin.
func (s *Restated) Write(bucket int, now *parquet.Columns[tables.CostGroup], posted map[groupKey]bool) (low int,
	err error) {
	before, err := s.before(bucket)
	if err != nil {
		return 0, err
	}
	gone := maps.Clone(posted) // groups to store that have no rows now
	for k, had := range before {
		if had != (state{}) {
			gone[k] = true
		}
	}
	all := parquet.NewColumns(tables.CostGroups())
	for i := range now.N {
		row := rows.Row[tables.CostGroup]{Cols: now, I: i}
		k := keyOf(row)
		if posted[k] || stateOf(row) != before[k] {
			rows.AppendRow(all, row, nil)
			low += row.Small(tables.CostGroupLowMargin)
		}
		delete(gone, k)
	}
	if err := s.keep(bucket, gone, all); err != nil {
		return 0, err
	}
	order := make([]int, all.N)
	for i := range order {
		order[i] = i
	}
	row := func(i int) rows.Row[tables.CostGroup] { return rows.Row[tables.CostGroup]{Cols: all, I: i} }
	slices.SortFunc(order, func(a, b int) int { return keyOf(row(a)).compare(keyOf(row(b))) })
	out := parquet.NewColumns(tables.CostGroups())
	for _, i := range order {
		rows.AppendRow(out, row(i), nil)
	}
	return low, rows.PutFile(s.Txn, s.key(bucket), out, nil)
}

// key returns the key of the groups of closed cycles in the open one.
func (s *Restated) key(bucket int) lake.FileKey {
	return lake.FileKey{Table: tables.CostGroups().Name, Cycle: lake.CycleOf(s.Closed + 1),
		Day: lake.RestatedDay, Bucket: bucket}
}

// keep appends the groups of other closed cycles that the open cycle has, and the groups of the cycle that are gone.
// Texts of a gone group come from the open cycle or from the last closed one that has it; what it adds up is 0.
func (s *Restated) keep(bucket int, gone map[groupKey]bool, all *parquet.Columns[tables.CostGroup]) error {
	take := func(row rows.Row[tables.CostGroup]) error {
		switch k := keyOf(row); {
		case k.Origin != s.Origin.String():
			rows.AppendRow(all, row, nil)
		case gone[k]:
			delete(gone, k)
			rows.AppendRow(all, row, nil)
			empty(all)
		}
		return nil
	}
	err := EachMargin(s.Txn, s.Txn.Next().Find(s.key(bucket)), tables.CostGroups(), take)
	if err != nil || len(gone) == 0 {
		return err
	}
	return s.eachBefore(bucket, take)
}

// state is what a group adds up.
type state struct {
	sums [1 + books.AllCostColumns]parquet.Dec // of sumColumns
	rows int64
	low  int
}

func stateOf(row rows.Row[tables.CostGroup]) state {
	g := state{rows: row.Whole(tables.CostGroupRows), low: row.Small(tables.CostGroupLowMargin)}
	for i, col := range sumColumns() {
		g.sums[i] = row.Cols.Col(col).Decs[row.I]
	}
	return g
}

// sumColumns returns the columns that a group adds up.
func sumColumns() (cols [1 + books.AllCostColumns]tables.ColumnOf[tables.CostGroup]) {
	cols[0] = tables.CostGroupPaymentAmount.Of()
	for i, value := range tables.CostGroupValues() {
		cols[1+i] = value.Of()
	}
	return cols
}

// before returns what the groups of the cycle added up when the last cycle was closed.
func (s *Restated) before(bucket int) (map[groupKey]state, error) {
	before := make(map[groupKey]state)
	err := s.eachBefore(bucket, func(row rows.Row[tables.CostGroup]) error {
		if _, newer := before[keyOf(row)]; !newer {
			before[keyOf(row)] = stateOf(row)
		}
		return nil
	})
	return before, err
}

// eachBefore visits the groups of the cycle that closed cycles have, those of the last closed cycle first.
func (s *Restated) eachBefore(bucket int, take func(rows.Row[tables.CostGroup]) error) error {
	for at := s.Closed; at >= s.Origin; at-- {
		day := lake.RestatedDay
		if at == s.Origin {
			day = lake.CostsDay
		}
		files := s.Txn.Next().Select(lake.CycleOf(at), func(k lake.FileKey) bool {
			return k.Table == tables.CostGroups().Name && k.Day == day && k.Bucket == bucket
		})
		err := EachMargin(s.Txn, files, tables.CostGroups(), func(row rows.Row[tables.CostGroup]) error {
			if row.Word(tables.CostGroupOriginCycle) != s.Origin.String() {
				return nil
			}
			return take(row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// empty removes what the last group adds up: by the deliveries that count and today's rules, nothing of it is due.
func empty(groups *parquet.Columns[tables.CostGroup]) {
	for _, col := range sumColumns() {
		groups.Col(col).Decs[groups.N-1] = parquet.Dec{}
	}
	groups.Col(tables.CostGroupRows.Of()).Ints[groups.N-1] = 0
	groups.Col(tables.CostGroupLowMargin.Of()).Codes[groups.N-1] = 0
}
