package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Options says where and how a state is published.
type Options struct {
	Server    ServerOptions // Database is that of the copy
	Cluster   string        // "" = one server
	Keep      time.Duration // how long rows that no view shows are kept
	Inserts   int           // how many of the lake's files run at once; 0 = 2
	DryRun    bool          // report what would be done
	TakeOver  bool          // publish over the copy of another lake
	Rebalance bool          // move files to the current shards of their buckets
	Progress  func(stage string, done, total int64)
	// Elsewhere has other processes insert the large files of these buckets (InsertBucket). This process inserts the
	// files that are still missing when it returns. nil means that this process inserts all.
	Elsewhere  func(ctx context.Context, buckets []int) error
	BucketRows int64 // the fewest rows of a table and cycle in a bucket for Elsewhere; 0 = default; for tests
	// StopAt is called at the named points (StopPoints); an error ends the publish there. nil = nothing.
	StopAt func(point string) error
}

// The stop points of a publish, in order.
const (
	StepConnected       = "publish-connected"
	StepCreated         = "publish-created"  // tables and views are there
	StepInserted        = "publish-inserted" // after each INSERT
	StepVerified        = "publish-verified" // after each one, before it is recorded
	StepLoaded          = "publish-loaded"   // all rows are there
	StepBeforePointer   = "publish-before-pointer"
	StepNumbered        = "publish-numbered"         // the next pointer has its number
	StepBetweenPointers = "publish-between-pointers" // of two servers
	StepMoved           = "publish-moved"
	StepBeforeClean     = "publish-before-clean"
	StepForgotten       = "publish-forgotten" // earlier pointers are deleted, rows that only they named are not
	StepCleaned         = "publish-cleaned"
)

// StopPoints lists the stop points in order.
func StopPoints() []string {
	return []string{StepConnected, StepCreated, StepInserted, StepVerified, StepLoaded, StepBeforePointer, StepNumbered,
		StepBetweenPointers, StepMoved, StepBeforeClean, StepForgotten, StepCleaned}
}

// OtherLakeError reports that the server shows another lake.
type OtherLakeError struct {
	Server, Database string
	Theirs           Pointer
}

// Error names the server, the database and the state that it shows.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("clickhouse %s: database %s contains the copy of another lake (manifest %d, as of %s)", e.Server,
		e.Database, e.Theirs.Manifest, e.Theirs.AsOf)
}

// Diagnosis implements problem.Diagnosed.
func (e *OtherLakeError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"check clickhouse.dsn; if this lake is to take its place, for instance because it was rebuilt: `tollbook " +
			"publish --take-over`"
}

// target has what is published, where, and the report of it.
type target struct {
	o      *Options
	src    *Source
	schema Schema
	nodes  *Servers
	tables []*Table
	report *Report
}

// copyState has what the copy contains and shows, and the items that it is to show.
type copyState struct {
	*target
	base    Pointer // what is shown now
	begun   uint64  // an id assigned after base was read
	settled []settled
	items   []*Item
	noted   map[uint64]*load // every recorded load
	whole   map[Key]*load    // loads of the items, counted
}

// partitions records the changes to the servers' partitions.
type partitions struct {
	state   *copyState
	was     map[publishPlace]makeup
	changed map[publishPlace]bool // partitions that were counted or inserted into

	mu       sync.Mutex
	inserted map[publishPlace]uint64 // rows
	unsure   map[publishPlace]int    // insertions that did not end: it is unknown which of their rows are there
}

// publishing is one publish: its stages in order.
type publishing struct{ *partitions }

// newRun returns a publish that has not begun.
func newRun(o *Options, src *Source) *publishing {
	to := &target{o: o, src: src, schema: Schema{o.Server.Database, o.Cluster}, tables: Tables(src.Samples),
		report: newReport(o, src)}
	state := &copyState{target: to, noted: make(map[uint64]*load), whole: make(map[Key]*load)}
	return &publishing{&partitions{state: state, was: make(map[publishPlace]makeup),
		changed:  make(map[publishPlace]bool),
		inserted: make(map[publishPlace]uint64), unsure: make(map[publishPlace]int)}}
}

// Publish brings the copy to a state of the lake. Errors: *ServerError, *DifferError, *AlteredError, *NewerError,
// *OtherLakeError, *NoClusterError, *rows.NoCycleError, those of the lake; for one cycle also an error if
// the state that is shown is not in the history of the lake. After an error too, the views show one complete state.
func Publish(ctx context.Context, o *Options, src *Source) (report *Report, err error) {
	const turns = 4          // attempts while other publishers move the pointer
	var before []*Report     // of earlier attempts
	moved := new(MovedError) // of the last one
	for range turns {
		r := newRun(o, src)
		err = r.publish(ctx)
		if !errors.As(err, &moved) {
			r.state.report.after(before)
			return r.state.report, err
		}
		r.state.report.StartedOver = []string{moved.Why}
		before = append(before, r.state.report)
		if moved.all {
			all := *src
			all.Cycle = lake.Cycle{}
			src = &all
		}
	}
	return nil, err
}

func (r *publishing) publish(ctx context.Context) (err error) {
	if r.state.nodes, err = ConnectAll(ctx, r.state.o.Server, r.state.o.Cluster); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.state.nodes.Close()) }()
	if err := r.state.step(StepConnected); err != nil {
		return err
	}
	if whole, err := (&preparation{r.state.target}).prepare(ctx); err != nil || !whole {
		return err
	}
	if err := r.state.inspect(ctx); err != nil {
		return err
	}
	missing, err := r.match(ctx)
	if err != nil {
		return err
	}
	r.state.report.plan(r.state.items, missing)
	if r.state.o.DryRun {
		return nil
	}
	ld := &loader{partitions: r.partitions}
	if missing, err = ld.elsewhere(ctx, missing); err != nil {
		return err
	}
	if err := ld.loadAll(ctx, missing); err != nil {
		return err
	}
	if err := r.state.totals(); err != nil {
		return err
	}
	next := r.state.next()
	if err := r.state.show(ctx, next); err != nil {
		return err
	}
	if err := r.state.settle(ctx, max(r.state.base.Number, next.Number)); err != nil {
		return err
	}
	if err := r.note(ctx, r.shownAt(next)); err != nil {
		return err
	}
	return (&cleaner{r.partitions}).tidy(ctx)
}

// step calls StopAt.
func (to *target) step(point string) error {
	if to.o.StopAt == nil {
		return nil
	}
	return to.o.StopAt(point)
}

// sent reports the number of rows sent so far.
func (ld *loader) sent(n int) {
	ld.mu.Lock()
	defer ld.mu.Unlock()
	ld.rows += int64(n)
	if ld.state.o.Progress != nil {
		ld.state.o.Progress("publish: rows", ld.rows, 0)
	}
}

// preparation creates the tables and views of the servers.
type preparation struct{ *target }

// prepare creates tables and views. whole is false if a dry run finds tables missing: there is nothing to
// inspect then. On a cluster every server gets its tables before any gets the views over them.
func (pr *preparation) prepare(ctx context.Context) (whole bool, err error) {
	plans, states := make([][]step, len(pr.nodes.All)), make([]state, len(pr.nodes.All))
	for i, n := range pr.nodes.All {
		if plans[i], states[i], err = pr.schema.plan(ctx, n.Conn); err != nil {
			return false, err
		}
	}
	if pr.o.DryRun {
		return pr.wouldRun(ctx, plans, states)
	}
	if err := pr.apply(ctx, plans, func(s step) bool { return s.version > 0 }); err != nil {
		return false, err
	}
	if err := pr.columns(ctx); err != nil { // before views are created over them
		return false, err
	}
	if err := pr.apply(ctx, plans, func(s step) bool { return s.version == 0 }); err != nil {
		return false, err
	}
	return true, pr.step(StepCreated)
}

// wouldRun reports what a publish would run.
func (pr *preparation) wouldRun(ctx context.Context, plans [][]step, states []state) (whole bool, err error) {
	whole = true
	for i, n := range pr.nodes.All {
		for _, s := range plans[i] {
			pr.report.DDL = append(pr.report.DDL, n.Address()+": "+s.name)
		}
		whole = whole && states[i].whole
	}
	if !whole {
		items, err := pr.src.Items(ctx, pr.tables)
		pr.report.plan(items, items)
		return false, err
	}
	return true, pr.columns(ctx)
}

// apply runs the chosen steps on every server.
func (pr *preparation) apply(ctx context.Context, plans [][]step, chosen func(step) bool) error {
	for i, n := range pr.nodes.All {
		for _, s := range plans[i] {
			if !chosen(s) {
				continue
			}
			if err := pr.schema.apply(ctx, n.Conn, s); err != nil {
				return err
			}
			pr.report.DDL = append(pr.report.DDL, n.Address()+": "+s.name)
		}
	}
	return nil
}

// columns checks the tables of every server.
func (to *target) columns(ctx context.Context) error {
	return EachServer(ctx, to.nodes.All, func(ctx context.Context, n *Server) error {
		return to.schema.checkColumns(ctx, n.Conn, to.tables)
	})
}

// inspect reads the pointer, the recorded loads, and which lake the copy is of.
func (c *copyState) inspect(ctx context.Context) (err error) {
	var behind []*Server
	if c.base, behind, err = c.readPointer(ctx); err != nil {
		return err
	}
	origin, err := c.src.Snap.Origin()
	if err != nil {
		return err
	}
	c.report.Manifest, c.report.Was = uint64(c.src.Snap.Manifest.Number), c.base.Manifest
	empty := c.base.Lake == "" // nothing is shown, or an empty lake
	if !empty && c.base.Lake != string(origin) && !c.o.TakeOver {
		return &OtherLakeError{c.nodes.All[0].Address(), c.schema.Database, c.base}
	}
	if !empty && c.base.Lake == string(origin) && !c.src.Cycle.IsZero() &&
		!lake.InHistory(c.src.Snap, int64(c.base.Manifest), lake.Hash(c.base.Hash)) {
		if err := c.current(); err != nil { // a run has published a newer state since
			return err
		}
		return fmt.Errorf("publish cycle %s: the views show manifest %d, which is not in the history of the lake: "+
			"`tollbook publish` without --cycle publishes all cycles", c.src.Cycle, c.base.Manifest)
	}
	if !c.src.Cycle.IsZero() && origin != "" {
		if hides, err := c.hides(ctx, string(origin)); err != nil || hides {
			return cmp.Or(err, error(&MovedError{Why: "the views hide a later state of another cycle", all: true}))
		}
	}
	if c.begun, err = c.id(ctx); err != nil {
		return err
	}
	if len(behind) == 0 {
		c.settled = append(c.settled, settled{c.base.Number, c.begun})
	}
	return c.readLoads(ctx)
}

// readLoads reads every recorded load. A load without a path is read only to be deleted later.
func (c *copyState) readLoads(ctx context.Context) error {
	var id, rows uint64
	var name, path, cycle string
	var shard uint32
	var sums []string
	return c.nodes.All[0].Each(ctx, ServerSelect{
		What: "read loads",
		SQL:  "SELECT load, table_name, path, cycle, shard, rows, sums FROM " + c.schema.name("loads"),
		Into: []any{&id, &name, &path, &cycle, &shard, &rows, &sums}, Begin: func() { clear(c.noted) },
	}, func() error {
		if old := c.noted[id]; old != nil && old.path != "" {
			return nil // another publisher recorded it as a stray before it was recorded
		}
		c.noted[id] = &load{id: id, table: name, path: path, cycle: cycle, shard: int(shard), rows: int64(rows),
			sums: slices.Clone(sums)}
		return nil
	})
}

// usableLoads returns the recorded loads that may be shown, the best one of each item.
func (c *copyState) usableLoads() map[Key]*load {
	byKey := make(map[Key]*load)
	for id, l := range c.noted {
		k := Key{Table: l.table, Path: l.path}
		if old := byKey[k]; l.path != "" && c.usable(l) && (old == nil || c.better(id, old.id)) {
			byKey[k] = l
		}
	}
	return byKey
}

// match finds the items whose rows are on the servers, and returns the missing ones.
func (r *publishing) match(ctx context.Context) ([]*Item, error) {
	var err error
	if r.state.items, err = r.state.src.Items(ctx, r.state.tables); err != nil {
		return nil, err
	}
	byKey := r.state.usableLoads()
	var there []*load
	for _, i := range r.state.items {
		l := byKey[i.Key()]
		if l != nil && (!r.state.o.Rebalance || l.shard == shardOf(i, r.state.nodes.Shards)) {
			there = append(there, l)
			r.state.whole[i.Key()] = l
		}
	}
	for _, id := range r.state.base.Loads {
		l := r.state.noted[id]
		if l == nil && !r.state.src.Cycle.IsZero() {
			return nil, fmt.Errorf("publish cycle %s: %s lacks a load that the views show: `tollbook publish` without "+
				"--cycle inserts its rows again", r.state.src.Cycle, r.state.schema.name("loads"))
		}
		if l != nil && !r.state.inScope(l.cycle) {
			there = append(there, l)
		}
	}
	broken, err := r.check(ctx, there)
	if err != nil {
		return nil, err
	}
	var missing []*Item
	for _, i := range r.state.items {
		l := r.state.whole[i.Key()]
		if l != nil && broken[l.id] != nil {
			r.state.report.Repaired = append(r.state.report.Repaired, broken[l.id].text())
			delete(r.state.whole, i.Key())
			l = nil
		}
		if l == nil {
			missing = append(missing, i)
		}
	}
	return missing, nil
}

// inScope reports whether a cycle is published now.
func (to *target) inScope(cycle string) bool {
	return cycle == "" || to.src.Cycle.IsZero() || cycle == to.src.Cycle.String()
}

// shows reports whether the views show a load.
func (c *copyState) shows(id uint64) bool {
	_, found := slices.BinarySearch(c.base.Loads, id)
	return found
}

// usable reports whether a load may be shown: it is shown already, or it is young enough that no publisher deletes it
// as unused before the pointer moves (PUB-6).
func (c *copyState) usable(l *load) bool {
	young := milliseconds(c.begun) < milliseconds(l.id)+c.o.Keep.Milliseconds()/2
	return l.shard < c.nodes.Shards && (c.shows(l.id) || young)
}

// better prefers a load that is shown, then the older one.
func (c *copyState) better(id, than uint64) bool {
	if c.shows(id) != c.shows(than) {
		return c.shows(id)
	}
	return id < than
}

// loader inserts rows, several groups at once.
type loader struct {
	*partitions
	mu   sync.Mutex // guards rows, and the loads and the report of the publish
	rows int64      // sent so far
}

// loadAll inserts the missing items, several groups at once. Calculated items are inserted concurrently, one group
// after the other, because the server spends most of the time waiting for them.
func (ld *loader) loadAll(ctx context.Context, missing []*Item) error {
	inserts := ld.state.o.Inserts
	if inserts < 1 {
		inserts = 2
	}
	files := slices.DeleteFunc(slices.Clone(missing), func(i *Item) bool { return i.Calculated })
	others := slices.DeleteFunc(slices.Clone(missing), func(i *Item) bool { return !i.Calculated })
	both, within := errgroup.WithContext(ctx)
	both.Go(func() error { return ld.loadGroups(within, others, 1) })
	both.Go(func() error { return ld.loadGroups(within, files, inserts) })
	if err := both.Wait(); err != nil {
		return err
	}
	return ld.state.step(StepLoaded)
}

// loadGroups inserts items, up to inserts groups at once.
func (ld *loader) loadGroups(ctx context.Context, items []*Item, inserts int) error {
	work, within := errgroup.WithContext(ctx)
	work.SetLimit(inserts)
	for _, g := range groups(items, ld.state.nodes.Shards, inserts) {
		work.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			loads, err := ld.load(within, g)
			if err != nil {
				return err
			}
			ld.mu.Lock()
			defer ld.mu.Unlock()
			for i := range loads {
				l := &loads[i]
				ld.state.whole[Key{Table: l.table, Path: l.path}], ld.state.noted[l.id] = l, l
				ld.state.report.inserted(l)
			}
			return nil
		})
	}
	return work.Wait()
}

// next returns the pointer to the loads of this publish and those that are shown of cycles out of its scope.
func (c *copyState) next() *Pointer {
	m := &c.src.Snap.Manifest
	origin, _ := c.src.Snap.Origin() // was read before
	p := &Pointer{Lake: string(origin), Manifest: uint64(m.Number), Hash: string(c.src.Snap.Hash)}
	p.AsOf, _ = period.ParseInstant(m.AsOf) // 0 in the empty lake, which has none
	for _, i := range c.items {
		if l := c.whole[i.Key()]; l.rows > 0 {
			p.Loads = append(p.Loads, l.id)
		}
	}
	of := make(map[string]uint64)
	if c.base.Lake == p.Lake {
		for i, cycle := range c.base.Cycles {
			if !c.inScope(cycle) {
				of[cycle] = c.base.Manifests[i]
			}
		}
		for _, id := range c.base.Loads {
			if l := c.noted[id]; l != nil && !c.inScope(l.cycle) {
				p.Loads = append(p.Loads, id)
			}
		}
	}
	for _, ref := range m.Cycles {
		if cycle := ref.Cycle.String(); c.inScope(cycle) && ref.Archived == nil {
			of[cycle] = p.Manifest
		}
	}
	for _, cycle := range slices.Sorted(maps.Keys(of)) {
		p.Cycles, p.Manifests = append(p.Cycles, cycle), append(p.Manifests, of[cycle])
	}
	slices.Sort(p.Loads)
	return p
}

// shownAt returns the loads of a pointer by partition.
func (ps *partitions) shownAt(p *Pointer) map[publishPlace][]uint64 {
	out := make(map[publishPlace][]uint64)
	for at := range ps.changed {
		out[at] = nil
	}
	for _, id := range p.Loads {
		l := ps.state.noted[id]
		for _, n := range ps.state.nodes.Of(l.shard) {
			out[placeOf(n, l)] = append(out[placeOf(n, l)], id)
		}
	}
	return out
}

// current returns a *lake.MovedError if the state is no longer the newest of the lake.
func (to *target) current() error {
	live, err := to.src.Snap.Live()
	if err == nil && !live {
		err = &lake.MovedError{Name: "HEAD", Was: to.src.Snap.Manifest.Number}
	}
	return err
}

// show moves the pointer if there is something new to show. Otherwise servers with an older pointer get the newest one.
func (c *copyState) show(ctx context.Context, next *Pointer) error {
	if err := c.current(); err != nil {
		return err
	}
	if c.base.Number != 0 && next.same(&c.base) {
		now, behind, err := c.readPointer(ctx)
		if err != nil {
			return err
		}
		if now.Number != c.base.Number {
			return c.movedTo(now.Number)
		}
		return EachServer(ctx, behind, func(ctx context.Context, n *Server) error {
			return c.put(ctx, n, &now)
		})
	}
	return c.move(ctx, next)
}
