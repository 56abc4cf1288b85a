package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/problem"
)

// DifferError reports that two counts that must be equal are not (§6.6): the pointer does not move, exit code 3.
type DifferError struct {
	What        string // the smallest group that is known to differ: a file, a bucket or a cycle
	Column      string
	Left, Right string
}

// Error names the group, the column and both counts.
func (e *DifferError) Error() string {
	return "publish: " + e.text()
}

func (e *DifferError) text() string {
	return fmt.Sprintf("%s of %s differs: %s, but %s", e.Column, e.What, e.Left, e.Right)
}

// Diagnosis implements problem.Diagnosed.
func (e *DifferError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "the views show what they showed before; `tollbook verify` counts the lake again"
}

// counted has the rows and sums of a load on a server.
type counted struct {
	rows int64
	sums []string
}

// count returns the rows and sums that a server has of each load.
func (to *target) count(ctx context.Context, n *Server, p *Table, where string, args ...any) (
	map[uint64]counted, error) {
	out := make(map[uint64]counted)
	var id, rows uint64
	var sums []string
	sql := fmt.Sprintf("SELECT load, count(), %s FROM %s WHERE %s GROUP BY load", p.SumsSQL(), to.schema.name(p.Data()),
		where)
	err := n.Each(ctx, ServerSelect{
		What: "count what is in " + p.Data(), SQL: sql, Args: args, Into: []any{&id, &rows, &sums},
		Begin: func() { clear(out) },
	}, func() error {
		for i := range sums {
			sums[i] = TrimZeros(sums[i])
		}
		out[id] = counted{int64(rows), slices.Clone(sums)}
		return nil
	})
	return out, err
}

// verify compares the rows and sums of loads on a server with those that were sent.
func (ld *loader) verify(ctx context.Context, n *Server, p *Table, cycle string, loads []load) error {
	ids := make([]uint64, 0, len(loads))
	for i := range loads {
		ids = append(ids, loads[i].id)
	}
	got, err := ld.state.count(ctx, n, p, "cycle = ? AND load IN ("+join(ids)+")", cycle)
	if err != nil {
		return err
	}
	for i := range loads {
		if differ := compare(n, p, &loads[i], got[loads[i].id]); differ != nil {
			return differ
		}
	}
	return nil
}

// compare returns nil if a load on a server is equal to what was sent.
func compare(n *Server, p *Table, l *load, got counted) *DifferError {
	what := fmt.Sprintf("%s in %s on %s, load %d", l.path, p.Data(), n.Address(), l.id)
	if got.rows != l.rows {
		return &DifferError{What: what, Column: "rows", Left: fmt.Sprintf("%d were sent", l.rows),
			Right: fmt.Sprintf("%d are there", got.rows)}
	}
	for k, name := range p.SumNames() {
		if l.rows > 0 && got.sums[k] != l.sums[k] {
			return &DifferError{What: what, Column: name, Left: l.sums[k] + " was sent", Right: got.sums[k] +
				" is there"}
		}
	}
	return nil
}

// join joins ids with commas.
func join(ids []uint64) string {
	var b strings.Builder
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, id)
	}
	return b.String()
}
