package publish

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// publishPlace is a partition of a data table on a server.
type publishPlace struct{ server, table, cycle string }

func comparePlaces(a, b publishPlace) int {
	return cmp.Or(strings.Compare(a.server, b.server), strings.Compare(a.table, b.table),
		strings.Compare(a.cycle, b.cycle))
}

func placeOf(n *Server, l *load) publishPlace {
	return publishPlace{n.Address(), l.table + "_data", l.cycle}
}

// makeup is the composition of a partition, in values that a merge leaves unchanged and that any insertion, deletion or
// change alters.
type makeup struct {
	uuid                  string // of the table
	rows, block, mutation uint64 // number of rows, newest block, newest mutation
}

// text renders the composition and the loads that were found correct in it.
func (m makeup) text(loads []uint64) string {
	return fmt.Sprintf("%s rows %d block %d mutation %d loads %s", m.uuid, m.rows, m.block, m.mutation,
		lake.HashBytes([]byte(join(loads))))
}

// makeups returns the composition of a server's partitions.
func (ps *partitions) makeups(ctx context.Context, n *Server) (map[publishPlace]makeup, error) {
	out := make(map[publishPlace]makeup)
	var m makeup
	var name, cycle string
	sql :=
		`SELECT p.table, p.partition, toString(any(t.uuid)), sum(p.rows), toUInt64(max(p.max_block_number)), max(toUInt64OrZero(splitByChar('_', p.name)[5]))
FROM system.parts AS p INNER JOIN system.tables AS t ON t.database = p.database AND t.name = p.table
WHERE p.database = ? AND p.active AND endsWith(p.table, '_data') GROUP BY p.table, p.partition`
	err := n.Each(ctx, ServerSelect{
		What: "read system.parts", SQL: sql, Args: []any{ps.state.schema.Internal()},
		Into: []any{&name, &cycle, &m.uuid, &m.rows, &m.block, &m.mutation}, Begin: func() { clear(out) },
	}, func() error {
		out[publishPlace{n.Address(), name, cycle}] = m
		return nil
	})
	return out, err
}

// checked returns the compositions that were recorded when a server's partitions were last found correct.
func (ps *partitions) checked(ctx context.Context, n *Server) (map[publishPlace]string, error) {
	out := make(map[publishPlace]string)
	var name, cycle, text string
	sql := "SELECT table_name, cycle, argMax(parts, checked_at) FROM " + ps.state.schema.name("checks") +
		" WHERE endsWith(table_name, '_data') GROUP BY table_name, cycle"
	err := n.Each(ctx, ServerSelect{
		What: "read checks", SQL: sql, Into: []any{&name, &cycle, &text}, Begin: func() { clear(out) },
	}, func() error {
		out[publishPlace{n.Address(), name, cycle}] = text
		return nil
	})
	return out, err
}

// check returns the loads that are not complete on their servers. A partition is not counted again if its composition
// is the one in which the same loads were last found correct (PUB-7). One out of scope is not counted, and not noted.
func (ps *partitions) check(ctx context.Context, loads []*load) (broken map[uint64]*DifferError, err error) {
	broken = make(map[uint64]*DifferError)
	for _, n := range ps.state.nodes.Holders() {
		was, err := ps.makeups(ctx, n)
		if err != nil {
			return nil, err
		}
		before, err := ps.checked(ctx, n)
		if err != nil {
			return nil, err
		}
		maps.Copy(ps.was, was)
		there := make(map[publishPlace][]*load)
		for at := range was {
			there[at] = nil
		}
		for _, l := range loads {
			if l.shard == n.Shard && l.rows > 0 {
				there[placeOf(n, l)] = append(there[placeOf(n, l)], l)
			}
		}
		for _, at := range slices.SortedFunc(maps.Keys(there), comparePlaces) {
			m, found := was[at]
			if found && before[at] == m.text(idsOf(there[at])) || !ps.state.inScope(at.cycle) {
				continue
			}
			ps.changed[at] = true
			if err := ps.countPlace(ctx, n, at, there[at], broken); err != nil {
				return nil, err
			}
		}
	}
	return broken, nil
}

// countPlace counts the loads of one partition.
func (ps *partitions) countPlace(ctx context.Context, n *Server, at publishPlace, loads []*load,
	broken map[uint64]*DifferError) error {
	p := Find(ps.state.tables, strings.TrimSuffix(at.table, "_data"))
	if p == nil || len(loads) == 0 {
		return nil
	}
	got, err := ps.state.count(ctx, n, p, "cycle = ?", at.cycle)
	if err != nil {
		return err
	}
	ps.state.report.Counted += len(loads)
	for _, l := range loads {
		if differ := compare(n, p, l, got[l.id]); differ != nil {
			broken[l.id] = differ
		}
	}
	return nil
}

// idsOf returns the ids of loads, ascending.
func idsOf(loads []*load) []uint64 {
	ids := make([]uint64, len(loads))
	for i, l := range loads {
		ids[i] = l.id
	}
	slices.Sort(ids)
	return ids
}

// onlyMine reports whether nothing but the insertions of this publish changed a partition since check read it.
func (ps *partitions) onlyMine(at publishPlace, now makeup) bool {
	was := ps.was[at]
	return ps.unsure[at] == 0 && now.mutation == was.mutation && now.rows == was.rows+ps.inserted[at] &&
		(was.uuid == "" || was.uuid == now.uuid)
}
