package run

import (
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run/lastrun"
	"github.com/tollbook/tollbook/pipeline/run/newfiles"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books/sheet"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// The result of a run is a function of the program, the settings, the books, the lake's state and the feed files that
// are not ingested yet. Apart from new records, only incentives depend on the clock, and workspaces with programmes are
// excluded here. So if a run had nothing left to do, and nothing changed since, the next run without a new file can be
// skipped. It need not read the books for that: their hash is enough.
//
// The record of such a run is outside the lake, next to the hashes of the inbox. If it is lost or damaged, the run is
// performed.

// SkipIfUnchanged reports the result of a nightly run or an ingest, by its command, without performing it, if it is
// certain that there is nothing to do. The Workspace then has no books. Otherwise the report is nil: the run must be
// performed, and reports any error.
func SkipIfUnchanged(ctx context.Context, dir, command string, o workspace.Options) (w *workspace.Workspace,
	report *workspace.Report, err error) {
	known := lastrun.Load(&o)
	if known == nil || known.Program != o.Program || o.AcceptRejects != "" {
		return nil, nil, nil
	}
	w = &workspace.Workspace{Dir: dir}
	if w.Settings, err = settings.Load(workspace.SettingsFile(dir)); err != nil || w.Settings.Hash != known.Settings {
		return nil, nil, nil //nolint:nilerr // the run reads the settings too, and reports the error
	}
	c := &lastRunCheck{&runState{ws: w, o: o, report: &workspace.Report{Command: command, AsOf: o.AsOf,
		Reasons: make(map[string]int64), FeedReasons: make(map[string]map[string]int64)}}, known}
	if !c.unchanged(ctx) {
		return nil, nil, nil
	}
	done, err := c.skip()
	if err != nil || !done {
		return nil, nil, err
	}
	return w, c.state.report, nil
}

// lastRunCheck decides from the stored state of the last run whether a run has nothing to do.
type lastRunCheck struct {
	state *runState
	known *lastrun.State
}

// unchanged reports whether lake, inbox and books are as they were stored. The result is false if something cannot be
// read; the run then reports it.
func (c *lastRunCheck) unchanged(ctx context.Context) bool {
	l, err := c.state.ws.Lake(c.state.o)
	if err != nil {
		return false
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number != c.known.Number || snap.Hash != c.known.Manifest {
		return false
	}
	if c.state.ws.LacksInbox() {
		return false
	}
	fsys, err := c.state.ws.InboxOf(&c.state.o)
	if err != nil {
		return false
	}
	if all, err := c.allTaken(ctx, snap, c.state.newFiles(fsys)); err != nil || !all {
		return false
	}
	root, err := workspace.BooksRoot(c.state.ws.Dir, &c.state.ws.Settings)
	if err != nil {
		return false
	}
	sum, err := sheet.Hash(root)
	return err == nil && sum == c.known.Books
}

// allTaken reports whether every file of the inbox that this run would take has a known hash and was already taken.
func (c *lastRunCheck) allTaken(ctx context.Context, snap *lake.Snapshot, files *newfiles.Finder) (bool, error) {
	inputs, err := snap.Inputs()
	if err != nil {
		return false, err
	}
	type input struct{ feed, hash string }
	taken := make(map[input]bool, len(inputs))
	for i := range inputs {
		taken[input{inputs[i].Feed, inputs[i].Hash}] = true
	}
	hashes, err := inbox.LoadHashes(c.state.o.HashCache)
	if err != nil {
		return false, err
	}
	if err := files.Strangers(); err != nil {
		return false, err
	}
	for _, spec := range accept.Feeds() {
		refs, err := files.Offered(spec.Name)
		if err != nil {
			return false, err
		}
		for _, ref := range refs {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if hash, known := hashes.Known(files.Inbox, ref.Name); !known || !taken[input{spec.Name, hash}] {
				return false, nil
			}
		}
	}
	c.state.o.Debug(notHashed, hashes.Save())
	return true, nil
}

// skip takes the lock, checks and clears up as every run does, and fills the report. done is false if another run has
// committed, or if something that the run would read is damaged; the run then reports it.
func (c *lastRunCheck) skip() (done bool, err error) {
	l, err := c.state.ws.Lake(c.state.o)
	if err != nil {
		return false, err
	}
	if c.state.txn, err = l.Begin(); err != nil {
		c.state.o.BeginStage(workspace.StageBegin)
		return false, err
	}
	defer func() { err = errors.Join(err, c.state.txn.Close()) }()
	base := c.state.txn.SubTxn.Base()
	if base.Manifest.Number != c.known.Number || base.Hash != c.known.Manifest || lastrun.Check(base) != nil {
		return false, nil
	}
	for _, stage := range []string{workspace.StageBegin, workspace.StageInbox, workspace.StageScan,
		workspace.StageEvents, workspace.StageFold, workspace.StageSettle, workspace.StageRejects,
		workspace.StageTotals, workspace.StageCommit} {
		c.state.o.BeginStage(stage)
	}
	c.state.report.Manifest, c.state.report.Totals = base.Manifest.Number, slices.Clone(base.Manifest.Totals)
	for _, e := range base.Manifest.Loose {
		if e.FileKey == rejects.OpenKey() {
			c.state.report.Rejects += e.Rows
		}
	}
	return true, nil
}

// remember stores, after a run that took new files in, that nothing is left to do, if that is certain.
func (r *runState) remember(l *lake.Lake) {
	if r.o.LastRunFile == "" || r.o.Program == "" || !r.job.takesIn() || len(r.ws.Books.Programmes) > 0 ||
		r.ws.Books.UsesMoney() || len(r.next.Entries.Find(event.MoneyKey())) > 0 ||
		len(r.ws.Settings.Costs.Sources.All()) > 0 ||
		r.ws.Settings.Publishes() {
		return
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number == 0 || snap.Manifest.Number != r.report.Manifest {
		return // another run committed after this one and decides for itself
	}
	if r.report.Changed && !r.plain(snap) {
		return // probably nothing is left; the next run decides
	}
	if len(r.next.Entries.Find(manifest.FileKey{Table: tables.Incentives().Name, Bucket: manifest.NoBucket})) > 0 {
		return
	}
	s := lastrun.State{Program: r.o.Program, Settings: r.ws.Settings.Hash, Books: r.ws.Books.Hash,
		Number: snap.Manifest.Number, Manifest: snap.Hash}
	s.Save(&r.o)
}

// plain reports whether a state has only what runs calculate day by day from new records, so that the next run would
// change nothing: no event is decided again, no balance is carried forward, no late record is billed again.
func (r *runState) plain(snap *lake.Snapshot) bool {
	if r.ws.Settings.Payments != settings.AssumeCash || len(r.ws.Books.Coupons) > 0 {
		return false
	}
	for _, cycle := range lastrun.Cycles(snap) {
		if slices.ContainsFunc(r.next.Entries.Files(cycle),
			func(e manifest.FileEntry) bool { return !lastrun.Bulk(e.Table) }) {
			return false
		}
	}
	return true
}

// takesIn reports whether a job only takes in new files.
func (j *job) takesIn() bool {
	return j.cycle == place.NoCycle && !j.dryRun && !j.retry && j.rerate == nil
}
