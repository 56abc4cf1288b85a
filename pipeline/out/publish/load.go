package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// load is one insertion of one item: an id that no other insertion has, and the sums of its rows.
type load struct {
	id    uint64
	table string
	path  string
	cycle string
	shard int
	rows  int64
	sums  []string // as Tally.Texts returns them
}

// group is the content of one INSERT: items of one table, cycle and shard.
type group struct {
	table *Table
	cycle string
	shard int
	items []*Item
	rows  int64
}

// The size of an INSERT. The server makes a part of every maxRows rows that it receives: a large file becomes few
// parts, and many small files become one.
const (
	maxRows  = 1 << 20
	maxItems = 1000
)

// groups divides items into INSERTs, those of a bucket next to each other. Each INSERT becomes a part of the server's
// table, and a query for a customer, who is in one bucket, reads every part that has rows of the customer. Groups of
// one table, cycle and shard have about the same number of rows; if they are several, their number is a multiple of
// inserts.
func groups(items []*Item, shards, inserts int) []*group {
	items = slices.SortedStableFunc(slices.Values(items), func(a, b *Item) int {
		return cmp.Or(strings.Compare(a.Table.Name, b.Table.Name), strings.Compare(a.Cycle, b.Cycle),
			cmp.Compare(a.Bucket, b.Bucket))
	})
	type place struct {
		table, cycle string
		shard        int
	}
	of := func(i *Item) place { return place{i.Table.Name, i.Cycle, shardOf(i, shards)} }
	rows := make(map[place]int64)
	for _, i := range items {
		rows[of(i)] += i.Rows
	}
	open := make(map[place]*group)
	var all []*group
	for _, i := range items {
		at := of(i)
		g := open[at]
		if g == nil || g.rows+i.Rows > maxRows || g.rows >= share(rows[at], inserts) || len(g.items) == maxItems {
			g = &group{table: i.Table, cycle: i.Cycle, shard: at.shard}
			open[at] = g
			all = append(all, g)
		}
		g.items = append(g.items, i)
		g.rows += i.Rows
	}
	return all
}

// share returns the number of rows that makes a group complete: maxRows if all rows fit into one group, else a share
// such that the number of groups is a multiple of the number of concurrent inserts.
func share(rows int64, inserts int) int64 {
	n := (rows + maxRows - 1) / maxRows
	if n <= 1 {
		return maxRows
	}
	at := int64(inserts)
	n = (n + at - 1) / at * at
	return (rows + n - 1) / n
}

// shardOf returns the shard of an item's rows: by bucket; without a bucket the first shard (PUB-9).
func shardOf(i *Item, shards int) int {
	if i.Bucket == lake.NoBucket {
		return 0
	}
	return i.Bucket % shards
}

// insertSettings make the server write few parts, whatever its profile sets.
func insertSettings() map[string]string {
	return map[string]string{
		"async_insert": "0", "insert_deduplicate": "0", "max_insert_threads": "1",
		"min_insert_block_size_rows": fmt.Sprint(maxRows), "min_insert_block_size_bytes": "536870912",
	}
}

// sender feeds a group into one INSERT.
type sender struct {
	loader *loader
	group  *group
	loads  []load
	block  *Block
	at     int // index of the current item; -1 before the first
	tally  *Tally
	next   func() (*parquet.Columns[tables.Any], error, bool)
	stop   func()
}

// insert sends a group to one server and returns its loads, each with the rows and sums that were sent. It does not
// check them on the server: verify does.
func (ld *loader) insert(ctx context.Context, n *Server, g *group, ids []uint64) (loads []load, err error) {
	s := &sender{loader: ld, group: g, block: NewBlock(g.table), at: -1, stop: func() {}}
	for k, i := range g.items {
		s.loads = append(s.loads, load{id: ids[k], table: g.table.Name, path: i.Path, cycle: g.cycle, shard: g.shard})
	}
	defer func() { s.stop() }()
	at := publishPlace{n.Address(), g.table.Data(), g.cycle}
	ld.begins(at)
	err = n.Insert(ctx, &ServerInsert{Table: ld.state.schema.name(g.table.Data()), Columns: s.block.Input,
		Settings: insertSettings(), Next: s.more})
	if err == nil {
		ld.ends(at, s.loads)
	}
	return s.loads, err
}

// begins records the begin of an insertion: until it ends, it is unknown which of its rows are there.
func (ps *partitions) begins(at publishPlace) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.changed[at] = true
	ps.unsure[at]++
}

// ends records that a server has accepted all of an insertion.
func (ps *partitions) ends(at publishPlace, loads []load) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.unsure[at]--
	for i := range loads {
		ps.inserted[at] += uint64(loads[i].rows)
	}
}

// more fills the next block; false means the end of the group.
func (s *sender) more(ctx context.Context) (bool, error) {
	for {
		if s.at < 0 {
			if err := s.begin(ctx, 0); err != nil {
				return false, err
			}
		}
		cols, err, ok := s.next()
		switch {
		case err != nil:
			return false, err
		case ok && cols.N == 0:
		case ok:
			s.block.Fill(s.loads[s.at].id, s.group.cycle, cols)
			s.loader.sent(cols.N)
			return true, s.tally.Add(cols)
		default:
			if err := s.end(); err != nil {
				return false, err
			}
			if s.at+1 == len(s.group.items) {
				return false, nil
			}
			if err := s.begin(ctx, s.at+1); err != nil {
				return false, err
			}
		}
	}
}

// begin starts reading an item.
func (s *sender) begin(ctx context.Context, at int) (err error) {
	s.stop()
	s.at = at
	s.next, s.stop = iter.Pull2(s.group.items[at].Read(ctx))
	s.tally, err = NewTally(s.group.table)
	return err
}

// end records the sums of the current item and compares them with the manifest.
func (s *sender) end() error {
	l, i := &s.loads[s.at], s.group.items[s.at]
	l.rows, l.sums = s.tally.Rows, s.tally.Texts()
	if !i.Known {
		return nil
	}
	if l.rows != i.Rows {
		return &DifferError{What: i.Path, Column: "rows", Left: fmt.Sprintf("%d in the manifest", i.Rows),
			Right: fmt.Sprintf("%d in the file", l.rows)}
	}
	for _, sum := range i.Sums {
		for k, name := range s.group.table.SumNames() {
			if want := TrimZeros(sum.Value); name == sum.Column && want != l.sums[k] {
				return &DifferError{What: i.Path, Column: name, Left: want + " in the manifest", Right: l.sums[k] +
					" in the file"}
			}
		}
	}
	return nil
}

// load inserts a group on every server of its shard and verifies it there. It repeats a transient failure with new ids,
// and a difference once, because another publisher may be at work.
func (ld *loader) load(ctx context.Context, g *group) (loads []load, err error) {
	members := ld.state.nodes.Of(g.shard)
	if len(members) == 0 {
		return nil, fmt.Errorf("cluster %s has no server of shard %d", ld.state.schema.Cluster, g.shard+1)
	}
	for try := range 2 {
		err = members[0].Retry(ctx, func() error {
			ids, err := ld.state.ids(ctx, len(g.items))
			if err != nil {
				return err
			}
			for _, n := range members {
				if loads, err = ld.insert(ctx, n, g, ids); err != nil {
					return err
				}
				if err = ld.state.step(StepInserted); err != nil {
					return err
				}
				if err = ld.verify(ctx, n, g.table, g.cycle, loads); err != nil {
					return err
				}
			}
			return nil
		})
		if differ := new(DifferError); !errors.As(err, &differ) || try > 0 {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return loads, ld.record(ctx, loads)
}

// ids returns new ids: no server assigns one twice, and they rise with time.
func (to *target) ids(ctx context.Context, n int) ([]uint64, error) {
	var list []uint64
	var id uint64
	err := to.nodes.All[0].Each(ctx, ServerSelect{
		What: "ask for ids", SQL: "SELECT generateSnowflakeID() FROM numbers(?)", Args: []any{n}, Into: []any{&id},
		Begin: func() { list = list[:0] },
	}, func() error {
		list = append(list, id)
		return nil
	})
	if err == nil && len(list) != n {
		err = fmt.Errorf("clickhouse %s: requested %d ids, got %d", to.nodes.All[0].Address(), n, len(list))
	}
	return list, err
}

// id returns one new id.
func (to *target) id(ctx context.Context) (uint64, error) {
	ids, err := to.ids(ctx, 1)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// milliseconds returns when an id was assigned, since 1970 by the clock of the first server: its upper 42 bits.
func milliseconds(id uint64) int64 { return int64(id >> 22) }

// record writes verified loads to every server. If the publish is interrupted, the next one uses them instead of
// inserting them again.
func (ld *loader) record(ctx context.Context, loads []load) error {
	if err := ld.state.step(StepVerified); err != nil {
		return err
	}
	return EachServer(ctx, ld.state.nodes.All, func(ctx context.Context, n *Server) error {
		return n.Retry(ctx, func() error { return n.Insert(ctx, ld.state.schema.loadRows(loads)) })
	})
}
