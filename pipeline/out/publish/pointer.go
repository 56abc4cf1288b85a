package publish

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/publish/content"
	"github.com/tollbook/tollbook/schemas/period"
)

// Pointer identifies the state that the views show.
type Pointer struct {
	Number   uint64 // rises with every move; 0 = nothing was published yet
	Moved    period.Instant
	Lake     string // hash of the lake's first manifest
	Manifest uint64
	Hash     string // of the manifest
	AsOf     period.Instant
	// Cycles, and the manifest of which each was published: these differ if a cycle was published alone.
	Cycles    []string
	Manifests []uint64
	Loads     []uint64 // ascending
}

// Live reads the pointer of a server. ok is false if there is none yet. Errors: *OldLayoutError, *clickhouse.Error.
func Live(ctx context.Context, c *clickhouse.Conn, database string) (p Pointer, ok bool, err error) {
	return before(ctx, c, database, math.MaxInt64)
}

// before reads the newest pointer with a number below last.
func before(ctx context.Context, c *clickhouse.Conn, database string, last uint64) (p Pointer, ok bool, err error) {
	var moved, asOf time.Time
	sql := "SELECT number, moved_at, lake, manifest, manifest_hash, as_of, cycles, cycle_manifests, loads FROM " +
		Schema{Database: database}.name("published") +
		" WHERE number < ? ORDER BY number DESC LIMIT 1"
	err = c.Each(ctx, clickhouse.Select{
		What: "read the pointer", SQL: sql, Args: []any{last},
		Into:  []any{&p.Number, &moved, &p.Lake, &p.Manifest, &p.Hash, &asOf, &p.Cycles, &p.Manifests, &p.Loads},
		Begin: func() { p, ok = Pointer{}, false },
	}, func() error {
		p.Moved, p.AsOf, ok = period.Instant(moved.UnixMicro()), period.Instant(asOf.UnixMicro()), true
		return nil
	})
	if clickhouse.NotThere(err) {
		return Pointer{}, false, oldLayout(ctx, c, database)
	}
	return p, ok, err
}

// OldLayoutError reports that an older program published the copy, into tables that this program does not read.
type OldLayoutError struct{ Server, Database string }

// Error names the server and the database.
func (e *OldLayoutError) Error() string {
	return fmt.Sprintf("clickhouse %s: database %s has the layout of an older version of tollbook", e.Server,
		e.Database)
}

// Hint names the command that moves the tables.
func (e *OldLayoutError) Hint() string {
	return "`tollbook publish` moves its tables to " + e.Database + InternalSuffix
}

// oldLayout returns *OldLayoutError if the pointer is in the database of the views.
func oldLayout(ctx context.Context, c *clickhouse.Conn, database string) error {
	var n uint64
	sql := "SELECT count() FROM system.tables WHERE database = ? AND name = 'published' AND engine != 'View'"
	if err := c.One(ctx, "look for the tables", sql, []any{database}, &n); err != nil || n == 0 {
		return err
	}
	return &OldLayoutError{c.Address(), database}
}

// same reports whether two pointers show the same state.
func (p *Pointer) same(o *Pointer) bool {
	return p.Lake == o.Lake && p.Manifest == o.Manifest && p.Hash == o.Hash && slices.Equal(p.Loads, o.Loads) &&
		slices.Equal(p.Cycles, o.Cycles) &&
		slices.Equal(p.Manifests, o.Manifests)
}

// Older describes the cycles that the views show of an earlier manifest than the pointer's: another cycle was published
// alone since.
func (p *Pointer) Older() (list []OlderCycle) {
	for i, cycle := range p.Cycles {
		if p.Manifests[i] != p.Manifest {
			list = append(list, OlderCycle{cycle, p.Manifests[i]})
		}
	}
	return list
}

// OlderCycle is a cycle that the views show of an earlier manifest than the other cycles.
type OlderCycle struct {
	Cycle    string
	Manifest uint64
}

// String names both.
func (c OlderCycle) String() string { return fmt.Sprintf("%s of manifest %d", c.Cycle, c.Manifest) }

// readPointer returns the newest pointer of all servers, and the servers that have an older one.
func (to *target) readPointer(ctx context.Context) (newest Pointer, behind []*node, err error) {
	found := make([]Pointer, len(to.nodes.all))
	for i, n := range to.nodes.all {
		if found[i], _, err = Live(ctx, n.Conn, to.schema.Database); err != nil {
			return Pointer{}, nil, err
		}
		if found[i].Number > newest.Number {
			newest = found[i]
		}
	}
	for i, n := range to.nodes.all {
		if found[i].Number != newest.Number {
			behind = append(behind, n)
		}
	}
	return newest, behind, nil
}

// put writes a pointer to a server as one row, so a reader finds all of it or nothing. It may be repeated.
func (to *target) put(ctx context.Context, n *node, p *Pointer) error {
	number, manifest := proto.ColUInt64{}, proto.ColUInt64{}
	moved, asOf := proto.ColInt64{}, proto.ColInt64{}
	from, hash := proto.ColStr{}, proto.ColStr{}
	cycles, manifests, loads := new(proto.ColStr).Array(), new(proto.ColUInt64).Array(), new(proto.ColUInt64).Array()
	in := proto.Input{{Name: "number", Data: &number}, {Name: "moved_at", Data: content.Typed(&moved, content.Moment)},
		{Name: "lake", Data: &from},
		{Name: "manifest", Data: &manifest}, {Name: "manifest_hash", Data: &hash},
		{Name: "as_of", Data: content.Typed(&asOf, content.Moment)},
		{Name: "cycles", Data: cycles}, {Name: "cycle_manifests", Data: manifests}, {Name: "loads", Data: loads}}
	return n.Retry(ctx, func() error {
		return n.Insert(ctx, once(to.schema.name("published"), in, func() {
			number.Append(p.Number)
			moved.Append(int64(p.Moved))
			from.Append(p.Lake)
			manifest.Append(p.Manifest)
			hash.Append(p.Hash)
			asOf.Append(int64(p.AsOf))
			cycles.Append(p.Cycles)
			manifests.Append(p.Manifests)
			loads.Append(p.Loads)
		}))
	})
}

// once returns an INSERT of one block.
func once(table string, in proto.Input, fill func()) *clickhouse.Insert {
	done := false
	return &clickhouse.Insert{Table: table, Columns: in, Settings: map[string]string{"async_insert": "0",
		"insert_deduplicate": "0"}, Next: func(context.Context) (bool, error) {
		if done {
			return false, nil
		}
		done = true
		fill()
		return true, nil
	}}
}

// loadRows returns the INSERT that records loads.
func (s Schema) loadRows(loads []load) *clickhouse.Insert {
	id, rows := proto.ColUInt64{}, proto.ColUInt64{}
	layouts, shard := proto.ColUInt16{}, proto.ColUInt32{}
	name, cycle := new(proto.ColStr).LowCardinality(), new(proto.ColStr).LowCardinality()
	path := proto.ColStr{}
	columns, sums := new(proto.ColStr).Array(), new(proto.ColStr).Array()
	in := proto.Input{{Name: "load", Data: &id}, {Name: "table_name", Data: name}, {Name: "path", Data: &path},
		{Name: "layout", Data: &layouts},
		{Name: "cycle", Data: cycle}, {Name: "shard", Data: &shard}, {Name: "rows", Data: &rows},
		{Name: "columns", Data: columns}, {Name: "sums", Data: sums}}
	return once(s.name("loads"), in, func() {
		for i := range loads {
			l := &loads[i]
			id.Append(l.id)
			name.Append(l.table)
			path.Append(l.path)
			layouts.Append(uint16(l.layout))
			cycle.Append(l.cycle)
			shard.Append(uint32(l.shard))
			rows.Append(uint64(l.rows))
			columns.Append(content.Find(content.Tables(true), l.table).SumNames())
			sums.Append(l.sums)
		}
	})
}

// MovedError reports that another publisher moved the pointer during this publish, which then starts over from what is
// shown now.
type MovedError struct {
	Was, Now uint64
	lost     *Pointer // the move of another publisher that Now hides; nil = none
}

// Error names both pointers.
func (e *MovedError) Error() string {
	return fmt.Sprintf("another publisher moved the pointer from %d to %d", e.Was, e.Now)
}

// move makes the views show the loads. All of them were counted on their servers before (PUB-2).
func (c *copyState) move(ctx context.Context, next *Pointer) error {
	if err := c.step(StepBeforePointer); err != nil {
		return err
	}
	now, _, err := c.readPointer(ctx)
	if err != nil {
		return err
	}
	if now.Number != c.base.Number {
		return &MovedError{Was: c.base.Number, Now: now.Number}
	}
	ids, err := c.ids(ctx, 1)
	if err != nil {
		return err
	}
	if next.Number = ids[0]; next.Number <= c.base.Number {
		return fmt.Errorf("clickhouse %s: its clock went back: id %d after %d", c.nodes.all[0].Address(), next.Number,
			c.base.Number)
	}
	if err := c.inTime(next); err != nil {
		return err
	}
	if err := c.step(StepNumbered); err != nil {
		return err
	}
	next.Moved = instantOf(next.Number)
	for i, n := range c.nodes.all {
		if err := c.put(ctx, n, next); err != nil {
			return err
		}
		if i+1 < len(c.nodes.all) {
			if err := c.step(StepBetweenPointers); err != nil {
				return err
			}
		}
	}
	if err := c.step(StepMoved); err != nil {
		return err
	}
	return c.alone(ctx, next)
}

// alone checks that no other publisher moved the pointer from the same base. Its move and this one show what the other
// lacks, so a publisher that finds the move of the other starts over (PUB-16). Moves to the same state lack nothing.
func (c *copyState) alone(ctx context.Context, mine *Pointer) error {
	for _, last := range []uint64{math.MaxInt64, mine.Number} {
		other, ok, err := before(ctx, c.nodes.all[0].Conn, c.schema.Database, last)
		switch {
		case err != nil:
			return err
		case !ok || other.Number == mine.Number || other.Number <= c.base.Number || other.same(mine):
		case other.Number > mine.Number:
			return &MovedError{Was: c.base.Number, Now: other.Number}
		default:
			return &MovedError{Was: c.base.Number, Now: mine.Number, lost: &other}
		}
	}
	return nil
}

// instantOf returns when an id was assigned: its upper 42 bits are milliseconds.
func instantOf(id uint64) period.Instant { return period.Instant(id >> 22 * 1000) }

// inTime rejects loads that another publisher may delete as unused by now (PUB-6).
func (c *copyState) inTime(next *Pointer) error {
	if c.o.Keep == 0 {
		return nil
	}
	for _, id := range next.Loads {
		if _, shown := slices.BinarySearch(c.base.Loads, id); !shown && next.Number>>22 > id>>22+
			uint64(c.o.Keep.Milliseconds()*3/4) {
			return errors.New("publishing took longer than three quarters of clickhouse.keep: increase it, and " +
				"publish again")
		}
	}
	return nil
}
