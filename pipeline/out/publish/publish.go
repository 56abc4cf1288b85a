package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/schemas/period"
)

// Options is where and how a state is published.
type Options struct {
	Server    clickhouse.Options // Database is that of the copy
	Cluster   string             // "" = one server
	Keep      time.Duration      // how long rows stay that no view shows
	Inserts   int                // how many run at once; 0 = 2
	DryRun    bool               // say what would be done
	TakeOver  bool               // publish over the copy of another lake
	Rebalance bool               // put files where their bucket belongs now
	Progress  func(stage string, done, total int64)
	// StopAt is called at the named points (StopPoints); an error ends the publish there. nil = nothing.
	StopAt func(point string) error
}

// The stop points of a publish, in order.
const (
	StepConnected       = "publish-connected"
	StepAdopted         = "publish-adopted" // after each server whose copy was of the layout before version 3
	StepMigrated        = "publish-migrated"
	StepInserted        = "publish-inserted" // after each INSERT
	StepVerified        = "publish-verified" // after each, before it is noted
	StepLoaded          = "publish-loaded"   // all rows are there
	StepBeforePointer   = "publish-before-pointer"
	StepBetweenPointers = "publish-between-pointers" // of two servers
	StepMoved           = "publish-moved"
	StepBeforeClean     = "publish-before-clean"
	StepForgotten       = "publish-forgotten" // earlier pointers are deleted, what they alone named is there
	StepCleaned         = "publish-cleaned"
)

// StopPoints lists the stop points in order.
func StopPoints() []string {
	return []string{
		StepConnected,
		StepAdopted,
		StepMigrated,
		StepInserted,
		StepVerified,
		StepLoaded,
		StepBeforePointer,
		StepBetweenPointers,
		StepMoved,
		StepBeforeClean,
		StepForgotten,
		StepCleaned,
	}
}

// OtherLakeError says that the server shows another lake.
type OtherLakeError struct {
	Server, Database string
	Theirs           Pointer
}

// Error names what is there.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("clickhouse %s: database %s contains the copy of another lake (manifest %d, as of %s)", e.Server,
		e.Database, e.Theirs.Manifest, e.Theirs.AsOf)
}

// Hint is what to do about it.
func (e *OtherLakeError) Hint() string {
	return "check clickhouse.dsn; if this lake is to take its place, for instance because it was rebuilt: `tollbook " +
		"publish --take-over`"
}

// run is one publish in the making.
type run struct {
	o      *Options
	src    *Source
	schema Schema
	nodes  *nodes
	tables []*published
	items  []*item
	base   Pointer // what is shown now
	begun  uint64  // an id of the begin
	report *Report

	noted   map[uint64]*load // every load that is noted
	whole   map[key]*load    // loads of the items, counted
	was     map[place]makeup
	changed map[place]bool // partitions that were counted, or inserted into

	mu       sync.Mutex
	inserted map[place]uint64 // rows
	unsure   map[place]int    // insertions that did not end: nobody knows what of them is there
	rows     int64            // sent so far
}

// Publish brings the copy to a state of the lake. Errors: *clickhouse.Error, *DifferError, *AlteredError, *NewerError,
// *OtherLakeError, *NoClusterError, *rows.NoCycleError, those of the lake; the views show one whole state whatever
// happens.
func Publish(ctx context.Context, o *Options, src *Source) (report *Report, err error) {
	const turns = 3 // another publisher that moves the pointer each time is one too many
	for range turns {
		r := &run{o: o, src: src, schema: Schema{o.Server.Database, o.Cluster}, tables: theTables(src.Samples),
			noted: make(map[uint64]*load), whole: make(map[key]*load), was: make(map[place]makeup),
			changed:  make(map[place]bool),
			inserted: make(map[place]uint64), unsure: make(map[place]int)}
		r.report = newReport(o, src)
		err = r.publish(ctx)
		if moved := new(MovedError); !errors.As(err, &moved) {
			return r.report, err
		}
	}
	return nil, err
}

func (r *run) publish(ctx context.Context) (err error) {
	if r.nodes, err = connect(ctx, r.o.Server, r.o.Cluster); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.nodes.close()) }()
	if err := r.step(StepConnected); err != nil {
		return err
	}
	if whole, err := r.prepare(ctx); err != nil || !whole {
		return err
	}
	if err := r.inspect(ctx); err != nil {
		return err
	}
	missing, err := r.match(ctx)
	if err != nil {
		return err
	}
	r.report.plan(r.items, missing)
	if r.o.DryRun {
		return nil
	}
	if err := r.loadAll(ctx, missing); err != nil {
		return err
	}
	if err := r.totals(); err != nil {
		return err
	}
	next := r.next()
	if err := r.show(ctx, next); err != nil {
		return err
	}
	if err := r.note(ctx, r.shownAt(next)); err != nil {
		return err
	}
	return r.tidy(ctx)
}

// step is a stop point.
func (r *run) step(point string) error {
	if r.o.StopAt == nil {
		return nil
	}
	return r.o.StopAt(point)
}

// sent counts rows for whoever watches.
func (r *run) sent(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows += int64(n)
	if r.o.Progress != nil {
		r.o.Progress("publish: rows", r.rows, 0)
	}
}

// prepare brings tables and views up to date. whole is false where a dry run finds tables missing: there is nothing to
// inspect at. On a cluster every server has its tables before any has the views over them.
func (r *run) prepare(ctx context.Context) (whole bool, err error) {
	plans, states := make([][]step, len(r.nodes.all)), make([]state, len(r.nodes.all))
	for i, n := range r.nodes.all {
		if plans[i], states[i], err = r.schema.plan(ctx, n.Conn); err != nil {
			return false, err
		}
	}
	if r.o.DryRun {
		return r.wouldRun(ctx, plans, states)
	}
	if err := r.adopt(ctx, states); err != nil {
		return false, err
	}
	if err := r.apply(ctx, plans, func(s step) bool { return s.version > 0 }); err != nil {
		return false, err
	}
	if err := r.columns(ctx); err != nil { // before views are made over them
		return false, err
	}
	if err := r.apply(ctx, plans, func(s step) bool { return s.version == 0 }); err != nil {
		return false, err
	}
	return true, r.step(StepMigrated)
}

// wouldRun notes what a publish would run.
func (r *run) wouldRun(ctx context.Context, plans [][]step, states []state) (whole bool, err error) {
	whole = true
	for i, n := range r.nodes.all {
		for _, s := range plans[i] {
			r.report.DDL = append(r.report.DDL, n.Address()+": "+s.name)
		}
		r.adopts(n, &states[i])
		whole = whole && states[i].whole
	}
	if !whole {
		r.items, err = r.src.items(r.tables)
		r.report.plan(r.items, r.items)
		return false, err
	}
	return true, r.columns(ctx)
}

// adopts notes that a server's copy is of the layout before version 3.
func (r *run) adopts(n *node, st *state) {
	if !st.adopted && slices.Contains(st.old, "published") {
		r.report.Adopted = append(r.report.Adopted, n.Address())
	}
}

// adopt takes over what versions 1 and 2 laid out.
func (r *run) adopt(ctx context.Context, states []state) error {
	for i, n := range r.nodes.all {
		r.adopts(n, &states[i])
	}
	if len(r.report.Adopted) == 0 {
		return nil
	}
	ids, err := r.ids(ctx, 1)
	if err != nil {
		return err
	}
	for i, n := range r.nodes.all {
		if err := r.schema.adopt(ctx, n.Conn, states[i], ids[0]); err != nil {
			return err
		}
		if err := r.step(StepAdopted); err != nil {
			return err
		}
	}
	return nil
}

// apply runs the chosen steps on every server.
func (r *run) apply(ctx context.Context, plans [][]step, chosen func(step) bool) error {
	for i, n := range r.nodes.all {
		for _, s := range plans[i] {
			if !chosen(s) {
				continue
			}
			if err := r.schema.apply(ctx, n.Conn, s); err != nil {
				return err
			}
			r.report.DDL = append(r.report.DDL, n.Address()+": "+s.name)
		}
	}
	return nil
}

// columns checks the tables of every server.
func (r *run) columns(ctx context.Context) error {
	return each(ctx, r.nodes.all, func(ctx context.Context, n *node) error {
		return r.schema.checkColumns(ctx, n.Conn, r.tables)
	})
}

// inspect reads what is shown and what is noted, and whose copy it is.
func (r *run) inspect(ctx context.Context) (err error) {
	if r.base, _, err = r.readPointer(ctx); err != nil {
		return err
	}
	origin, err := r.src.Snap.Origin()
	if err != nil {
		return err
	}
	r.report.Manifest, r.report.Was = uint64(r.src.Snap.Manifest.Number), r.base.Manifest
	if r.base.Number != 0 && r.base.Lake != string(origin) && !r.o.TakeOver {
		return &OtherLakeError{r.nodes.all[0].Address(), r.schema.Database, r.base}
	}
	ids, err := r.ids(ctx, 1)
	if err != nil {
		return err
	}
	r.begun = ids[0]
	return r.readLoads(ctx)
}

// readLoads reads every load that is noted. What an earlier layout noted is known only to be deleted one day.
func (r *run) readLoads(ctx context.Context) error {
	var id, rows uint64
	var name, path, cycle string
	var in uint16
	var shard uint32
	var sums []string
	return r.nodes.all[0].Each(ctx, clickhouse.Select{
		What: "read loads",
		SQL:  "SELECT load, table_name, path, layout, cycle, shard, rows, sums FROM " + r.schema.name("loads"),
		Into: []any{&id, &name, &path, &in, &cycle, &shard, &rows, &sums}, Begin: func() { clear(r.noted) },
	}, func() error {
		if in != layout {
			path = ""
		}
		if old := r.noted[id]; old != nil && old.path != "" {
			return nil // another publisher took it for a stray before it was noted
		}
		r.noted[id] = &load{id: id, table: name, path: path, cycle: cycle, shard: int(shard), rows: int64(rows),
			sums: slices.Clone(sums)}
		return nil
	})
}

// match finds the items whose rows are there, and returns those that are missing.
func (r *run) match(ctx context.Context) ([]*item, error) {
	var err error
	if r.items, err = r.src.items(r.tables); err != nil {
		return nil, err
	}
	byKey := make(map[key]*load)
	for id, l := range r.noted {
		k := key{l.table, l.path}
		if old := byKey[k]; l.path != "" && r.usable(l) && (old == nil || r.better(id, old.id)) {
			byKey[k] = l
		}
	}
	var there []*load
	for _, i := range r.items {
		if l := byKey[i.key()]; l != nil && (!r.o.Rebalance || l.shard == shardOf(i, r.nodes.shards)) {
			there = append(there, l)
			r.whole[i.key()] = l
		}
	}
	for _, id := range r.base.Loads {
		if l := r.noted[id]; l != nil && !r.inScope(l.cycle) {
			there = append(there, l)
		}
	}
	broken, err := r.check(ctx, there)
	if err != nil {
		return nil, err
	}
	var missing []*item
	for _, i := range r.items {
		l := r.whole[i.key()]
		if l != nil && broken[l.id] != nil {
			r.report.Repaired = append(r.report.Repaired, broken[l.id].text())
			delete(r.whole, i.key())
			l = nil
		}
		if l == nil {
			missing = append(missing, i)
		}
	}
	return missing, nil
}

// inScope reports whether a cycle is published now.
func (r *run) inScope(cycle string) bool {
	return cycle == "" || r.src.Cycle == "" || cycle == r.src.Cycle
}

// shows reports whether the views show a load.
func (r *run) shows(id uint64) bool {
	_, found := slices.BinarySearch(r.base.Loads, id)
	return found
}

// usable reports whether a load may be shown: it is, or it is so young that nobody takes it for waste before it is
// (PUB-6).
func (r *run) usable(l *load) bool {
	young := r.begun>>22 < l.id>>22+uint64(r.o.Keep.Milliseconds()/2)
	return l.shard < r.nodes.shards && (r.shows(l.id) || young)
}

// better prefers a load that is shown, then the older one.
func (r *run) better(id, than uint64) bool {
	if r.shows(id) != r.shows(than) {
		return r.shows(id)
	}
	return id < than
}

// loadAll inserts what is missing, several groups at once.
func (r *run) loadAll(ctx context.Context, missing []*item) error {
	inserts := r.o.Inserts
	if inserts < 1 {
		inserts = 2
	}
	work, within := errgroup.WithContext(ctx)
	work.SetLimit(inserts)
	byKey := make(map[key]*item, len(missing))
	for _, i := range missing {
		byKey[i.key()] = i
	}
	for _, g := range groups(missing, r.nodes.shards) {
		work.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			loads, err := r.load(within, g)
			if err != nil {
				return err
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			for i := range loads {
				l := &loads[i]
				r.whole[key{l.table, l.path}], r.noted[l.id] = l, l
				r.report.inserted(l)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return r.step(StepLoaded)
}

// next is the pointer to what this publish brings: the loads of its items, and what is shown of cycles that it leaves
// alone.
func (r *run) next() *Pointer {
	m := &r.src.Snap.Manifest
	origin, _ := r.src.Snap.Origin() // was read before
	p := &Pointer{Lake: string(origin), Manifest: uint64(m.Number), Hash: string(r.src.Snap.Hash)}
	if asOf, err := period.ParseInstant(m.AsOf); err == nil {
		p.AsOf = asOf
	}
	for _, i := range r.items {
		if l := r.whole[i.key()]; l.rows > 0 {
			p.Loads = append(p.Loads, l.id)
		}
	}
	of := make(map[string]uint64)
	if r.base.Lake == p.Lake {
		for i, cycle := range r.base.Cycles {
			if !r.inScope(cycle) {
				of[cycle] = r.base.Manifests[i]
			}
		}
		for _, id := range r.base.Loads {
			if l := r.noted[id]; l != nil && !r.inScope(l.cycle) {
				p.Loads = append(p.Loads, id)
			}
		}
	}
	for _, ref := range m.Cycles {
		if r.inScope(ref.Cycle) && ref.Archived == nil {
			of[ref.Cycle] = p.Manifest
		}
	}
	for _, cycle := range slices.Sorted(maps.Keys(of)) {
		p.Cycles, p.Manifests = append(p.Cycles, cycle), append(p.Manifests, of[cycle])
	}
	slices.Sort(p.Loads)
	return p
}

// shownAt are the loads of a pointer by partition.
func (r *run) shownAt(p *Pointer) map[place][]uint64 {
	out := make(map[place][]uint64)
	for at := range r.changed {
		out[at] = nil
	}
	for _, id := range p.Loads {
		l := r.noted[id]
		for _, n := range r.nodes.of(l.shard) {
			out[placeOf(n, l)] = append(out[placeOf(n, l)], id)
		}
	}
	return out
}

// show moves the pointer if there is something new to show. Servers that are behind get the pointer that the others
// have.
func (r *run) show(ctx context.Context, next *Pointer) error {
	if r.base.Number != 0 && next.same(&r.base) {
		now, behind, err := r.readPointer(ctx)
		if err != nil {
			return err
		}
		if now.Number != r.base.Number {
			return &MovedError{r.base.Number, now.Number}
		}
		return each(ctx, behind, func(ctx context.Context, n *node) error { return r.put(ctx, n, &now) })
	}
	live, err := r.src.Snap.Live()
	if err != nil {
		return err
	}
	if !live {
		return &lake.MovedError{Name: "HEAD", Was: r.src.Snap.Manifest.Number}
	}
	if err := r.move(ctx, next); err != nil {
		return err
	}
	r.report.Changed = true
	return nil
}
