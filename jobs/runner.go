package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Runner does jobs on one workspace. It can be used from several goroutines; the lake's lock serializes the jobs.
type Runner struct {
	Dir     string            // the workspace
	Clock   func() time.Time  // the real clock
	Options workspace.Options // of every run, without AsOf, InboxUntil and Started
	Log     *slog.Logger      // nil = silent
	Version string            // of the program, for the ledger
	// Opened is called when settings and books are read, before the job of this kind begins. nil = none.
	Opened func(Kind)
	// Engine starts the engine of the settings (settings.Engine), and identifies this build for it. nil = runs do their
	// tasks in goroutines, whatever the settings say.
	Engine func(context.Context, *workspace.Workspace) (e lake.Engine, build string, err error)
	// Ended is called with the final entry of every run that is not dry, whatever its outcome. nil = none.
	Ended func(ledger.Entry)
}

// Result is the result of a job.
type Result struct {
	Workspace   *workspace.Workspace  // as opened for this run; nil if it could not be read
	Report      *workspace.Report     // for a run on the lake; nil for publish, and if nothing was done
	Differences []run.Difference      // of rerate
	Published   *publish.Report       // of publish, to ClickHouse
	Iceberg     *iceberg.Report       // of publish, to Iceberg
	Pruned      *admin.PruneReport    // of prune
	Rebucketed  *admin.RebucketReport // of rebucket
	Dismissed   *run.DismissReport    // of rejects
	Entry       ledger.Entry          // final entry; for a dry run its ID is ""

	found foundLake     // at the start
	left  *ledger.Entry // if the lake was empty at the start: the newest run that left a lake; nil = none
}

// Run does a job and stores its entry. Result is never nil. With an error it has a Report too if the run was committed
// and a later step failed. Errors are those of the function for the kind.
func (r *Runner) Run(ctx context.Context, t Task) (*Result, error) {
	started := r.Clock()
	if t.AsOf == 0 {
		t.AsOf = period.Instant(started.UnixMicro())
	}
	if t.Why == "" {
		t.Why = ByHand
	}
	res := &Result{Entry: r.entry(&t, started)}
	if t.Dry() {
		if err := r.sameLake(res, nil, nil); err != nil {
			return res, err
		}
		return res, r.work(ctx, &t, res, nil)
	}
	open, failed := r.begin(&res.Entry)
	m := newMeter(r.Clock, func(stages []ledger.Stage) {
		res.Entry.Stages = stages
		r.update(open, &res.Entry)
	})
	defer func() {
		if p := recover(); p != nil {
			res.Entry.Stages = m.end()
			res.Entry.Outcome, res.Entry.Error = ledger.Panicked, fmt.Sprint(p)
			r.end(open, &res.Entry)
			panic(p)
		}
	}()
	m.begin(stageOpen)
	err := r.sameLake(res, open, failed)
	if err == nil {
		err = r.work(ctx, &t, res, m)
		r.noteLake(res)
	}
	res.Entry.Stages = m.end()
	res.note(&t, err)
	r.left(res)
	res.Entry.NewLake = res.Entry.NewLake && res.Entry.Lake == ""
	res.Entry.Outcome = outcome(ctx, res, err)
	if err != nil {
		res.Entry.Error, res.Entry.Hint = err.Error(), problem.HintOf(err)
	}
	r.end(open, &res.Entry)
	return res, err
}

// Skip stores an entry for a firing that has nothing to do, with the reason.
func (r *Runner) Skip(t Task, reason string) {
	now := r.Clock()
	if t.AsOf == 0 {
		t.AsOf = period.Instant(now.UnixMicro())
	}
	e := r.entry(&t, now)
	open, _ := r.begin(&e)
	e.Outcome, e.Notes = ledger.Skipped, []string{reason}
	r.end(open, &e)
}

// entry returns the entry of a run that starts.
func (r *Runner) entry(t *Task, started time.Time) ledger.Entry {
	e := ledger.Entry{
		Kind: string(t.Kind), Command: t.Command(), Why: string(t.Why), AsOf: t.AsOf.String(), Started: started.UTC(),
		AcceptRejects: t.AcceptRejects, Outcome: ledger.Running, PID: os.Getpid(), Version: r.Version,
	}
	if t.Due != 0 {
		e.Due = t.Due.String()
	}
	if host, err := os.Hostname(); err == nil {
		e.Host = host
	}
	return e
}

// begin writes the entry of a run that starts. It returns nil if it fails, and for a folder that is not a workspace.
func (r *Runner) begin(e *ledger.Entry) (*ledger.Open, error) {
	if _, err := os.Stat(workspace.SettingsFile(r.Dir)); err != nil {
		return nil, nil //nolint:nilerr,nilnil // the run itself says so
	}
	open, err := ledger.Begin(ledger.Dir(r.Dir), e)
	if err != nil {
		r.warn(err)
	}
	return open, err
}

// update writes the stage that a run has reached, which remains if the run is killed. An error that persists is
// reported when the run ends.
func (r *Runner) update(open *ledger.Open, e *ledger.Entry) {
	if open != nil {
		_ = open.Update(e)
	}
}

// end writes the entry of a run that ended, unless writing its start failed: one warning is enough.
func (r *Runner) end(open *ledger.Open, e *ledger.Entry) {
	e.Ended = r.Clock().UTC()
	if open != nil {
		if err := open.End(e); err != nil {
			r.warn(err)
		}
	}
	if r.Ended != nil {
		r.Ended(*e)
	}
}

// warn reports that the ledger could not be written (JOBS-3).
func (r *Runner) warn(err error) {
	if r.Log != nil {
		r.Log.Warn("the run ledger cannot be written; the run continues without it", "why", err)
	}
}

// work opens the workspace and does the job.
func (r *Runner) work(ctx context.Context, t *Task, res *Result, m *meter) error {
	o := r.Options
	o.AsOf, o.AcceptRejects, o.Started = t.AsOf, t.AcceptRejects, period.Instant(res.Entry.Started.UnixMicro())
	if t.Due != 0 {
		o.InboxUntil = t.AsOf // a delayed run takes the files that it would have found when due
	}
	if m != nil {
		o.Stage, o.StageRows = m.begin, m.rows
	}
	w, err := workspace.Open(r.Dir)
	if err != nil {
		return err
	}
	res.Workspace = w
	if r.Opened != nil {
		r.Opened(t.Kind)
	}
	if r.Engine == nil || !t.onEngine() || !w.Settings.Engine.Set() {
		return r.do(ctx, t, w, o, res)
	}
	return r.onEngine(ctx, t, w, o, res)
}

// onEngine does the job with an engine.
func (r *Runner) onEngine(ctx context.Context, t *Task, w *workspace.Workspace, o workspace.Options,
	res *Result) (err error) {
	if o.Engine, o.Build, err = r.Engine(ctx, w); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.Engine.Close()) }()
	tally := &attempts{entry: &res.Entry}
	o.Attempt = tally.add
	o.AsOfIsNow = o.AsOfIsNow && t.Due == 0
	return r.do(ctx, t, w, o, res)
}

// do does the job on an open workspace.
func (r *Runner) do(ctx context.Context, t *Task, w *workspace.Workspace, o workspace.Options,
	res *Result) (err error) {
	switch t.Kind {
	case Ingest:
		do := run.Ingest
		if t.RetryRejects {
			do = run.RetryRejects
		}
		res.Report, err = do(ctx, w, o)
	case Nightly:
		o.ResetClock = t.ResetClock
		res.Report, err = run.Nightly(ctx, w, o)
	case Monthly:
		res.Report, err = run.Monthly(ctx, w, t.Cycle, o)
	case Close:
		o.CloseIf = t.closeTerms(&w.Settings)
		res.Report, err = run.Close(ctx, w, t.Cycle, t.DryRun, o)
	case Rerate:
		res.Report, res.Differences, err = run.Rerate(ctx, w, t.Cycle, t.Rerate, o)
	case Publish:
		po := t.Publish
		po.Cycle = t.Cycle
		res.Published, res.Iceberg, err = run.PublishAll(ctx, w, po, o)
	case Prune:
		res.Pruned, err = admin.Prune(ctx, w, t.Prune, o)
	case Rejects:
		res.Dismissed, err = run.DismissRejects(ctx, w, t.Dismiss, o)
	case Rebucket:
		res.Rebucketed, err = admin.Rebucket(ctx, w, t.Rebucket, o)
	default:
		err = fmt.Errorf("job %q: no such kind", t.Kind)
	}
	return err
}

// note sets the entry from the result of the run.
func (res *Result) note(t *Task, err error) {
	e := &res.Entry
	if p := res.Published; p != nil {
		e.Changed, e.Manifest = p.Changed, int64(p.Manifest)
	}
	if p := res.Iceberg; p != nil {
		e.Changed, e.Manifest = e.Changed || p.Changed, p.Manifest
	}
	if res.Published != nil || res.Iceberg != nil {
		if err == nil && t.Cycle == NoCycle { // otherwise a target, or a cycle, shows an earlier state
			e.Published = e.Manifest
		}
		return
	}
	if p := res.publication(); p != nil {
		switch {
		case p.Owed != nil: // publishing to a target is pending
			e.Owed = &ledger.Owed{Why: p.Owed.Why, Hint: p.Owed.Hint}
		case p.Published != nil:
			e.Published = int64(p.Published.Manifest)
		case p.Iceberg != nil:
			e.Published = p.Iceberg.Manifest
		}
	}
	switch {
	case res.Pruned != nil:
		e.Changed, e.Manifest = res.Pruned.Changed, res.Pruned.Manifest
	case res.Dismissed != nil:
		e.Changed, e.Manifest = res.Dismissed.Changed, res.Dismissed.Manifest
	case res.Rebucketed != nil:
		e.Changed, e.Manifest = res.Rebucketed.Changed, res.Rebucketed.Manifest
	case res.Report != nil:
		r := res.Report
		e.Command, e.AsOf, e.Changed, e.Manifest = r.Command, r.AsOf.String(), r.Changed, r.Manifest
		e.Rows, e.Accepted, e.Duplicate, e.Rejected, e.Reasons = r.Rows, r.Accepted, r.Duplicate, r.Rejected, r.Reasons
		e.DaysFolded, e.LinesWritten, e.Notes = r.DaysDone, r.Lines, r.Notes
		e.NotTaken = notTaken(r.Files)
	}
}

// publication returns the outcome of the publish at the end of the job; nil for a publish job.
func (res *Result) publication() *workspace.Publication {
	switch {
	case res.Pruned != nil:
		return &res.Pruned.Publication
	case res.Dismissed != nil:
		return &res.Dismissed.Publication
	case res.Rebucketed != nil:
		return &res.Rebucketed.Publication
	case res.Report != nil:
		return &res.Report.Publication
	}
	return nil
}

// needsAttention reports whether a person should check the result.
func (res *Result) needsAttention() bool {
	if res.Report != nil && res.Report.NeedsAttention() || res.Published != nil && res.Published.NeedsAttention() {
		return true
	}
	p := res.publication()
	return p != nil && p.NeedsAttention()
}

// notTaken returns the files of which nothing was taken, with the reason.
func notTaken(files []workspace.FileReport) []ledger.NotTaken {
	var list []ledger.NotTaken
	for i := range files {
		f := &files[i]
		switch {
		case len(list) == ledger.MaxNotTaken:
			return list
		case f.Fault != "":
			list = append(list, ledger.NotTaken{File: f.Name, Why: f.Fault})
		case f.Deferred != "":
			list = append(list, ledger.NotTaken{File: f.Name, Why: "it " + f.Deferred + " while the run read it"})
		}
	}
	return list
}

// outcome is the result of a run in one word.
func outcome(ctx context.Context, res *Result, err error) ledger.Outcome {
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return ledger.Interrupted
	case err != nil:
		return ledger.OutcomeOf(err)
	case res.needsAttention():
		return ledger.NeedsAttention
	case !res.Entry.Changed:
		return ledger.NothingNew
	}
	return ledger.Done
}
