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

// The work of a run is a function of the program, the settings, the books, the lake's state and the feed files that are
// not ingested yet: the same five have the same outcome. Apart from new records, only incentives depend on the clock,
// and workspaces with programmes are excluded here. So a run without a new file, after which nothing was left to do,
// need not be repeated, and the books need not be read for it: their hash is enough.
//
// The record of such a run is outside the lake, next to the hashes of the inbox, and is best effort like them: if it is
// lost or damaged, the run is done.

// SkipIfUnchanged does a night or an ingest, by its command, where it is known that there is nothing to do: as the run
// itself would, without the books, which Workspace lacks then. The report is nil where it is not known; the run is to
// be done then, and reports what is wrong.
func SkipIfUnchanged(ctx context.Context, dir, command string, o workspace.Options) (w *workspace.Workspace,
	report *workspace.Report, err error) {
	known := lastrun.Load(&o)
	if known == nil || known.Program != o.Program || o.AcceptRejects != "" {
		return nil, nil, nil
	}
	w = &workspace.Workspace{Dir: dir}
	if w.Settings, err = settings.Load(workspace.SettingsFile(dir)); err != nil || w.Settings.Hash != known.Settings {
		return nil, nil, nil //nolint:nilerr // the run reads the settings too, and tells
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
	return w, c.report, nil
}

// lastRunCheck finds out whether a run has nothing to do, by what is remembered of the last one.
type lastRunCheck struct {
	*runState
	known *lastrun.State
}

// unchanged reports whether lake, inbox and books are as they are remembered. Whatever cannot be read is not; the run
// tells.
func (c *lastRunCheck) unchanged(ctx context.Context) bool {
	l, err := c.ws.Lake(c.o)
	if err != nil {
		return false
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number != c.known.Number || snap.Hash != c.known.Manifest {
		return false
	}
	fsys, err := c.ws.InboxOf(&c.o)
	if err != nil {
		return false
	}
	if all, err := c.allTaken(ctx, snap, c.newFiles(fsys)); err != nil || !all {
		return false
	}
	root, err := workspace.BooksRoot(c.ws.Dir, &c.ws.Settings)
	if err != nil {
		return false
	}
	sum, err := sheet.Hash(root)
	return err == nil && sum == c.known.Books
}

// allTaken reports whether every file of the inbox that this run would take is remembered, and was taken.
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
	hashes, err := inbox.LoadHashes(c.o.HashCache)
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
	c.o.Debug(notHashed, hashes.Save())
	return true, nil
}

// skip takes the lock, checks and clears up as every run does, and reports. It is not done where another run committed
// meanwhile, or where something is damaged that the run would read: the run tells.
func (c *lastRunCheck) skip() (done bool, err error) {
	l, err := c.ws.Lake(c.o)
	if err != nil {
		return false, err
	}
	if c.txn, err = l.Begin(); err != nil {
		c.o.BeginStage(workspace.StageBegin)
		return false, err
	}
	defer func() { err = errors.Join(err, c.txn.Close()) }()
	base := c.txn.Base()
	if base.Manifest.Number != c.known.Number || base.Hash != c.known.Manifest || lastrun.Check(base) != nil {
		return false, nil
	}
	for _, stage := range []string{workspace.StageBegin, workspace.StageInbox, workspace.StageScan,
		workspace.StageEvents, workspace.StageFold, workspace.StageSettle, workspace.StageRejects,
		workspace.StageTotals, workspace.StageCommit} {
		c.o.BeginStage(stage)
	}
	c.report.Manifest, c.report.Totals = base.Manifest.Number, slices.Clone(base.Manifest.Totals)
	for _, e := range base.Manifest.Loose {
		if e.FileKey == rejects.OpenKey() {
			c.report.Rejects += e.Rows
		}
	}
	return true, nil
}

// remember notes, after a run that took in what was new, that nothing is left to do, if that is so.
func (r *runState) remember(l *lake.Lake) {
	if r.o.LastRunFile == "" || r.o.Program == "" || !r.job.takesIn() || len(r.ws.Books.Programmes) > 0 ||
		r.ws.Books.UsesMoney() || len(r.next.Find(event.MoneyKey())) > 0 ||
		len(r.ws.Settings.Costs.Sources.All()) > 0 ||
		r.ws.Settings.Publishes() {
		return
	}
	snap, err := l.Head()
	if err != nil || snap.Manifest.Number == 0 || snap.Manifest.Number != r.report.Manifest {
		return // another run came after this one: it is asked itself
	}
	if r.report.Changed && !r.plain(snap) {
		return // most likely nothing is left; the next run knows
	}
	if len(r.next.Find(manifest.FileKey{Table: tables.Incentives().Name, Bucket: manifest.NoBucket})) > 0 {
		return
	}
	s := lastrun.State{Program: r.o.Program, Settings: r.ws.Settings.Hash, Books: r.ws.Books.Hash,
		Number: snap.Manifest.Number, Manifest: snap.Hash}
	s.Save(&r.o)
}

// plain reports whether a state holds nothing but what a run folds day by day from new records, so that what it
// committed is what the next one would: no event is decided again, no balance carried on, no late record billed again.
func (r *runState) plain(snap *lake.Snapshot) bool {
	if r.ws.Settings.Payments != settings.AssumeCash || len(r.ws.Books.Coupons) > 0 {
		return false
	}
	for _, cycle := range lastrun.Cycles(snap) {
		if slices.ContainsFunc(r.next.Files(cycle), func(e manifest.FileEntry) bool { return !lastrun.Bulk(e.Table) }) {
			return false
		}
	}
	return true
}

// takesIn reports whether a job does nothing but take in what is new.
func (j *job) takesIn() bool {
	return j.cycle == place.NoCycle && !j.dryRun && !j.retry && j.rerate == nil
}
