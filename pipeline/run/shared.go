package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// terms holds what the tasks of buckets and slices share in addition to the plan.
type terms struct {
	Scans   []accept.DoneTask `json:"scans"`
	Touched []lake.Place      `json:"touched"` // places whose event lines were calculated again
	Cycles  []period.Cycle    `json:"cycles"`  // cycles that are known before anything is rated
	Issued  pay.Issued        `json:"issued"`
	// buckets in which re-rating posted differences, ascending
	Reposted []int   `json:"reposted"`
	Deferred []int32 `json:"deferred"` // feed files of the plan that are not taken: unreadable or changed
}

const (
	termsKind   = "terms of buckets"
	termsObject = fold.BucketTask + "/terms"
)

func taskObject(stage string, i int) string   { return fmt.Sprintf("%s/%06d.task", stage, i) }
func resultObject(stage string, i int) string { return fmt.Sprintf("%s/%06d.result", stage, i) }

// Stages returns, in order, the stages of a run whose tasks other processes can do.
func Stages() []string {
	return []string{HashTask, accept.ScanTask, fold.RerateTask, fold.CountTask, fold.SliceTask,
		fold.BucketTask, RejectListKind}
}

// sharing is this process's part in a shared run.
type sharing struct {
	run     lake.Hash // "" = it is being planned
	plan    *Plan
	refused bool // a worker refused a task
	scans   []accept.DoneTask

	txn *lake.Txn          // of the run, once it has begun
	o   *workspace.Options // of the run
}

// job is the job of a plan in which this process has a part.
func (s *sharing) job(p *Plan) job {
	j := job{command: nightlyCommand, cycle: lake.NoCycle, sharing: s}
	switch p.Kind {
	case HashFiles:
		j.command = "" // no command continues it
	case PlanClose:
		j.command, j.cycle, j.close = closeCommand(p.Cycle), p.Cycle, true
	case PlanMonthly:
		j.command, j.cycle = monthlyCommand(p.Cycle), p.Cycle
	case PlanIngest:
		j.command = ingestCommand
	case PlanRetry:
		j.command, j.retry = retryCommand, true
	case PlanRerate:
		j.command, j.rerate = rerateCommand(p.Cycle), &rerateJob{cycle: p.Cycle}
		if p.Draft != nil {
			j.rerate.dir = string(p.Draft.Dir)
			j.rerate.Books = j.rerate.dir
		}
	}
	return j
}

// note writes to a plan what a job does.
func (j *job) note(p *Plan) {
	switch {
	case j.close:
		p.Kind, p.Cycle = PlanClose, j.cycle
	case j.cycle != lake.NoCycle:
		p.Kind, p.Cycle = PlanMonthly, j.cycle
	case j.rerate != nil:
		p.Kind, p.Cycle = PlanRerate, j.rerate.cycle
		if j.rerate.draft != nil {
			p.Draft = DraftOf(j.rerate.dir, j.rerate.draft)
		}
	case j.retry:
		p.Kind = PlanRetry
	case j.command == ingestCommand:
		p.Kind = PlanIngest
	default:
		p.Kind = PlanNightly
	}
}

// same reports whether two jobs do the same.
func (j *job) same(o *job) bool {
	return j.command == o.command && (j.rerate == nil || j.rerate.dir == o.rerate.dir)
}

// begin begins the transaction of a run.
func (r *run) begin(l *lake.Lake) (err error) {
	s := r.state.job.sharing
	if s == nil || s.plan == nil {
		r.state.txn, err = l.Begin()
	} else {
		r.state.txn, err = l.Resume(s.run, s.plan.Base)
	}
	if s != nil {
		s.txn, s.o = r.state.txn, &r.state.o
	}
	return err
}

// share writes the plan of a run that is being planned, once its feed files are known.
func (r *run) share(files []*accept.File) error {
	p := planning{r.state}
	return p.share(p.of(files))
}

// planning makes the plans of a shared run.
type planning struct{ state *runState }

// of returns the plan of the run for feed files.
func (r planning) of(files []*accept.File) *Plan {
	p := &Plan{Base: r.state.txn.SubTxn.Base().Hash, Build: r.state.o.Build,
		Settings: SettingsHash(r.state.ws), Books: BooksHash(r.state.ws), AsOf: r.state.o.AsOf,
		Accept: r.state.o.AcceptRejects, Files: []PlanFile{}}
	r.state.job.note(p)
	for _, f := range files {
		p.Files = append(p.Files, PlanFile{Feed: f.Feed, Name: []byte(f.Name), Hash: f.Hash,
			Stamp: f.Stamp, Bytes: f.Bytes, Ranges: f.Ranges})
	}
	return p
}

// share writes a plan.
func (r planning) share(p *Plan) error {
	b, err := p.Encode()
	if err != nil {
		return err
	}
	s := r.state.job.sharing
	s.plan = p
	s.run, err = r.state.txn.Share(b)
	return err
}

// hash has the workers of an engine hash new feed files, if they are many gigabytes. The tasks are those of a
// plan of their own, because the plan of the run has the hashes.
func (r planning) hash(ctx context.Context, tasks lake.LocalTasks, finder *FileFinder, hashes *inbox.Hashes) error {
	list, err := finder.Unhashed(hashes)
	if err != nil || len(list) == 0 {
		return err
	}
	p := r.of(list)
	p.Kind = HashFiles
	if err := r.share(p); err != nil {
		return err
	}
	if err := finder.HashAhead(ctx, tasks, hashes, list); err != nil {
		return err
	}
	r.state.job.sharing.run, r.state.job.sharing.plan = "", nil
	return r.state.txn.Drop()
}

// shareWithoutFiles writes the plan of a run that takes no feed files, unless there is one.
func (r *run) shareWithoutFiles() error {
	if s := r.state.job.sharing; s == nil || s.plan != nil {
		return nil
	}
	return r.share(nil)
}

// continuedFiles returns the feed files of a continued run. They must be those that a new run would take, because a
// close must include files that were delivered since the plan.
func (r *run) continuedFiles(ctx context.Context, hashes *inbox.Hashes) ([]*accept.File, error) {
	s := r.state.job.sharing
	finder := r.state.newFiles(r.inbox)
	finder.Uncut = true
	files, err := freshFiles(ctx, finder, hashes)
	if err != nil {
		return nil, err
	}
	planned := s.plan.FeedFiles()
	same := slices.EqualFunc(files, planned, func(f, p *accept.File) bool {
		return f.Feed == p.Feed && f.Name == p.Name && f.Hash == p.Hash
	})
	if !same {
		return nil, &lake.PlanError{Run: s.run, What: "the inbox has other feed files than when it was planned"}
	}
	return planned, nil
}

// changedSince is the error of a feed file of a plan that changed.
func changedSince(run lake.Hash, name string) error {
	return &lake.PlanError{Run: run, What: fmt.Sprintf("inbox/%s changed since it was planned", name)}
}

// elsewhere is lake.LocalTasks.Elsewhere of a shared run: tasks with results are done, and workers of the engine do the
// others.
func (s *sharing) elsewhere(ctx context.Context, stage string, tasks [][]byte, take func([]byte) error) error {
	for i, b := range tasks {
		if err := errors.Join(ctx.Err(), s.offer(taskObject(stage, i), b)); err != nil {
			return err
		}
	}
	results, missing, err := s.results(ctx, stage, len(tasks))
	if err == nil && len(missing) > 0 {
		work := &lake.TaskWork{Run: string(s.run), Build: s.o.Build, Stage: stage, Tasks: missing}
		if err := s.o.Engine.Do(ctx, work, s.attempt); err != nil {
			return s.failed(err)
		}
		results, missing, err = s.results(ctx, stage, len(tasks))
	}
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("run %s: %d of %d %s tasks have no result", s.run, len(missing), len(tasks), stage)
	}
	for i, b := range results {
		if stage == accept.ScanTask {
			s.scans = append(s.scans, accept.DoneTask{Task: tasks[i], Result: b})
		}
		if err := take(b); err != nil {
			return fmt.Errorf("take the result of %s task %d: %w", stage, i, err)
		}
	}
	return nil
}

// failed converts an error of the engine to an error of the run.
func (s *sharing) failed(err error) error {
	if f := new(lake.TaskFailure); errors.As(err, &f) && f.Class == lake.TaskRefused {
		s.refused = true
		return &workspace.RefusedError{What: "a worker refused a task: " + f.Text, Hint: f.What}
	}
	return fmt.Errorf("run %s: %w", s.run, err)
}

// attempt reports an attempt of a task.
func (s *sharing) attempt(a *lake.TaskAttempt) {
	if s.o.Attempt != nil {
		s.o.Attempt(a)
	}
}

// results reads the results of a stage's tasks, and returns which tasks have none.
func (s *sharing) results(ctx context.Context, stage string, tasks int) (results [][]byte, missing []int, err error) {
	results, missing = make([][]byte, tasks), []int{}
	for i := range results {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		results[i], err = s.txn.SubTxn.ReadShared(resultObject(stage, i))
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, i)
		} else if err != nil {
			return nil, nil, fmt.Errorf("read the result of %s task %d: %w", stage, i, err)
		}
	}
	return results, missing, nil
}

// offer stores an object of the run, which must be the same each time the run is continued.
func (s *sharing) offer(name string, b []byte) error {
	stored, err := s.txn.SubTxn.ReadShared(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.txn.SubTxn.PutShared(name, b)
	case err != nil:
		return fmt.Errorf("read %s of run %s: %w", name, s.run, err)
	case !bytes.Equal(stored, b):
		return &lake.PlanError{Run: s.run, What: "its tasks are others now: files of vendors' costs or " +
			"the copy of the books changed since it was planned"}
	}
	return nil
}

// shareTerms stores the terms that the tasks of buckets share.
func (r *run) shareTerms() error {
	if r.state.job.sharing == nil {
		return nil
	}
	t := &terms{Scans: append([]accept.DoneTask{}, r.state.job.sharing.scans...),
		Touched: append([]lake.Place{}, lake.PlacesInOrder(r.events.touched)...),
		Cycles:  append([]period.Cycle{}, r.known...), Issued: *r.issued, Reposted: []int{},
		Deferred: r.state.scanned.Deferred()}
	if re := r.state.job.rerate; re != nil {
		t.Reposted = slices.AppendSeq(t.Reposted, maps.Keys(re.reposted))
		slices.Sort(t.Reposted)
	}
	b, err := lake.EncodeTask(termsKind, t)
	if err != nil {
		return err
	}
	return r.state.job.sharing.offer(termsObject, b)
}
