package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Tasks does tasks of shared runs, one at a time, and keeps what the tasks of one run share. NewTasks creates it; Close
// ends it.
type Tasks struct {
	ws *workspace.Workspace
	o  workspace.Options

	id      lake.Hash         // id of the run r
	r       *run              // nil = none is open
	workers map[string]worker // of r, by stage
}

// worker does a task of a stage and returns its result.
type worker func(context.Context, []byte) ([]byte, error)

// NewTasks returns Tasks for a workspace.
func NewTasks(w *workspace.Workspace, o workspace.Options) *Tasks { return &Tasks{ws: w, o: o} }

// Do does a task of a shared run and stores its result. Doing it again, also in two processes at the same time, gives
// the same files. Errors: *workspace.RefusedError if this process does not have the build, the settings or the books of
// the plan, if the lake has another state, or if there is no such task.
func (t *Tasks) Do(ctx context.Context, id lake.Hash, stage string, i int) error {
	p, err := LoadPlan(t.ws, id, t.o)
	if err == nil && (t.r == nil || t.id != id) {
		err = errors.Join(t.Close(), t.open(id, p))
	}
	if err == nil {
		err = t.do(ctx, stage, i)
	}
	if err != nil { // the state of a failed task is not used again
		err = errors.Join(err, t.Close())
	}
	return PlanRefused(err)
}

// open joins a run.
func (t *Tasks) open(id lake.Hash, p *Plan) error {
	l, err := t.ws.Lake(t.o)
	if err != nil {
		return err
	}
	o := t.o
	o.AsOf, o.AcceptRejects = p.AsOf, p.Accept
	s := &sharing{run: id, plan: p}
	r := newRun(t.ws, o, s.job(p))
	if r.state.txn, err = l.Join(id, p.Base); err != nil {
		return err
	}
	s.txn, s.o = r.state.txn, &r.state.o
	t.id, t.r, t.workers = id, r, make(map[string]worker)
	r.state.next = r.state.txn.Next()
	return r.prepare()
}

// Close ends the work on the open run.
func (t *Tasks) Close() error {
	if t.r == nil {
		return nil
	}
	var err error
	if t.r.state.scanned != nil {
		err = t.r.state.scanned.Close()
	}
	err = errors.Join(err, t.r.state.txn.Close())
	t.id, t.r, t.workers = "", nil, nil
	return err
}

func (t *Tasks) do(ctx context.Context, stage string, i int) error {
	b, err := t.r.state.txn.SubTxn.ReadShared(taskObject(stage, i))
	if errors.Is(err, fs.ErrNotExist) {
		return &lake.PlanError{Run: t.id, What: fmt.Sprintf("it has no %s task %d", stage, i)}
	}
	if err != nil {
		return err
	}
	do := t.workers[stage]
	if do == nil {
		do, err = taskWorkers{t.r}.of(stage)
		t.workers[stage] = do
	}
	if err == nil {
		b, err = do(ctx, b)
	}
	if err != nil {
		return t.r.state.problem(err)
	}
	return t.r.state.txn.SubTxn.PutShared(resultObject(stage, i), b)
}

// taskWorkers creates the workers for the tasks of a run.
type taskWorkers struct{ run *run }

// of returns the worker for the tasks of a stage.
func (r taskWorkers) of(stage string) (_ worker, err error) {
	switch stage {
	case HashTask:
		return HashWorker(r.run.inbox), nil
	case accept.ScanTask:
		cfg, _, err := r.taskConfig()
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, b []byte) ([]byte, error) { return accept.DoTask(ctx, cfg, b) }, nil
	case fold.RerateTask:
		return r.rerateWorker()
	}
	if r.run.recalled == nil {
		if r.run.recalled, err = r.recall(); err != nil {
			return nil, err
		}
	}
	if stage == RejectListKind {
		return r.rejectWorker()
	}
	return r.run.recalled.TaskWorker(stage)
}

// taskConfig returns the run's files, and the configuration with which a process that does tasks reads them.
func (r taskWorkers) taskConfig() (*accept.Config, []*accept.File, error) {
	cfg := r.run.scanConfig()
	if !r.run.state.job.retry {
		return cfg, r.run.state.job.sharing.plan.FeedFiles(), nil
	}
	files, err := r.run.state.retryFiles(cfg)
	return cfg, files, err
}

// rejectWorker returns a function that does a task of rejects. A feed file that changed must be planned again.
func (r taskWorkers) rejectWorker() (worker, error) {
	cfg, _, err := r.taskConfig()
	if err != nil {
		return nil, err
	}
	s := r.run.state.rejectStage(cfg, r.run.engine())
	s.Guard = func(f *accept.File, read func() error) error {
		err := accept.ReadPlanned(cfg.Inbox, f, read)
		if changed := new(inbox.ChangedError); errors.As(err, &changed) {
			return changedSince(r.run.state.job.sharing.run, f.Name)
		}
		return err
	}
	return s.TaskWorker(), nil
}

// rerateWorker reads the books for rating a closed cycle again. Nothing was scanned.
func (r taskWorkers) rerateWorker() (_ worker, err error) {
	if r.run.state.scanned, err = accept.Recall(r.run.scanConfig(), nil, nil, nil); err != nil {
		return nil, err
	}
	f, err := rerating(r).rerater()
	if err != nil {
		return nil, err
	}
	return f.RerateWorker(), nil
}

// recall reads the terms that the tasks of buckets and of slices share, and returns the folder that does such tasks.
func (r taskWorkers) recall() (*fold.Folder, error) {
	text, err := r.run.state.txn.SubTxn.ReadShared(termsObject)
	if err != nil {
		return nil, err
	}
	t := new(terms)
	if err := lake.DecodeTask(termsKind, text, t); err != nil {
		return nil, err
	}
	cfg, files, err := r.taskConfig()
	if err == nil {
		err = r.run.state.watchRejects(cfg)
	}
	if err != nil {
		return nil, err
	}
	if r.run.state.scanned, err = accept.Recall(cfg, files, t.Scans, t.Deferred); err != nil {
		return nil, err
	}
	r.run.issued, r.run.known, r.run.events.touched = &t.Issued, t.Cycles, make(map[lake.Place]bool)
	for _, p := range t.Touched {
		r.run.events.touched[p] = true
	}
	if re := r.run.state.job.rerate; re != nil {
		re.reposted = make(map[int]bool)
		for _, bucket := range t.Reposted {
			re.reposted[bucket] = true
		}
	}
	return r.run.folder(), nil
}

// FailureOf converts an error of Do to the failure of the task.
func FailureOf(err error) *lake.TaskFailure {
	class, hint := problem.Diagnose(err)
	f := &lake.TaskFailure{Class: lake.TaskFailed, Text: err.Error(), What: hint}
	switch {
	case class.NothingDone():
		f.Class = lake.TaskRefused
	case class == problem.Failed:
		f.Class = lake.TaskBroken
	}
	return f
}

// onEngine reports whether an engine does the tasks of a job. A dry run is done by one process.
func (j *job) onEngine() bool {
	return !j.dryRun
}

// transactOnEngine is transact for a job whose tasks workers of the engine do. A run that was begun and not committed
// is continued if possible; otherwise it is begun again.
func transactOnEngine(ctx context.Context, w *workspace.Workspace, o workspace.Options, j job) (*workspace.Report,
	error) {
	s, err := begun(w, &o, &j)
	if err != nil {
		return nil, err
	}
	if s != nil {
		inform(&o, "continue the run that was planned before", "run", s.run, "as_of", s.plan.AsOf)
		again := o
		again.AsOf = s.plan.AsOf
		joined := j
		joined.sharing = s
		report, err := transact(ctx, w, again, joined)
		if gone := new(lake.PlanError); !errors.As(err, &gone) {
			return report, err
		}
		inform(&o, "the run that was planned before cannot be continued, and is begun again", "why", err)
	}
	j.sharing = &sharing{}
	return transact(ctx, w, o, j)
}

func inform(o *workspace.Options, what string, more ...any) {
	if o.Log != nil {
		o.Log.Info(what, more...)
	}
}

// begun returns this process's part in a run of the same job that was planned and not committed; nil = there is none.
func begun(w *workspace.Workspace, o *workspace.Options, j *job) (*sharing, error) {
	l, err := w.Lake(*o)
	if err != nil {
		return nil, err
	}
	runs, err := l.SharedRuns()
	if err != nil {
		return nil, err
	}
	for _, id := range runs {
		p, err := LoadPlan(w, id, *o)
		if err != nil { // of another build, which may encode it otherwise, or with other settings or books
			continue
		}
		s := &sharing{run: id, plan: p}
		asOf := p.AsOf == o.AsOf || o.AsOfIsNow && p.AsOf < o.AsOf // a plan from the future has a wrong clock
		if planned := s.job(p); asOf && planned.same(j) && p.Accept == o.AcceptRejects {
			return s, nil
		}
	}
	return nil, nil
}

// giveUp deletes the tasks of a run on an engine if they are useless after an error of the run. Otherwise the same
// command continues the run.
func (r *run) giveUp(err error) error {
	if s := r.state.job.sharing; s == nil || s.refused {
		return nil
	}
	if problem.ClassOf(PlanRefused(err)).NothingDone() {
		return r.state.txn.Drop()
	}
	return nil
}
