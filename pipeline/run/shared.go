package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/task"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// Plan is what all processes of a shared run have in common. Its hash is the name of the run.
type Plan struct {
	Base     lake.Hash              `json:"base"`     // of the manifest; "" = an empty lake
	Build    string                 `json:"build"`    // of the program
	Settings string                 `json:"settings"` // hash
	Books    string                 `json:"books"`    // hash
	AsOf     period.Instant         `json:"as_of"`
	Monthly  bool                   `json:"monthly"`
	Close    bool                   `json:"close"`  // the cycle is closed
	Cycle    period.Cycle           `json:"cycle"`  // of run monthly and close
	Accept   string                 `json:"accept"` // why more rejects than gates: allows are accepted; "" = they are not
	Files    []planFile             `json:"files"`  // in order of feed and name
	Reports  []workspace.FileReport `json:"reports"`
	Notes    []string               `json:"notes"`
}

// planFile is a feed file that the run takes.
type planFile struct {
	Feed  string `json:"feed"`
	Name  []byte `json:"name"`
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"`
}

const planKind = "plan"

// terms is what the tasks of buckets have in common beyond the plan.
type terms struct {
	Scans   int            `json:"scans"`   // scan tasks
	Touched []place.Place  `json:"touched"` // places whose event lines were made again
	Cycles  []period.Cycle `json:"cycles"`  // that are known before anything is rated
	Issued  pay.Issued     `json:"issued"`
}

const (
	termsKind   = "terms of buckets"
	termsObject = fold.BucketTask + "/terms"
)

func taskObject(stage string, i int) string   { return fmt.Sprintf("%s/%06d.task", stage, i) }
func resultObject(stage string, i int) string { return fmt.Sprintf("%s/%06d.result", stage, i) }

// Stages are the stages of a run whose tasks other processes can do, in their order.
func Stages() []string { return []string{accept.ScanTask, fold.BucketTask} }

// Pending is what a shared run waits for.
type Pending struct {
	Run     lake.Hash `json:"run"`
	Stage   string    `json:"stage"`   // of Stages; "" = nothing: the run can be committed
	Tasks   int       `json:"tasks"`   // of the stage, numbered from 0
	Missing []int     `json:"missing"` // those without a result
}

// pendingError ends a run that waits for tasks.
type pendingError struct{ Pending }

// Error counts what is missing.
func (e *pendingError) Error() string {
	if e.Stage == "" {
		return fmt.Sprintf("run %s: all tasks are done", e.Run)
	}
	return fmt.Sprintf("run %s: %d of %d %s tasks are not done", e.Run, len(e.Missing), e.Tasks, e.Stage)
}

// sharing is the part of this process in a shared run.
type sharing struct {
	run     lake.Hash // "" = it is being planned
	plan    *Plan
	commit  bool // it is committed once all tasks are done
	engine  bool // its workers do the tasks
	refused bool // a worker refused a task
}

// PlanTasks begins a shared run: a night, or with a cycle the night with the month-end lines of this cycle. It ends
// where other processes have tasks to do. Nothing is committed.
func PlanTasks(ctx context.Context, w *workspace.Workspace, cycle period.Cycle, o workspace.Options) (*Pending,
	error) {
	p := &Plan{Monthly: cycle != place.NoCycle, Cycle: cycle}
	if !p.Monthly {
		p.Cycle = 0
	}
	return pending(transact(ctx, w, o, p.job(&sharing{})))
}

// NextTasks continues a shared run: it takes the results of a stage and ends where other processes have tasks to do, or
// where the run can be committed. Nothing is committed.
func NextTasks(ctx context.Context, w *workspace.Workspace, run lake.Hash, o workspace.Options) (*Pending, error) {
	p, err := LoadPlan(w, run, o)
	if err != nil {
		return nil, err
	}
	o.AsOf, o.AcceptRejects = p.AsOf, p.Accept
	return pending(transact(ctx, w, o, p.job(&sharing{run: run, plan: p})))
}

// pending is what a run waits for that ended there.
func pending(_ *workspace.Report, err error) (*Pending, error) {
	if waits := new(pendingError); errors.As(err, &waits) {
		return &waits.Pending, nil
	}
	return nil, refused(err)
}

// refused turns an error of a run that cannot be continued into a refusal.
func refused(err error) error {
	if e := new(lake.PlanError); errors.As(err, &e) {
		return &workspace.RefusedError{What: e.Error(), Hint: hintPlan}
	}
	if e := new(pendingError); errors.As(err, &e) {
		return &workspace.RefusedError{What: e.Error(), Hint: fmt.Sprintf("missing: %s", numbers(e.Missing))}
	}
	return err
}

const hintPlan = "plan it again: `tollbook task plan`"

// numbers lists a few numbers.
func numbers(list []int) string {
	const most = 20
	var words []string
	for i, n := range list {
		if i == most {
			words = append(words, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		words = append(words, fmt.Sprint(n))
	}
	return strings.Join(words, ", ")
}

// LoadPlan reads the plan of a shared run, and refuses it if this process would do other work than its plan says: with
// another build, other settings or other books. Errors: *workspace.RefusedError.
func LoadPlan(w *workspace.Workspace, run lake.Hash, o workspace.Options) (*Plan, error) {
	l, err := w.Lake(o)
	if err != nil {
		return nil, err
	}
	b, err := l.ReadPlan(run)
	if err != nil {
		return nil, refused(err)
	}
	p := new(Plan)
	if err := task.Decode(planKind, b, p); err != nil {
		return nil, fmt.Errorf("run %s: %w", run, err)
	}
	return p, p.check(w, run, o.Build)
}

// check refuses a plan for another build, other settings or other books.
func (p *Plan) check(w *workspace.Workspace, run lake.Hash, build string) error {
	for _, one := range []struct{ what, planned, here string }{
		{"by another build of tollbook", p.Build, build},
		{"with other settings", p.Settings, settingsHash(w)},
		{"with other books", p.Books, booksHash(w)},
	} {
		if one.planned != one.here {
			return &workspace.RefusedError{What: fmt.Sprintf("run %s was planned %s", run, one.what),
				Hint: "do its tasks as it was planned, or " + hintPlan}
		}
	}
	return nil
}

func settingsHash(w *workspace.Workspace) string { return fmt.Sprintf("%x", w.Settings.Hash) }
func booksHash(w *workspace.Workspace) string    { return fmt.Sprintf("%x", w.Books.Hash) }

// job is the job of a plan.
func (p *Plan) job(s *sharing) job {
	switch {
	case p.Close:
		return job{command: closeCommand(p.Cycle), cycle: p.Cycle, close: true, sharing: s}
	case p.Monthly:
		return job{command: monthlyCommand(p.Cycle), cycle: p.Cycle, sharing: s}
	}
	return job{command: nightlyCommand, cycle: place.NoCycle, sharing: s}
}

// begin begins the transaction of a run.
func (r *run) begin(l *lake.Lake) (err error) {
	s := r.job.sharing
	if s == nil && r.o.SharedRun != "" {
		s = &sharing{run: lake.Hash(r.o.SharedRun), commit: true}
		if s.plan, err = LoadPlan(r.ws, s.run, r.o); err != nil {
			return err
		}
		if r.job.command != s.plan.job(s).command || r.o.AsOf != s.plan.AsOf {
			return &workspace.RefusedError{What: fmt.Sprintf("run %s is not that of %s as of %s", s.run, r.job.command,
				r.o.AsOf), Hint: "`tollbook task commit` commits it"}
		}
		r.job.sharing = s
	}
	if s == nil || s.plan == nil {
		r.txn, err = l.Begin()
		return err
	}
	r.txn, err = l.Resume(s.run, s.plan.Base)
	return err
}

// share makes the plan of a run that is planned, once its feed files are known. notes is how many notes the run had
// before.
func (r *run) share(files []*accept.File, notes int) (err error) {
	s := r.job.sharing
	s.plan = &Plan{Base: r.txn.Base().Hash, Build: r.o.Build, Settings: settingsHash(r.ws), Books: booksHash(r.ws),
		AsOf: r.o.AsOf, Accept: r.o.AcceptRejects, Files: []planFile{},
		Reports: append([]workspace.FileReport{}, r.report.Files...),
		Notes:   append([]string{}, r.report.Notes[notes:]...)}
	if r.job.cycle != place.NoCycle {
		s.plan.Monthly, s.plan.Close, s.plan.Cycle = !r.job.close, r.job.close, r.job.cycle
	}
	for _, f := range files {
		s.plan.Files = append(s.plan.Files, planFile{f.Feed, []byte(f.Name), f.Hash, f.Bytes})
	}
	b, err := task.Encode(planKind, s.plan)
	if err != nil {
		return err
	}
	s.run, err = r.txn.Share(b)
	return err
}

// files are the feed files of a plan.
func (p *Plan) files() []*accept.File {
	files := make([]*accept.File, len(p.Files))
	for i, f := range p.Files {
		files[i] = &accept.File{Feed: f.Feed, Name: string(f.Name), Hash: f.Hash, Bytes: f.Bytes}
	}
	return files
}

// plannedFiles are the feed files of a run that is continued. Each must be what it was when the run was planned.
func (r *run) plannedFiles(hashes *inbox.Hashes) ([]*accept.File, error) {
	s := r.job.sharing
	files := s.plan.files()
	for _, f := range files {
		hash, _, err := hashes.Hash(r.inbox, f.Name)
		changed := new(inbox.ChangedError)
		if err == nil && hash != f.Hash || errors.As(err, &changed) {
			err = &lake.PlanError{Run: s.run, What: fmt.Sprintf("inbox/%s changed since it was planned", f.Name)}
		}
		if err != nil {
			return nil, err
		}
	}
	r.report.Files = append(r.report.Files, s.plan.Reports...)
	r.report.Notes = append(r.report.Notes, s.plan.Notes...)
	return files, nil
}

// elsewhere is task.Local.Elsewhere of a shared run: tasks that have results are done. The engine has its workers do
// the others; without one, they end this process.
func (r *run) elsewhere(ctx context.Context, stage string, tasks [][]byte, take func([]byte) error) error {
	s := r.job.sharing
	for i, b := range tasks {
		if err := errors.Join(ctx.Err(), r.offer(taskObject(stage, i), b)); err != nil {
			return err
		}
	}
	results, missing, err := r.results(ctx, stage, len(tasks))
	if err == nil && len(missing) > 0 && s.engine {
		work := &task.Work{Run: string(s.run), Build: r.o.Build, Stage: stage, Tasks: missing}
		if err := r.o.Engine.Do(ctx, work, r.attempt); err != nil {
			return s.failed(err)
		}
		results, missing, err = r.results(ctx, stage, len(tasks))
	}
	if err != nil {
		return err
	}
	waits := &pendingError{Pending{Run: s.run, Stage: stage, Tasks: len(tasks), Missing: missing}}
	switch {
	case len(missing) > 0:
		return waits
	case stage == fold.BucketTask && !s.commit:
		waits.Stage, waits.Tasks = "", 0
		return waits
	}
	for i, b := range results {
		if err := take(b); err != nil {
			return fmt.Errorf("take the result of %s task %d: %w", stage, i, err)
		}
	}
	return nil
}

// failed is what an error of the engine means for the run.
func (s *sharing) failed(err error) error {
	if f := new(task.Failure); errors.As(err, &f) && f.Class == task.Refused {
		s.refused = true
		return &workspace.RefusedError{What: "a worker refused a task: " + f.Text, Hint: f.What}
	}
	return fmt.Errorf("run %s: %w", s.run, err)
}

// attempt reports an attempt of a task.
func (r *run) attempt(a *task.Attempt) {
	if r.o.Attempt != nil {
		r.o.Attempt(a)
	}
}

// results reads the results of the tasks of a stage, and says which are missing.
func (r *run) results(ctx context.Context, stage string, tasks int) (results [][]byte, missing []int, err error) {
	results, missing = make([][]byte, tasks), []int{}
	for i := range results {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		results[i], err = r.txn.ReadShared(resultObject(stage, i))
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, i)
		} else if err != nil {
			return nil, nil, fmt.Errorf("read the result of %s task %d: %w", stage, i, err)
		}
	}
	return results, missing, nil
}

// offer stores an object of the run. It must be the same each time the run is continued.
func (r *run) offer(name string, b []byte) error {
	stored, err := r.txn.ReadShared(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.txn.PutShared(name, b)
	case err != nil:
		return fmt.Errorf("read %s of run %s: %w", name, r.job.sharing.run, err)
	case !bytes.Equal(stored, b):
		return &lake.PlanError{Run: r.job.sharing.run, What: "its tasks are others now: files of vendors' costs or " +
			"the copy of the books changed since it was planned"}
	}
	return nil
}

// shareTerms stores what the tasks of buckets have in common.
func (r *run) shareTerms() error {
	if r.job.sharing == nil {
		return nil
	}
	t := &terms{Scans: r.scanned.Tasks(), Touched: append([]place.Place{}, inOrder(r.events.touched)...),
		Cycles: append([]period.Cycle{}, r.known...), Issued: *r.issued}
	b, err := task.Encode(termsKind, t)
	if err != nil {
		return err
	}
	return r.offer(termsObject, b)
}
