package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// waste is a load that no view shows.
type waste struct {
	id    uint64
	table string
	cycle string
	since uint64 // id of the move that dropped the load; its own id if it was never shown
}

// cleanTime is how long a publish waits for the server to delete. The server continues a longer deletion by itself.
const cleanTime = 20 * time.Second

// cleaner deletes rows that no view shows and no query reads any more.
type cleaner struct{ *partitions }

// tidy cleans up and reports a failed deletion without an error: what the views show is correct without it.
func (cl *cleaner) tidy(ctx context.Context) error {
	if err := cl.state.step(StepBeforeClean); err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	err := cl.clean(short)
	var failed *ServerError
	switch {
	case err == nil:
		return cl.state.step(StepCleaned)
	case ctx.Err() != nil || !errors.As(err, &failed):
		return err
	}
	cl.state.report.Uncleaned = failed.Error()
	if short.Err() != nil {
		cl.state.report.Uncleaned = "the server takes long to delete" + cl.mutationFails(ctx)
	}
	return nil
}

// mutationFails returns the reason that a server gives for a deletion that fails, or "".
func (cl *cleaner) mutationFails(ctx context.Context) string {
	for _, n := range cl.state.nodes.All {
		var why string
		sql := "SELECT max(latest_fail_reason) FROM system.mutations WHERE database = ? AND NOT is_done"
		internal := []any{cl.state.schema.Internal()}
		if err := n.One(ctx, "read system.mutations", sql, internal, &why); err == nil && why != "" {
			return ": clickhouse " + n.Address() + ": " + why
		}
	}
	return ""
}

// clean deletes rows that no query can see any more (PUB-6): rows dropped longer ago than Keep, and before every
// running query began.
func (cl *cleaner) clean(ctx context.Context) error {
	if err := cl.adoptStrays(ctx); err != nil {
		return err
	}
	now, err := cl.state.id(ctx) // before the history: what is in it was dropped at that age or earlier
	if err != nil {
		return err
	}
	list, moves, err := cl.wasted(ctx)
	if err != nil {
		return err
	}
	began, err := cl.began(ctx)
	if err != nil {
		return err
	}
	gone := func(id uint64) bool {
		return milliseconds(now) > milliseconds(id)+cl.state.o.Keep.Milliseconds() &&
			began > milliseconds(max(id, cl.state.passed(id)))
	}
	list = slices.DeleteFunc(list, func(w waste) bool {
		if gone(w.since) {
			return false
		}
		cl.state.report.Waiting++
		return true
	})
	// A row of the pointer is deleted when the move after it is old enough, and before any row that it names (PUB-11):
	// rows to delete were dropped by such a move or an earlier one. If clean is interrupted before it deletes its
	// loads, the next publish treats them as never shown.
	var old []uint64
	for i := 0; i+1 < len(moves); i++ {
		if gone(moves[i+1]) {
			old = append(old, moves[i])
		}
	}
	if len(old) > 0 {
		if err := cl.deleteEverywhere(ctx, "published", "number", old); err != nil {
			return err
		}
	}
	if err := cl.state.step(StepForgotten); err != nil {
		return err
	}
	return cl.remove(ctx, list)
}

// settled says since which id no server shows an earlier pointer than that of a number. A server may get a pointer long
// after its number was assigned.
type settled struct{ number, since uint64 }

// settle reads what earlier publishes recorded, and records since when every server shows the pointer of a number or a
// later one, once for each number. The rows are in table checks, whose other rows are about partitions of tables.
func (c *copyState) settle(ctx context.Context, number uint64) error {
	now, err := c.id(ctx)
	if err != nil {
		return err
	}
	first, known := c.nodes.All[0], false
	var one settled
	var list []settled
	err = first.Each(ctx, ServerSelect{
		What: "read checks",
		SQL: "SELECT toUInt64OrZero(cycle), toUInt64OrZero(parts) FROM " + c.schema.name("checks") +
			" WHERE table_name = 'published'",
		Into: []any{&one.number, &one.since}, Begin: func() { list, known = nil, false },
	}, func() error {
		list, known = append(list, one), known || one.number == number
		return nil
	})
	c.settled = append(append(c.settled, settled{number, now}), list...)
	if err != nil || known {
		return err
	}
	return first.Do(ctx, "note when all servers had moved", "INSERT INTO "+c.schema.name("checks")+
		" (table_name, cycle, parts) VALUES ('published', ?, ?)", strconv.FormatUint(number, 10),
		strconv.FormatUint(now, 10))
}

// passed returns an id since which no query can begin to read a load that a pointer dropped, or that has an id.
func (c *copyState) passed(id uint64) (since uint64) {
	for _, s := range c.settled {
		if s.number >= id && (since == 0 || s.since < since) {
			since = s.since
		}
	}
	return since
}

// began returns a time before which no query that runs on any server began, in milliseconds of the server that
// assigns ids.
func (cl *cleaner) began(ctx context.Context) (int64, error) {
	now, err := cl.state.id(ctx) // before the ages are read
	if err != nil {
		return 0, err
	}
	oldest, err := cl.oldest(ctx)
	return milliseconds(now) - oldest, err
}

// oldest returns the age in milliseconds of the oldest running query on any server.
func (cl *cleaner) oldest(ctx context.Context) (oldest int64, err error) {
	for _, n := range cl.state.nodes.All {
		elapsed, err := cl.oldestQuery(ctx, n)
		if err != nil {
			return 0, err
		}
		oldest = max(oldest, elapsed)
	}
	return oldest, nil
}

// oldestQuery returns the age in milliseconds of the oldest query that runs on a server, except this one. Queries
// without a user are the server's own.
func (cl *cleaner) oldestQuery(ctx context.Context, n *Server) (int64, error) {
	var elapsed int64
	sql := "SELECT toInt64(ceil(max(elapsed) * 1000)) + 1 FROM system.processes WHERE user != '' AND query_id != " +
		"queryID()"
	err := n.One(ctx, "read system.processes", sql, nil, &elapsed)
	return elapsed, err
}

// adoptStrays records loads that are in the tables without a record: an interrupted publish left them. Partitions whose
// composition has not changed contain none.
func (cl *cleaner) adoptStrays(ctx context.Context) error {
	known := make(map[uint64]bool)
	for id := range cl.state.noted {
		known[id] = true
	}
	var strays []load
	for _, n := range cl.state.nodes.Holders() {
		for _, at := range slices.SortedFunc(maps.Keys(cl.changed), comparePlaces) {
			if at.server != n.Address() {
				continue
			}
			var id uint64
			var found []uint64
			err := n.Each(ctx, ServerSelect{
				What: "look for rows of no known load",
				SQL:  "SELECT DISTINCT load FROM " + cl.state.schema.name(at.table) + " WHERE cycle = ?",
				Args: []any{at.cycle}, Into: []any{&id}, Begin: func() { found = found[:0] },
			}, func() error {
				found = append(found, id)
				return nil
			})
			if err != nil {
				return err
			}
			for _, id := range found {
				if !known[id] {
					known[id] = true
					strays = append(strays, load{id: id, table: at.table[:len(at.table)-len("_data")], cycle: at.cycle,
						shard: n.Shard})
				}
			}
		}
	}
	if len(strays) == 0 {
		return nil
	}
	for i := range strays {
		cl.state.noted[strays[i].id] = &strays[i]
	}
	return EachServer(ctx, cl.state.nodes.All, func(ctx context.Context, n *Server) error {
		return n.Retry(ctx, func() error { return n.Insert(ctx, cl.state.schema.loadRows(strays)) })
	})
}

// wasted returns the recorded loads that are not shown, and all moves of the pointer, oldest first.
func (cl *cleaner) wasted(ctx context.Context) ([]waste, []uint64, error) {
	shown, err := cl.history(ctx)
	if err != nil {
		return nil, nil, err
	}
	moves := slices.Sorted(maps.Keys(shown))
	dropped := make(map[uint64]uint64) // by load: the move after the last one that named it
	for i, number := range moves {
		for _, id := range shown[number] {
			delete(dropped, id)
			if i+1 < len(moves) {
				dropped[id] = moves[i+1]
			}
		}
	}
	live := make(map[uint64]bool)
	if len(moves) > 0 {
		for _, id := range shown[moves[len(moves)-1]] {
			live[id] = true
		}
	}
	var list []waste
	for id, l := range cl.state.noted {
		if live[id] {
			continue
		}
		since := dropped[id]
		if since == 0 {
			since = id
		}
		list = append(list, waste{id, l.table, l.cycle, since})
	}
	slices.SortFunc(list, func(a, b waste) int { return cmp.Compare(a.id, b.id) })
	return list, moves, nil
}

// history returns the loads that each move of the pointer named, over all servers.
func (cl *cleaner) history(ctx context.Context) (map[uint64][]uint64, error) {
	shown := make(map[uint64][]uint64)
	var number uint64
	var loads []uint64
	for _, n := range cl.state.nodes.All {
		err := n.Each(ctx, ServerSelect{
			What: "read earlier pointers", SQL: "SELECT number, loads FROM " + cl.state.schema.name("published"),
			Into: []any{&number, &loads},
		}, func() error {
			shown[number] = slices.Clone(loads)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// remove deletes the rows of loads, and then their records.
func (cl *cleaner) remove(ctx context.Context, list []waste) error {
	if len(list) == 0 {
		return nil
	}
	type part struct{ table, cycle string }
	byPart := make(map[part][]uint64)
	var ids []uint64
	for _, w := range list {
		at := part{w.table, w.cycle}
		byPart[at] = append(byPart[at], w.id)
		ids = append(ids, w.id)
	}
	for at, loads := range byPart {
		p := Find(Tables(true), at.table)
		if p == nil {
			continue
		}
		sql := fmt.Sprintf("DELETE FROM %s IN PARTITION '%s' WHERE load IN (%s)", cl.state.schema.name(p.Data()),
			at.cycle, join(loads))
		err := EachServer(ctx, cl.state.nodes.Holders(),
			func(ctx context.Context, n *Server) error {
				return n.Do(WithSettings(ctx, "lightweight_deletes_sync", "1"), "delete rows that no view shows",
					sql)
			})
		if err != nil {
			return err
		}
	}
	cl.state.report.Cleaned = len(list)
	return cl.deleteEverywhere(ctx, "loads", "load", ids)
}

// deleteEverywhere deletes rows of a small table on every server.
func (cl *cleaner) deleteEverywhere(ctx context.Context, table, column string, ids []uint64) error {
	sql := fmt.Sprintf("DELETE FROM %s WHERE %s IN (%s)", cl.state.schema.name(table), column, join(ids))
	return EachServer(ctx, cl.state.nodes.All, func(ctx context.Context, n *Server) error {
		return n.Do(WithSettings(ctx, "lightweight_deletes_sync", "1"), "delete what is noted of what no view shows",
			sql)
	})
}

// note records the composition of partitions that were found correct, so that the next publish need not count them
// again. It skips a partition that anything but this publish changed.
func (ps *partitions) note(ctx context.Context, shown map[publishPlace][]uint64) error {
	for _, n := range ps.state.nodes.Holders() {
		now, err := ps.makeups(ctx, n)
		if err != nil {
			return err
		}
		names, cycles, texts := new(proto.ColStr).LowCardinality(), new(proto.ColStr).LowCardinality(), proto.ColStr{}
		in := proto.Input{{Name: "table_name", Data: names}, {Name: "cycle", Data: cycles},
			{Name: "parts", Data: &texts}}
		var list []publishPlace
		for _, at := range slices.SortedFunc(maps.Keys(shown), comparePlaces) {
			if at.server == n.Address() && ps.changed[at] && ps.onlyMine(at, now[at]) {
				list = append(list, at)
			}
		}
		if len(list) == 0 {
			continue
		}
		err = n.Retry(ctx, func() error {
			return n.Insert(ctx, OneBlock(ps.state.schema.name("checks"), in, func() {
				for _, at := range list {
					names.Append(at.table)
					cycles.Append(at.cycle)
					texts.Append(now[at].text(shown[at]))
				}
			}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
