package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	pipeline "github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Scheduler runs due jobs on one workspace. Only Status may be called by several goroutines at once.
type Scheduler struct {
	runner   *Runner
	clock    func() time.Time
	log      *slog.Logger
	watch    Watch
	reader   reader
	began    period.Instant // when the workspace's first scheduler was started
	started  period.Instant // when this scheduler was started
	seen     time.Time      // clock at the last look
	holds    map[lane]hold
	waiting  *Failing        // a close that waits for a person; nil = none
	reported string          // the last reported reason why nothing can run
	skipped  map[string]bool // skipped firings that this process reported: kind and instant
	mu       sync.Mutex
	status   Status
	released func() error
}

// Watch has functions that are called on events, for metrics. They run on the scheduler's goroutine; nil = none.
type Watch struct {
	Looked   func(*Status)
	Ran      func(*Outcome)
	Panicked func(Kind)
	Waited   func() // a run found the lake locked by another run
}

// Status is the result of the last look at a workspace.
type Status struct {
	At          period.Instant // time of the look; 0 = none yet
	Err         error          // why the state could not be read; the other fields are of the look before
	Clock       bool           // the clock is before the newest manifest's as-of: nothing runs
	Settings    settings.Settings
	State       State
	Due         []Firing // pending and skipped jobs, in order
	Next        []Firing
	Failing     []Failing
	Manifest    int64                     // number of the newest manifest; 0 = none
	Newest      map[string]period.Instant // by feed: the start of the newest day of which it has accepted records
	Good        map[Kind]time.Time        // by kind: when the newest successful run ended, from the ledger
	Unpublished int                       // number of cycles whose newest state is not published
}

// Failing is a job that failed.
type Failing struct {
	Firing Firing
	Error  string
	// true: the cause can disappear, and the job is retried at growing intervals; false: it is retried at the next
	// firing, and a person should look
	Retryable bool
	Tries     int
	RetryAt   period.Instant // time of the next try
}

// Owed returns the number of pending jobs.
func (s *Status) Owed() (n int) {
	for _, f := range s.Due {
		if f.Skip == "" {
			n++
		}
	}
	return n
}

// Runs returns the number of pending jobs that run on the lake.
func (s *Status) Runs() (n int) {
	for _, f := range s.Due {
		if f.Skip == "" && laneOf(f.Kind) == lakeLane {
			n++
		}
	}
	return n
}

// lane is a sequence of jobs of which a failed one blocks the later ones (SCHED-4).
type lane int

const (
	lakeLane lane = iota
	publishLane
)

func laneOf(k Kind) lane {
	if k == Publish {
		return publishLane
	}
	return lakeLane
}

// hold is a failed job that blocks its lane.
type hold struct {
	Failing
	pause time.Duration // before the next try
}

const (
	firstPause = time.Second
	lockPause  = 10 * time.Minute // longest pause if the lake is locked
	longPause  = time.Hour        // longest pause after other errors
)

// Open makes this process the scheduler of the runner's workspace, until Close. It returns a *TakenError if there is
// already one.
func Open(r *Runner, log *slog.Logger, watch Watch) (*Scheduler, error) {
	now := r.Clock()
	release, began, err := take(r.Dir, now)
	if err != nil {
		return nil, err
	}
	return &Scheduler{
		runner: r, clock: r.Clock, log: log, watch: watch, reader: newReader(r.Dir, r.Options), released: release,
		began: began, started: period.Instant(now.UnixMicro()), holds: make(map[lane]hold),
		skipped: make(map[string]bool),
	}, nil
}

// Close ends the scheduler; another process can then become it.
func (s *Scheduler) Close() error { return s.released() }

// Inspect returns the pending jobs of a workspace without running them and without becoming its scheduler. If no
// scheduler was ever started, the result is that of one that starts now.
func Inspect(r *Runner) (*Status, error) {
	now := period.Instant(r.Clock().UnixMicro())
	began, err := Began(r.Dir)
	if err != nil {
		began = now
	}
	in := newReader(r.Dir, r.Options)
	f, err := in.read(began, now)
	if err != nil {
		return nil, err
	}
	return f.status(now), nil
}

// status returns the report of what was found.
func (f *found) status(now period.Instant) *Status {
	status := &Status{At: now, Clock: f.state.ClockBack(now), Settings: f.settings, State: f.state,
		Due: f.plan.Due(&f.state, now), Next: f.plan.Next(&f.state, now), Manifest: f.manifest,
		Newest: make(map[string]period.Instant), Good: f.good, Unpublished: f.behind}
	for feed, day := range f.newest {
		status.Newest[feed] = f.settings.Zone.Start(day)
	}
	return status
}

// Status returns the result of the last look.
func (s *Scheduler) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Pass runs due jobs one after the other until none can run or ctx ends; a run in progress then continues until work
// ends. It returns the outcomes of the runs.
func (s *Scheduler) Pass(ctx, work context.Context) (done []Outcome) {
	for ctx.Err() == nil {
		now := s.clock()
		f, err := s.inspect(now)
		if err != nil {
			return done
		}
		firing, found := s.pick(period.Instant(now.UnixMicro()))
		if !found {
			return done
		}
		o := s.do(work, firing)
		done = append(done, o)
		if s.watch.Ran != nil {
			s.watch.Ran(&o)
		}
		s.settle(f.plan, o)
	}
	return done
}

// inspect reads the state of the workspace and stores it in the status.
func (s *Scheduler) inspect(now time.Time) (*found, error) {
	at := period.Instant(now.UnixMicro())
	f, err := s.reader.read(s.began, at)
	if err == nil && s.waiting != nil && s.waiting.Firing.Cycle <= f.state.Closed {
		s.waiting = nil // a person closed it
	}
	s.mu.Lock()
	if err != nil {
		s.status.At, s.status.Err = at, err
	} else {
		s.status = *f.status(at)
		s.status.Failing = s.failing()
	}
	status := s.status
	s.mu.Unlock()
	s.report(&status)
	if err == nil {
		s.skip(f, &status)
	}
	if s.watch.Looked != nil {
		s.watch.Looked(&status)
	}
	s.seen = now
	return f, err
}

// failing returns the failed jobs, those on the lake first.
func (s *Scheduler) failing() (out []Failing) {
	for _, l := range []lane{lakeLane, publishLane} {
		if h, found := s.holds[l]; found {
			out = append(out, h.Failing)
		}
	}
	if s.waiting != nil {
		out = append(out, *s.waiting)
	}
	return out
}

// report logs why nothing runs, once per reason.
func (s *Scheduler) report(status *Status) {
	text := ""
	switch {
	case status.Err != nil:
		text = status.Err.Error()
	case status.Clock:
		text = fmt.Sprintf("the clock is before %s, the as-of of the lake: nothing runs until then; "+
			"if that time is wrong, `tollbook run nightly --reset-clock` sets the lake's clock back",
			status.State.Newest)
	}
	if text != s.reported && text != "" {
		s.log.Error("nothing can run", "why", text)
	} else if text != s.reported {
		s.log.Info("runs continue")
	}
	s.reported = text
}

// skip logs skipped jobs and records them in the ledger, once each. It stops at the first pending run on the lake,
// because that run can change the reasons of later ones.
func (s *Scheduler) skip(found *found, status *Status) {
	for _, f := range status.Due {
		key := string(f.Kind) + " " + f.Due.String()
		if f.Skip == "" && laneOf(f.Kind) == lakeLane || status.Clock {
			return
		}
		if f.Skip == "" || s.skipped[key] {
			continue
		}
		s.skipped[key] = true
		if !found.skips[key] {
			s.log.Info("skipped", "job", f.name(), "due", f.Due.String(), "why", f.Skip)
			s.runner.Skip(Task{Kind: f.Kind, Cycle: f.Cycle, Due: f.Due, AsOf: f.AsOf, Why: Scheduled},
				f.Skip)
		}
	}
}

// name returns the kind and the cycle of a firing.
func (f *Firing) name() string {
	if f.Cycle == NoCycle {
		return string(f.Kind)
	}
	return string(f.Kind) + " " + f.Cycle.String()
}

// same reports whether two firings are the same.
func (f *Firing) same(o *Firing) bool {
	return f.Kind == o.Kind && f.Cycle == o.Cycle && f.Due == o.Due
}

// pick returns the first job on the lake that can run, otherwise the publish, if its lane is not blocked. Jobs on the
// lake come first because they publish at their end.
func (s *Scheduler) pick(now period.Instant) (Firing, bool) {
	status := s.Status()
	if status.Clock {
		return Firing{}, false
	}
	for _, l := range []lane{lakeLane, publishLane} {
		i := slices.IndexFunc(status.Due, func(f Firing) bool {
			return f.Skip == "" && laneOf(f.Kind) == l && !s.waits(&f, now)
		})
		if i < 0 {
			continue
		}
		h, failed := s.holds[l]
		if !failed || h.RetryAt <= now || l == lakeLane && !h.Firing.same(&status.Due[i]) {
			return status.Due[i], true
		}
	}
	return Firing{}, false
}

// waits reports whether a job is a close that waits for a person, or a later close (SCHED-8).
func (s *Scheduler) waits(f *Firing, now period.Instant) bool {
	w := s.waiting
	return w != nil && f.Kind == Close && (f.Cycle > w.Firing.Cycle || f.same(&w.Firing) && w.RetryAt > now)
}

// Outcome is the result of a firing.
type Outcome struct {
	Firing Firing
	Why    Why
	Result *Result // nil after a panic
	Err    error
}

// Word returns the result as the word that the ledger uses.
func (o *Outcome) Word() string {
	if o.Result == nil {
		return string(ledger.Panicked)
	}
	return string(o.Result.Entry.Outcome)
}

// Well reports whether the job succeeded and needs no attention.
func (o *Outcome) Well() bool {
	return o.Err == nil && (o.Result.Entry.Outcome == ledger.Done || o.Result.Entry.Outcome == ledger.NothingNew)
}

// PanicError reports that a run panicked, which is an error in the program.
type PanicError struct {
	Value any
	Stack string
}

// Error returns the value of the panic.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// do runs a job. A panic ends the run but not the scheduler.
func (s *Scheduler) do(ctx context.Context, f Firing) (o Outcome) {
	o = Outcome{Firing: f, Why: s.why(&f)}
	log := s.log.With("job", f.name(), "due", f.Due.String(), "why", string(o.Why))
	log.Info("run starts", "as_of", f.AsOf.String())
	defer func() {
		if p := recover(); p != nil {
			o.Err = &PanicError{Value: p, Stack: string(debug.Stack())}
			log.Error("run panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if s.watch.Panicked != nil {
				s.watch.Panicked(f.Kind)
			}
		}
	}()
	o.Result, o.Err = s.runner.Run(ctx, Task{Kind: f.Kind, Cycle: f.Cycle, Due: f.Due, AsOf: f.AsOf, Why: o.Why})
	e := &o.Result.Entry
	switch {
	case o.Err != nil:
		log.Error("run failed", "run", e.ID, "outcome", string(e.Outcome), "error", o.Err.Error(), "hint", e.Hint)
	default:
		log.Info("run ended", "run", e.ID, "outcome", string(e.Outcome), "manifest", e.Manifest, "rows", e.Rows,
			"rejected", e.Rejected)
	}
	if e.Owed != nil {
		log.Warn("publish owed", "run", e.ID, "why", e.Owed.Why, "hint", e.Owed.Hint)
	}
	return o
}

// late is the delay up to which a job still counts as run on schedule.
const late = period.Instant(period.Hour)

// why returns what started a job: its scheduled time, a retry, or a catch-up because no scheduler ran at its time.
func (s *Scheduler) why(f *Firing) Why {
	h, failed := s.holds[laneOf(f.Kind)]
	switch {
	case failed && h.Retryable && (f.Kind == Publish || h.Firing.same(f)):
		return Retry
	case f.Due < s.started, period.Instant(s.clock().UnixMicro())-f.Due > late:
		return CatchUp
	}
	return Scheduled
}

// settle records when a failed job is retried (SCHED-5). If the publish at the end of a run failed, it counts as a
// failed try of the publish. Invalid books or settings, unequal totals and a damaged lake need a person. After a failed
// sync the state of the disk is unknown, so it is not retried either.
func (s *Scheduler) settle(p *Plan, o Outcome) {
	l := laneOf(o.Firing.Kind)
	if open := new(pipeline.OpenItemsError); errors.As(o.Err, &open) {
		s.waiting = &Failing{Firing: o.Firing, Error: o.Err.Error(), Tries: 1,
			RetryAt: s.nextFiring(p, period.Instant(s.clock().UnixMicro()))}
		if h := s.holds[l]; h.Firing.same(&o.Firing) {
			delete(s.holds, l)
		}
		return
	}
	if o.Err == nil {
		if l == lakeLane {
			s.waiting = nil
		}
		delete(s.holds, l)
		s.reader.own = append(s.reader.own, scheduledRun{o.Result.Entry.Command, o.Firing.AsOf})
	} else if !errors.Is(o.Err, context.Canceled) {
		s.hold(p, l, o.Firing, o.Err)
	}
	if o.Result == nil || o.Result.Report == nil {
		return
	}
	if owed := o.Result.Report.Owed; owed != nil {
		s.hold(p, publishLane, Firing{Kind: Publish, Cycle: NoCycle, Due: o.Firing.AsOf, AsOf: o.Firing.AsOf},
			&owedError{owed.Why})
	} else if o.Result.Report.Published != nil || o.Result.Report.Iceberg != nil {
		delete(s.holds, publishLane)
	}
}

// owedError reports that the publish at the end of a run failed.
type owedError struct{ why string }

func (e *owedError) Error() string { return e.why }

// Diagnosis implements problem.Diagnosed.
func (e *owedError) Diagnosis() (problem.Class, string) { return problem.Retryable, "" }

func (s *Scheduler) hold(p *Plan, l lane, f Firing, err error) {
	now := s.clock()
	h := s.holds[l]
	if l == lakeLane && !h.Firing.same(&f) {
		h = hold{}
	}
	var locked *storage.LockedError
	longest := longPause
	if errors.As(err, &locked) {
		longest = lockPause
		if s.watch.Waited != nil {
			s.watch.Waited()
		}
	}
	h.Firing, h.Error, h.Tries = f, err.Error(), h.Tries+1
	h.Retryable = problem.ClassOf(err) == problem.Retryable
	if h.Retryable {
		h.pause = min(max(2*h.pause, firstPause), longest)
		h.RetryAt = period.Instant(now.Add(h.pause).UnixMicro())
	} else {
		h.pause, h.RetryAt = 0, s.nextFiring(p, period.Instant(now.UnixMicro()))
	}
	s.holds[l] = h
}

// nextFiring returns the time of the next firing.
func (s *Scheduler) nextFiring(p *Plan, now period.Instant) period.Instant {
	status := s.Status()
	next := p.Next(&status.State, now)
	if len(next) == 0 {
		return period.Forever
	}
	return next[0].Due
}

// wake returns the time of the next look: the next firing or retry, but at most a minute later, because settings,
// manual runs and the clock can change the state.
func (s *Scheduler) wake() time.Time {
	const longest = time.Minute
	at := period.Instant(s.seen.Add(longest).UnixMicro())
	status := s.Status()
	for _, f := range status.Next {
		at = min(at, f.Due)
	}
	for _, f := range status.Failing {
		at = min(at, f.RetryAt)
	}
	return time.UnixMicro(int64(at))
}
