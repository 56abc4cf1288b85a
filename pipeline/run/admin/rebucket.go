package admin

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// RebucketCommand is the name of the command in the manifest.
const RebucketCommand = "rebucket"

// RebucketOptions says how to rebucket a lake; the number of buckets is that of the settings.
type RebucketOptions struct {
	DryRun bool // report what would be written, write nothing
}

// RebucketReport is the result of a rebucket.
type RebucketReport struct {
	Command  string        `json:"command"`
	Changed  bool          `json:"changed"`  // false: the lake has the number of the settings, or no files
	Manifest int64         `json:"manifest"` // number of the live state afterwards
	From     int           `json:"from"`     // number of buckets before; 0 = the lake is empty
	To       int           `json:"to"`       // number of buckets of the settings
	Before   RebucketCount `json:"before"`   // the files that are divided
	After    RebucketCount `json:"after"`    // the files that replace them; empty in a dry run
	DryRun   bool          `json:"dry_run,omitempty"`
	workspace.Publication
}

// RebucketCount counts files of buckets.
type RebucketCount struct {
	Files int   `json:"files"`
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}

func (c *RebucketCount) add(e lake.FileEntry) {
	c.Files, c.Rows, c.Bytes = c.Files+1, c.Rows+e.Rows, c.Bytes+e.Bytes
}

// Rebucket distributes the customers of the lake over as many buckets as the settings say, as one transaction on the
// lake, and publishes. If the lake already has that number, it only publishes. Errors: *workspace.RefusedError for a
// number that is not a multiple of the old one and for an archive; those of the lake and of publishing. With an error
// of publishing there is a report.
func Rebucket(ctx context.Context, w *workspace.Workspace, ro RebucketOptions, o workspace.Options) (*RebucketReport,
	error) {
	r := &RebucketReport{Command: RebucketCommand, To: w.Settings.Lake.Buckets, DryRun: ro.DryRun}
	if err := transact(ctx, w, r, &o); err != nil {
		return nil, err
	}
	if ro.DryRun {
		return r, nil
	}
	return r, run.PublishAfterRun(ctx, w, o, &r.Publication)
}

func transact(ctx context.Context, w *workspace.Workspace, r *RebucketReport, o *workspace.Options) (err error) {
	l, err := w.Lake(*o)
	if err != nil {
		return err
	}
	if r.DryRun { // a reader takes no lock and clears nothing up
		return l.Read(func(snap *lake.Snapshot) error { return r.find(snap) })
	}
	o.BeginStage(workspace.StageBegin)
	txn, err := l.Begin()
	if err != nil {
		return err
	}
	defer func() { err = txn.End(err) }()
	if err := r.find(txn.SubTxn.Base()); err != nil || r.From == 0 || r.From == r.To {
		return err
	}
	o.BeginStage(workspace.StageRebucket)
	if err := distribute(ctx, txn, r, o); err != nil {
		return err
	}
	o.CountRows(r.Before.Rows)
	before := *w
	before.Settings.Lake.Buckets = r.From
	next := txn.Next()
	if err := next.Rebucket(r.To, workspace.Fingerprint(&before), workspace.Fingerprint(w)); err != nil {
		return err
	}
	next.SetRun(txn.SubTxn.Base().Manifest.AsOf, RebucketCommand)
	o.BeginStage(workspace.StageCommit)
	changed, err := txn.Commit(ctx)
	if changed {
		r.Changed, r.Manifest = true, next.Number()
	}
	return err
}

// find refuses lakes that cannot be rebucketed, and counts the files to divide.
func (r *RebucketReport) find(snap *lake.Snapshot) error {
	m := &snap.Manifest
	r.Manifest, r.From = m.Number, m.Buckets
	if r.From == 0 || r.From == r.To {
		return nil
	}
	if r.To%r.From != 0 {
		return &workspace.RefusedError{
			What: fmt.Sprintf("the lake has %d buckets, lake.buckets is %d: not a multiple of it", r.From, r.To),
			Hint: fmt.Sprintf("set lake.buckets to %d, %d, …, at most 1024", r.From, 2*r.From)}
	}
	if m.ArchiveOf != "" {
		return &workspace.RefusedError{What: "the lake is an archive: it stays as it is"}
	}
	files, _, err := snap.All()
	if err != nil {
		return err
	}
	for _, e := range files {
		if divided(e.FileKey) {
			r.Before.add(e)
		}
	}
	return nil
}

// divided reports whether the files of a key are divided. Files of all customers are not, nor those of a table whose
// rows are all in one bucket.
func divided(key lake.FileKey) bool {
	return key.Bucket != lake.NoBucket && key.Table != tableTransfers
}

// distribute writes the files of all buckets again, several buckets at a time.
func distribute(ctx context.Context, txn *lake.Txn, r *RebucketReport, o *workspace.Options) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, o.Workers))
	var done atomic.Int64
	for bucket := range r.From {
		group.Go(func() error {
			err := newDivision(txn.SubTxn, bucket, r.From, r.To, o.SlotLines).run(ctx, func(rows int64) {
				if n := done.Add(rows); o.Progress != nil {
					o.Progress(workspace.StageRebucket, n, r.Before.Rows)
				}
			})
			if err != nil {
				return fmt.Errorf("divide bucket %d: %w", bucket, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, cycle := range txn.Next().Entries.Cycles() { // files of no cycle are of no bucket
		for _, e := range txn.Next().Entries.Files(lake.CycleOf(cycle)) {
			if divided(e.FileKey) {
				r.After.add(e)
			}
		}
	}
	return nil
}
