package admin

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// PruneOptions says what to prune.
type PruneOptions struct {
	// folder of the lake that closed cycles go to, relative to the workspace; "" = lake/ in the archive of the settings
	Archive string
	DryRun  bool // report what would leave, write nothing
}

// PruneReport is the result of a prune.
type PruneReport struct {
	Command  string          `json:"command"`
	AsOf     period.Instant  `json:"-"`
	Changed  bool            `json:"changed"`  // false: nothing left the lake or the inbox
	Manifest int64           `json:"manifest"` // number of the live state afterwards
	Archive  string          `json:"archive"`  // folder of the lake to which cycles went
	Cycles   []ArchivedCycle `json:"cycles"`
	Waits    *ArchiveWaits   `json:"waits,omitempty"` // the first cycle that is old enough but has to stay
	Volumes  string          `json:"volumes"`         // folder that contains the volumes
	Inbox    []PackedFiles   `json:"inbox"`
	// feed files that are old enough but stay because of open rejects
	Rejects int  `json:"files_with_rejects,omitempty"`
	DryRun  bool `json:"dry_run,omitempty"`
	workspace.Publication
}

// ArchivedCycle is a cycle that was archived.
type ArchivedCycle struct {
	Cycle string `json:"cycle"`
	Files int    `json:"files"` // files that left the lake; the archive also has copies of those that stay
	Bytes int64  `json:"bytes"`
	Rows  int64  `json:"lines"` // lines that left the lake
}

// Prune packs feed files and archives closed cycles, by the ages in the settings, as one transaction
// on the lake. Run again with nothing due, it writes nothing. Errors: those of the lake and of publishing; with an
// error of publishing there is a report.
func Prune(ctx context.Context, w *workspace.Workspace, po PruneOptions, o workspace.Options) (*PruneReport, error) {
	if po.Archive == "" {
		po.Archive = w.Settings.ArchivePlace().Below("lake").Path
	}
	to := w.Settings.ArchivePlace()
	to.Path = po.Archive
	for _, own := range []string{w.Settings.Lake.Path, w.Settings.Inbox.Path, w.Settings.Books.Path,
		w.Settings.Iceberg.Warehouse} {
		if to.Overlaps(own) {
			return nil, &workspace.RefusedError{What: fmt.Sprintf("archive to %s: overlaps with %s", po.Archive, own),
				Hint: "give another place for the archive"}
		}
	}
	if err := apartFromPrune(w, &to); err != nil {
		return nil, err
	}
	p := &pruning{ws: w, po: po, o: o, report: &PruneReport{Command: "prune", AsOf: o.AsOf, Archive: po.Archive,
		DryRun: po.DryRun, Volumes: w.Settings.Retention.Archive, Cycles: []ArchivedCycle{}, Inbox: []PackedFiles{}}}
	if err := p.transact(ctx); err != nil {
		return nil, err
	}
	if po.DryRun {
		return p.report, nil
	}
	return p.report, run.PublishAfterRun(ctx, w, o, &p.report.Publication)
}

// apartFromPrune refuses an archive folder that contains, or is inside, a folder that runs read or write.
func apartFromPrune(w *workspace.Workspace, to *settings.Place) error {
	if to.InStore() {
		return nil
	}
	for _, own := range []string{w.Settings.Lake.Path, w.Settings.Inbox.Path, w.Settings.Books.Path, "runs"} {
		if settings.InObjectStore(own) {
			continue
		}
		meet, err := workspace.Meet(w.Path(to.Path), w.Path(own))
		if err != nil {
			return err
		}
		if meet {
			return &workspace.RefusedError{What: fmt.Sprintf("archive to %s: the folder would be in or around %s",
				to.Path, own), Hint: "give another folder for the archive"}
		}
	}
	return nil
}

// pruning is one prune in progress.
type pruning struct {
	ws     *workspace.Workspace
	po     PruneOptions
	o      workspace.Options
	txn    *lake.Txn
	to     *lake.Lake // the archive; nil if no cycle is due
	report *PruneReport
	asOf   map[int64]period.Instant // as-of of manifests, by number, filled on demand
}

func (p *pruning) transact(ctx context.Context) (err error) {
	l, err := p.ws.Lake(p.o)
	if err != nil {
		return err
	}
	if p.po.DryRun { // a reader takes no lock and clears nothing up
		return l.Read(func(snap *lake.Snapshot) error {
			p.report.Cycles, p.report.Inbox = []ArchivedCycle{}, []PackedFiles{}
			if _, err := p.due(ctx, snap); err != nil {
				return err
			}
			p.report.Manifest = snap.Manifest.Number
			return p.inbox(ctx, snap)
		})
	}
	p.o.BeginStage(workspace.StageBegin)
	if p.txn, err = l.Begin(); err != nil {
		return err
	}
	defer func() { err = p.txn.End(err) }()
	p.report.Manifest = p.txn.SubTxn.Base().Manifest.Number
	p.o.BeginStage(workspace.StageArchive)
	if err := p.cycles(ctx); err != nil {
		return err
	}
	p.o.BeginStage(workspace.StagePack)
	if err := p.inbox(ctx, p.txn.SubTxn.Base()); err != nil {
		return err
	}
	p.o.BeginStage(workspace.StageCommit)
	changed, err := p.txn.Commit(ctx)
	if changed {
		p.report.Manifest = p.txn.Next().Number()
	}
	p.report.Changed = changed || len(p.report.Inbox) > 0
	return err
}

// due returns the cycles that are old enough, reports them, and opens the archive if there are any. Errors: the
// settings have another currency or zone than the lake, the books another currency than amounts of closed cycles, or
// the archive another number of buckets than the lake, or it is older than a cycle that was archived to it.
func (p *pruning) due(ctx context.Context, snap *lake.Snapshot) ([]lake.Cycle, error) {
	if err := snap.Manifest.Units.Check(p.ws.Units()); err != nil {
		return nil, err
	}
	if err := run.CheckCurrencies(snap, p.ws.Books); err != nil {
		return nil, err
	}
	s := &p.ws.Settings
	before := p.ws.Books.Zone.Cycle(p.o.AsOf).Add(-max(s.Retention.LinesMonths, s.Usage.MaxAgeMonths))
	cycles, waits, err := DueArchives(ctx, snap, p.ws.Books, before)
	if err != nil {
		return nil, fmt.Errorf("find what is to be archived: %w", err)
	}
	p.report.Waits = waits
	for _, cycle := range cycles {
		files, err := snap.Files(cycle)
		if err != nil {
			return nil, err
		}
		one, stays := ArchivedCycle{Cycle: cycle.String()}, StaysAfterArchive(files)
		for _, e := range files {
			if stays(e) {
				continue
			}
			one.Files, one.Bytes = one.Files+1, one.Bytes+e.Bytes
			if e.Table == "lines" {
				one.Rows += e.Rows
			}
		}
		p.report.Cycles = append(p.report.Cycles, one)
	}
	if len(cycles) == 0 {
		return nil, nil
	}
	if err := p.archive(); err != nil {
		return nil, err
	}
	err = p.to.Read(func(there *lake.Snapshot) error {
		return FitsArchive(there, snap, p.po.Archive)
	})
	return cycles, lake.Placed(err, p.po.Archive, lake.HintOther)
}

// archive opens the archive of cycles.
func (p *pruning) archive() (err error) {
	place := p.ws.Settings.ArchivePlace()
	place.Path = p.po.Archive
	st, err := p.ws.OpenPlace(place, "archive/lake")
	if err != nil {
		return err
	}
	p.to, err = lake.Open(p.o.Disk(st), lake.Options{Log: p.o.Log, Stop: p.o.StopAt, CutBytes: p.o.CutBytes})
	if err != nil {
		return fmt.Errorf("open the archive %s: %w", p.po.Archive, err)
	}
	return nil
}

// cycles archives the due cycles, and removes them from the next state.
func (p *pruning) cycles(ctx context.Context) error {
	base, next := p.txn.SubTxn.Base(), p.txn.Next()
	due, err := p.due(ctx, base)
	if err != nil || len(due) == 0 {
		return err
	}
	next.SetRun(p.o.AsOf.String(), p.report.Command)
	if err := p.freeze(due); err != nil {
		return err
	}
	by := ArchiveRun{AsOf: p.o.AsOf.String(), Command: p.report.Command, Where: p.po.Archive}
	if err := WriteArchive(ctx, p.to, base, due, by); err != nil {
		return err
	}
	for _, cycle := range due {
		if err := next.Archive(cycle, p.po.Archive, StaysAfterArchive(next.Entries.Files(cycle))); err != nil {
			return err
		}
	}
	return nil
}

// inbox packs the due feed files.
func (p *pruning) inbox(ctx context.Context, snap *lake.Snapshot) error {
	keep := p.ws.Settings.Retention.InboxCycles
	through, closed := snap.Manifest.ClosedThrough.Period()
	if keep == 0 || !closed {
		return nil
	}
	inputs, err := snap.Inputs()
	if err != nil {
		return err
	}
	files, err := p.ws.Inbox()
	if err != nil {
		return err
	}
	hashes, _ := inbox.LoadHashes(p.o.HashCache) // without them, every file is read
	own, err := p.ws.InboxStorage()
	if err != nil {
		return err
	}
	volumes, err := p.ws.OpenPlace(p.ws.Settings.ArchivePlace(), "archive")
	if err != nil {
		return err
	}
	in := &ArchivedInbox{Files: files, Own: p.o.Disk(own),
		Archive: p.o.Disk(volumes), Inputs: inputs, Hashes: hashes, Through: through.Add(-keep),
		DryRun: p.po.DryRun, Latest: func(i lake.Input) (period.Cycle, error) { return p.latest(snap, i) }}
	open, err := accept.OpenRejectPlaces(snap, snap.Manifest.Loose)
	if err != nil {
		return err
	}
	in.Open = func(i lake.Input) bool { return open[accept.FeedFile{Feed: i.Feed, Hash: i.Hash}] > 0 }
	for _, spec := range accept.Feeds() {
		in.Feeds = append(in.Feeds, spec.Name)
	}
	packed, kept, err := in.Pack(ctx)
	p.report.Inbox, p.report.Rejects = append(p.report.Inbox, packed...), kept.Rejects
	return err
}

// latest is the last cycle that can have a record of a file, by the clock of the run that took it.
func (p *pruning) latest(snap *lake.Snapshot, i lake.Input) (period.Cycle, error) {
	if p.asOf == nil {
		p.asOf = make(map[int64]period.Instant)
		history, err := snap.History()
		if err != nil {
			return 0, err
		}
		for _, m := range history {
			if p.asOf[m.Number], err = period.ParseInstant(m.AsOf); err != nil {
				return 0, fmt.Errorf("manifest %d: as-of: %w", m.Number, err)
			}
		}
	}
	return p.ws.Books.Zone.Cycle(p.asOf[i.Run] + period.Instant(p.ws.Settings.Usage.FutureTolerance)), nil
}
