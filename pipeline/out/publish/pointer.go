package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
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

// Live reads the pointer of a server. ok is false if there is none yet. Errors: *ServerError.
func Live(ctx context.Context, c *Conn, database string) (Pointer, bool, error) {
	list, err := pointers(ctx, c, database, "ORDER BY number DESC LIMIT 1")
	if len(list) == 0 {
		return Pointer{}, false, err
	}
	return list[0], true, err
}

// pointers reads the rows of the pointer that the rest of a SELECT chooses.
func pointers(ctx context.Context, c *Conn, database, rest string, args ...any) (list []Pointer, err error) {
	var p Pointer
	var moved, asOf time.Time
	err = c.Each(ctx, ServerSelect{
		What: "read the pointer", Args: args,
		SQL: "SELECT number, moved_at, lake, manifest, manifest_hash, as_of, cycles, cycle_manifests, loads FROM " +
			Schema{Database: database}.name("published") + " " + rest,
		Into:  []any{&p.Number, &moved, &p.Lake, &p.Manifest, &p.Hash, &asOf, &p.Cycles, &p.Manifests, &p.Loads},
		Begin: func() { list = nil },
	}, func() error {
		p.Moved, p.AsOf = period.Instant(moved.UnixMicro()), period.Instant(asOf.UnixMicro())
		list = append(list, p)
		p = Pointer{}
		return nil
	})
	if TableMissing(err) {
		return nil, nil
	}
	return list, err
}

// same reports whether two pointers show the same state.
func (p *Pointer) same(o *Pointer) bool {
	return p.Lake == o.Lake && p.Manifest == o.Manifest && p.Hash == o.Hash && slices.Equal(p.Loads, o.Loads) &&
		slices.Equal(p.Cycles, o.Cycles) &&
		slices.Equal(p.Manifests, o.Manifests)
}

// manifestOf returns the manifest of which a cycle is shown; 0 = it is not shown.
func (p *Pointer) manifestOf(cycle string) uint64 {
	if i := slices.Index(p.Cycles, cycle); i >= 0 {
		return p.Manifests[i]
	}
	return 0
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
func (to *target) readPointer(ctx context.Context) (newest Pointer, behind []*Server, err error) {
	found := make([]Pointer, len(to.nodes.All))
	for i, n := range to.nodes.All {
		if found[i], _, err = Live(ctx, n.Conn, to.schema.Database); err != nil {
			return Pointer{}, nil, err
		}
		if found[i].Number > newest.Number {
			newest = found[i]
		}
	}
	for i, n := range to.nodes.All {
		if found[i].Number != newest.Number {
			behind = append(behind, n)
		}
	}
	return newest, behind, nil
}

// put writes a pointer to a server as one row, so a reader finds all of it or nothing. It may be repeated.
func (to *target) put(ctx context.Context, n *Server, p *Pointer) error {
	number, manifest := proto.ColUInt64{}, proto.ColUInt64{}
	moved, asOf := proto.ColInt64{}, proto.ColInt64{}
	from, hash := proto.ColStr{}, proto.ColStr{}
	cycles, manifests, loads := new(proto.ColStr).Array(), new(proto.ColUInt64).Array(), new(proto.ColUInt64).Array()
	in := proto.Input{{Name: "number", Data: &number}, {Name: "moved_at", Data: Typed(&moved, Moment)},
		{Name: "lake", Data: &from},
		{Name: "manifest", Data: &manifest}, {Name: "manifest_hash", Data: &hash},
		{Name: "as_of", Data: Typed(&asOf, Moment)},
		{Name: "cycles", Data: cycles}, {Name: "cycle_manifests", Data: manifests}, {Name: "loads", Data: loads}}
	return n.Retry(ctx, func() error {
		return n.Insert(ctx, OneBlock(to.schema.name("published"), in, func() {
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

// loadRows returns the INSERT that records loads.
func (s Schema) loadRows(loads []load) *ServerInsert {
	id, rows := proto.ColUInt64{}, proto.ColUInt64{}
	shard := proto.ColUInt32{}
	name, cycle := new(proto.ColStr).LowCardinality(), new(proto.ColStr).LowCardinality()
	path := proto.ColStr{}
	columns, sums := new(proto.ColStr).Array(), new(proto.ColStr).Array()
	in := proto.Input{{Name: "load", Data: &id}, {Name: "table_name", Data: name}, {Name: "path", Data: &path},
		{Name: "cycle", Data: cycle}, {Name: "shard", Data: &shard}, {Name: "rows", Data: &rows},
		{Name: "columns", Data: columns}, {Name: "sums", Data: sums}}
	return OneBlock(s.name("loads"), in, func() {
		for i := range loads {
			l := &loads[i]
			id.Append(l.id)
			name.Append(l.table)
			path.Append(l.path)
			cycle.Append(l.cycle)
			shard.Append(uint32(l.shard))
			rows.Append(uint64(l.rows))
			columns.Append(Find(Tables(true), l.table).SumNames())
			sums.Append(l.sums)
		}
	})
}

// MovedError reports that a publish starts over from what is shown now, because another publisher moved the pointer or
// may have deleted new rows as unused.
type MovedError struct {
	Why string
	all bool // the next attempt publishes all cycles
}

// Error returns the reason.
func (e *MovedError) Error() string { return e.Why }

// movedTo returns the error of a publisher that found a pointer of another one.
func (c *copyState) movedTo(number uint64) *MovedError {
	return &MovedError{Why: fmt.Sprintf("another publisher moved the pointer from %d to %d", c.base.Number, number)}
}

// Diagnosis implements problem.Diagnosed.
func (e *MovedError) Diagnosis() (problem.Class, string) {
	return problem.Retryable, "publish again when no other publish runs"
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
		return c.movedTo(now.Number)
	}
	if next.Number, err = c.id(ctx); err != nil {
		return err
	}
	if next.Number <= c.base.Number {
		return fmt.Errorf("clickhouse %s: its clock went back: id %d after %d", c.nodes.All[0].Address(), next.Number,
			c.base.Number)
	}
	if err := c.inTime(next); err != nil {
		return err
	}
	if err := c.step(StepNumbered); err != nil {
		return err
	}
	next.Moved = period.Instant(milliseconds(next.Number) * 1000)
	for i, n := range c.nodes.All {
		if err := c.put(ctx, n, next); err != nil {
			return err
		}
		if i+1 < len(c.nodes.All) {
			if err := c.step(StepBetweenPointers); err != nil {
				return err
			}
		}
	}
	c.report.Changed = true
	if err := c.step(StepMoved); err != nil {
		return err
	}
	return c.alone(ctx, next)
}

// alone checks that no other publisher moved the pointer since the base: its move and this one may each lack what the
// other shows, so the publisher starts over (PUB-16). Moves to the same state lack nothing. It starts over too if the
// move took so long that another publisher may have deleted new loads as unused (PUB-6).
func (c *copyState) alone(ctx context.Context, mine *Pointer) error {
	others, err := pointers(ctx, c.nodes.All[0].Conn, c.schema.Database, "WHERE number > ? AND number != ?",
		c.base.Number, mine.Number)
	for i := range others {
		if !others[i].same(mine) {
			moved := c.movedTo(others[i].Number)
			moved.all = true
			return moved
		}
	}
	if err != nil || c.o.Keep == 0 {
		return err
	}
	now, err := c.id(ctx)
	if err == nil && milliseconds(now) > milliseconds(mine.Number)+c.o.Keep.Milliseconds()/4 {
		return &MovedError{Why: "the move of the pointer took longer than a quarter of clickhouse.keep", all: true}
	}
	return err
}

// hides reports whether the views show an earlier state of a cycle out of scope than an earlier pointer of this lake's
// history does, or an archived cycle of an earlier manifest than such a pointer of all cycles: publishers moved at the
// same time, and one of them was killed before it looked for others.
func (c *copyState) hides(ctx context.Context, origin string) (bool, error) {
	archived := make(map[string]bool)
	for _, ref := range c.src.Snap.Manifest.Cycles {
		archived[ref.Cycle.String()] = ref.Archived != nil
	}
	list, err := pointers(ctx, c.nodes.All[0].Conn, c.schema.Database, "WHERE number < ? AND lake = ?", c.base.Number,
		origin)
	for i := range list {
		p, later := &list[i], false
		for k, cycle := range p.Cycles {
			later = later || !archived[cycle] && !c.inScope(cycle) && p.Manifests[k] > c.base.manifestOf(cycle)
		}
		for k, cycle := range c.base.Cycles {
			later = later || archived[cycle] && len(p.Older()) == 0 && p.Manifest > c.base.Manifests[k]
		}
		if later && lake.InHistory(c.src.Snap, int64(p.Manifest), lake.Hash(p.Hash)) {
			return true, nil
		}
	}
	return false, err
}

// inTime rejects loads that another publisher may delete as unused by now (PUB-6).
func (c *copyState) inTime(next *Pointer) error {
	if c.o.Keep == 0 {
		return nil
	}
	for _, id := range next.Loads {
		if !c.shows(id) && milliseconds(next.Number) > milliseconds(id)+c.o.Keep.Milliseconds()*3/4 {
			return errors.New("publishing took longer than three quarters of clickhouse.keep: increase it, and " +
				"publish again")
		}
	}
	return nil
}
