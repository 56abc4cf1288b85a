package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// itemColumns returns the columns that distinguish the items of a bill.
func itemColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineServiceTypeCode, tables.LineSKU, tables.LineRegionCode, tables.LineKind,
		tables.LineTier,
		tables.LineDiscountID, tables.LineOriginCycle)
}

// sums adds up the lines of customers that the call may see. The result must not be changed.
func sums(v *View, cycle lake.Cycle, customers []string, more []query.Condition,
	by ...tables.ColumnOf[tables.Line]) ([]query.LineSum, error) {
	where, none := v.Call.Lines()
	if none || len(customers) == 0 {
		return nil, nil
	}
	if len(customers) == 1 && ofItems(more, by) {
		of, err := itemsOf(v, cycle, customers[0])
		if err != nil {
			return nil, err
		}
		return fold(chosenItems(of.items, more), itemColumns(), by)
	}
	q := query.SumQuery{Cycle: cycle, Customers: customers, Where: append(where, more...), By: by}
	return KeepFigures(v, keyOf("sums", q), weightOf,
		func(v *View) ([]query.LineSum, error) { return v.Call.State.Store.Sums(v.Request.Context(), q) })
}

// keyOf returns the cache key of the sums of a query. A partner's query names all of its customers.
func keyOf(what string, q query.SumQuery) string {
	return fmt.Sprintf("%s %x", what, sha256.Sum256(fmt.Appendf(nil, "%#v", q)))
}

// weightOf estimates the memory of sums, in cells of tables.
func weightOf(list []query.LineSum) int { return 6 * len(list) }

// ofItems reports whether sums can be calculated from those of a bill's items.
func ofItems(where []query.Condition, by tables.List[tables.Line]) bool {
	items := itemColumns()
	for i := range where {
		if where[i].Op != query.IsAnyOf || !slices.Contains(items, where[i].Column) {
			return false
		}
	}
	return !slices.ContainsFunc(by, func(col tables.ColumnOf[tables.Line]) bool { return !slices.Contains(items, col) })
}

// chosenItems returns the items that meet conditions.
func chosenItems(list []query.LineSum, where []query.Condition) []query.LineSum {
	if len(where) == 0 {
		return list
	}
	columns := itemColumns()
	var out []query.LineSum
	for i := range list {
		fits := func(c query.Condition) bool {
			return slices.Contains(c.Values, list[i].By[slices.Index(columns, c.Column)])
		}
		if !slices.ContainsFunc(where, func(c query.Condition) bool { return !fits(c) }) {
			out = append(out, list[i])
		}
	}
	return out
}

// fold adds up sums by some of their columns.
func fold(list []query.LineSum, columns, by tables.List[tables.Line]) ([]query.LineSum, error) {
	if slices.Equal(columns, by) {
		return list, nil
	}
	found := make(map[string]*query.LineSum)
	for i := range list {
		one := &query.LineSum{By: make([]string, len(by))}
		for k, col := range by {
			one.By[k] = list[i].By[slices.Index(columns, col)]
		}
		key := fmt.Sprintf("%q", one.By)
		if known := found[key]; known != nil {
			one = known
		} else {
			found[key] = one
		}
		if err := one.Add(&list[i]); err != nil {
			return nil, err
		}
	}
	return query.SumsInOrder(found), nil
}

// billSums has the sums of a customer's lines of a cycle.
type billSums struct {
	items []query.LineSum // by itemColumns
	// by service and day, for customers with at most maxCharted lines
	days []query.LineSum
}

// itemsOf adds up a customer's lines that the call may see. It is cached per state: a large customer has very many.
func itemsOf(v *View, cycle lake.Cycle, id string) (billSums, error) {
	where, none := v.Call.Lines()
	if none {
		return billSums{}, nil
	}
	q := query.SumQuery{Cycle: cycle, Customers: []string{id}, Where: where, By: itemColumns()}
	return KeepFigures(v, keyOf("items", q),
		func(b billSums) int { return weightOf(b.items) + weightOf(b.days) },
		func(v *View) (out billSums, err error) {
			st, _, err := OneStatement(v, cycle, id)
			if err != nil {
				return out, err
			}
			if st.Lines <= maxCharted {
				q.By = append(q.By, tables.LineDay.Of())
			}
			list, err := v.Call.State.Store.Sums(v.Request.Context(), q)
			if err != nil {
				return out, err
			}
			if st.Lines <= maxCharted {
				out.days, err = fold(list, q.By, tables.Columns(tables.LineServiceTypeCode, tables.LineDay))
				if err != nil {
					return out, err
				}
			}
			out.items, err = fold(list, q.By, itemColumns())
			return out, err
		})
}

// largeBill is the number of lines from which a customer's bill is prepared: reading them takes longer than a page may.
const largeBill = 150_000

// largeBills returns the parameters of the newest cycle's bills with at least largeBill lines.
func largeBills(ctx context.Context, state *operation.State) (out []url.Values, err error) {
	cycle := Newest(state.Snap)
	if cycle.IsZero() {
		return nil, nil
	}
	list, err := rows.Statements(ctx, state.Snap, cycle, "", rows.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = list.Each(func(row rows.Row[tables.Statement]) error {
		if row.Whole(tables.StatementLineCount) >= largeBill {
			out = append(out, url.Values{"customer_id": {row.Word(tables.StatementCustomerID)}})
		}
		return nil
	})
	return out, err
}
