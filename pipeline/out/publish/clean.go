package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
)

// waste is a load that no view shows.
type waste struct {
	id    uint64
	table string
	cycle string
	since uint64 // id of the move that dropped it; of one that was never shown its own
}

// cleanTime is how long a publish waits for the server to delete. What takes longer continues by itself.
const cleanTime = 20 * time.Second

// tidy cleans up, and reports what the server would not delete: what the views show is right without it.
func (r *run) tidy(ctx context.Context) error {
	if err := r.step(StepBeforeClean); err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	err := r.clean(short)
	var failed *clickhouse.Error
	switch {
	case err == nil:
		return r.step(StepCleaned)
	case ctx.Err() != nil || !errors.As(err, &failed):
		return err
	}
	r.report.Uncleaned = failed.Error()
	if short.Err() != nil {
		r.report.Uncleaned = "the server takes long to delete" + r.mutationFails(ctx)
	}
	return nil
}

// mutationFails is why a server does not get on with deleting, as far as it says.
func (r *run) mutationFails(ctx context.Context) string {
	for _, n := range r.nodes.all {
		var why string
		sql := "SELECT max(latest_fail_reason) FROM system.mutations WHERE database = ? AND NOT is_done"
		if err := n.One(ctx, "read system.mutations", sql, []any{r.schema.Internal()}, &why); err == nil && why != "" {
			return ": clickhouse " + n.Address() + ": " + why
		}
	}
	return ""
}

// clean deletes rows that nobody can see any more (PUB-6): dropped longer ago than Keep, and before every query that
// runs now began.
func (r *run) clean(ctx context.Context) error {
	if err := r.adoptStrays(ctx); err != nil {
		return err
	}
	list, moves, err := r.wasted(ctx)
	if err != nil {
		return err
	}
	ids, err := r.ids(ctx, 1)
	if err != nil {
		return err
	}
	now := ids[0] >> 22
	oldest, err := r.oldest(ctx)
	if err != nil {
		return err
	}
	gone := func(id uint64) bool {
		age := int64(now) - int64(id>>22)
		return age > r.o.Keep.Milliseconds() && age > oldest
	}
	list = slices.DeleteFunc(list, func(w waste) bool {
		if gone(w.since) {
			return false
		}
		r.report.Waiting++
		return true
	})
	// A row of the pointer goes when the move after it is that old, and before any row that it names (PUB-11): what is
	// to be deleted was dropped by such a move or an earlier one. Its loads, if this ends before they are deleted, are
	// then known as never shown.
	var old []uint64
	for i := 0; i+1 < len(moves); i++ {
		if gone(moves[i+1]) {
			old = append(old, moves[i])
		}
	}
	if len(old) > 0 {
		if err := r.deleteEverywhere(ctx, "published", "number", old); err != nil {
			return err
		}
	}
	if err := r.step(StepForgotten); err != nil {
		return err
	}
	if err := r.remove(ctx, list); err != nil {
		return err
	}
	return r.dropOld(ctx, gone)
}

// oldest is how many milliseconds ago the oldest query that runs on any server began.
func (r *run) oldest(ctx context.Context) (oldest int64, err error) {
	for _, n := range r.nodes.all {
		elapsed, err := r.oldestQuery(ctx, n)
		if err != nil {
			return 0, err
		}
		oldest = max(oldest, elapsed)
	}
	return oldest, nil
}

// oldestQuery is how many milliseconds ago the oldest query that runs on a server began, those of this publish aside.
// Queries without a user are the server's own.
func (r *run) oldestQuery(ctx context.Context, n *node) (int64, error) {
	var elapsed int64
	sql := "SELECT toInt64(ceil(max(elapsed) * 1000)) + 1 FROM system.processes WHERE user != '' AND query_id != " +
		"queryID()"
	err := n.One(ctx, "read system.processes", sql, nil, &elapsed)
	return elapsed, err
}

// adoptStrays notes loads that are in the tables and were not noted: what a publish that was stopped left behind.
// Tables that are made of what they were made of hold none.
func (r *run) adoptStrays(ctx context.Context) error {
	known := make(map[uint64]bool)
	for id := range r.noted {
		known[id] = true
	}
	var strays []load
	for _, n := range r.nodes.holders() {
		for _, at := range slices.SortedFunc(maps.Keys(r.changed), comparePlaces) {
			if at.server != n.Address() {
				continue
			}
			var id uint64
			var found []uint64
			err := n.Each(ctx, clickhouse.Select{
				What: "look for rows of no known load",
				SQL:  "SELECT DISTINCT load FROM " + r.schema.name(at.table) + " WHERE cycle = ?",
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
						shard: n.shard})
				}
			}
		}
	}
	if len(strays) == 0 {
		return nil
	}
	for i := range strays {
		r.noted[strays[i].id] = &strays[i]
	}
	return each(ctx, r.nodes.all, func(ctx context.Context, n *node) error {
		return n.Retry(ctx, func() error { return n.Insert(ctx, r.schema.loadRows(strays)) })
	})
}

// wasted lists the loads that are noted and not shown, and all moves of the pointer, oldest first.
func (r *run) wasted(ctx context.Context) ([]waste, []uint64, error) {
	shown, err := r.history(ctx)
	if err != nil {
		return nil, nil, err
	}
	moves := slices.Sorted(maps.Keys(shown))
	dropped := make(map[uint64]uint64) // by load: the move after the last that named it
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
	for id, l := range r.noted {
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

// history is what each move of the pointer named, over all servers.
func (r *run) history(ctx context.Context) (map[uint64][]uint64, error) {
	shown := make(map[uint64][]uint64)
	var number uint64
	var loads []uint64
	for _, n := range r.nodes.all {
		err := n.Each(ctx, clickhouse.Select{
			What: "read earlier pointers", SQL: "SELECT number, loads FROM " + r.schema.name("published"),
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

// remove deletes the rows of loads, and then what is noted of them.
func (r *run) remove(ctx context.Context, list []waste) error {
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
		p := find(theTables(true), at.table)
		if p == nil {
			continue
		}
		sql := fmt.Sprintf("DELETE FROM %s IN PARTITION '%s' WHERE load IN (%s)", r.schema.name(p.data()), at.cycle,
			join(loads))
		err := each(ctx, r.nodes.holders(), func(ctx context.Context, n *node) error {
			return n.Do(clickhouse.With(ctx, "lightweight_deletes_sync", "1"), "delete rows that no view shows", sql)
		})
		if err != nil {
			return err
		}
	}
	r.report.Cleaned = len(list)
	return r.deleteEverywhere(ctx, "loads", "load", ids)
}

// deleteEverywhere deletes rows of a small table on every server.
func (r *run) deleteEverywhere(ctx context.Context, table, column string, ids []uint64) error {
	sql := fmt.Sprintf("DELETE FROM %s WHERE %s IN (%s)", r.schema.name(table), column, join(ids))
	return each(ctx, r.nodes.all, func(ctx context.Context, n *node) error {
		return n.Do(clickhouse.With(ctx, "lightweight_deletes_sync", "1"), "delete what is noted of what no view shows",
			sql)
	})
}

// note keeps what partitions are made of now that they were found right, so that the next publish need not count them
// again. A partition in which more happened than this publish did is left to be counted.
func (r *run) note(ctx context.Context, shown map[place][]uint64) error {
	for _, n := range r.nodes.holders() {
		now, err := r.makeups(ctx, n)
		if err != nil {
			return err
		}
		names, cycles, texts := new(proto.ColStr).LowCardinality(), new(proto.ColStr).LowCardinality(), proto.ColStr{}
		in := proto.Input{{Name: "table_name", Data: names}, {Name: "cycle", Data: cycles},
			{Name: "parts", Data: &texts}}
		var list []place
		for _, at := range slices.SortedFunc(maps.Keys(shown), comparePlaces) {
			if at.server == n.Address() && r.changed[at] && r.onlyMine(at, now[at]) {
				list = append(list, at)
			}
		}
		if len(list) == 0 {
			continue
		}
		err = n.Retry(ctx, func() error {
			return n.Insert(ctx, once(r.schema.name("checks"), in, func() {
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
